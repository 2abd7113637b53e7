import { hashAlgorithms } from '../../base/index.js';
import type { MeasurementEvidence, PcrValues } from '../evidence/index.js';
import { EvidenceError } from '../verify/index.js';

/** A measurement list of either form: the binary one begins with a PCR index in four octets, three of them zero. */
export function measurementFile(data: Uint8Array): MeasurementEvidence {
  return { format: data.length > 1 && data[1] === 0 ? 'binary' : 'ascii', start: 0, data };
}

/**
 * Reads `{ "sha256": { "0": "hex", … }, … }`.
 * @throws EvidenceError `malformed_pcr_values`
 */
export function parsePcrValues(text: string): PcrValues {
  const values: Partial<Record<string, Record<number, Uint8Array>>> = {};
  try {
    const banks = JSON.parse(text) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    for (const [bank, ofBank] of Object.entries(banks)) {
      if (!(hashAlgorithms as readonly string[]).includes(bank))
        throw new EvidenceError('malformed_pcr_values', { bank });
      const out: Record<number, Uint8Array> = {};
      for (const [pcr, hex] of Object.entries(ofBank)) {
        if (typeof hex !== 'string' || !/^(0x)?[0-9a-f]+$/i.test(hex) || !/^\d{1,2}$/.test(pcr)) {
          throw new EvidenceError('malformed_pcr_values', { bank, pcr: Number(pcr) });
        }
        out[Number(pcr)] = new Uint8Array(Buffer.from(hex.replace(/^0x/i, ''), 'hex'));
      }
      values[bank] = out;
    }
  } catch (error) {
    if (error instanceof EvidenceError) throw error;
    throw new EvidenceError('malformed_pcr_values', {}, error);
  }
  return values;
}
