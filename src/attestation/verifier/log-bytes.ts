import { concatBytes, ParseError, type TimeSlice } from '../../base/index.js';
import { parseImaAscii } from '../../tpm/logs/index.js';
import type { MeasurementEvidence } from '../evidence/index.js';
import { EvidenceError } from '../verify/index.js';

const blockSize = 1 << 16;

/**
 * The list in binary form. Text is brought into it block by block, leaving the event loop to others.
 * @throws EvidenceError `malformed_measurement_log`
 */
export async function binaryLog(evidence: MeasurementEvidence, slice: TimeSlice): Promise<Uint8Array> {
  if (evidence.format === 'binary') return evidence.data;
  const text = Buffer.from(evidence.data.buffer, evidence.data.byteOffset, evidence.data.length);
  const parts: Uint8Array[] = [];
  let lines = 0;
  for (let at = 0; at < text.length; ) {
    const stop = text.indexOf(10, Math.min(at + blockSize, text.length - 1));
    const end = stop < 0 ? text.length : stop + 1;
    const block = text.toString('utf8', at, end);
    try {
      parts.push(parseImaAscii(block));
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      const index = evidence.start + lines + error.line - 1;
      throw new EvidenceError('malformed_measurement_log', { index, detail: (error as ParseError).code }, error);
    }
    for (let line = block.indexOf('\n'); line >= 0; line = block.indexOf('\n', line + 1)) lines++;
    at = end;
    await slice.pause();
  }
  return concatBytes(...parts);
}
