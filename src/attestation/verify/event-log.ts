import { digestSizes, equalBytes, type HashAlgorithm } from '../../base/index.js';
import { decodeEventLog, eventDataMatches, replayEventLog, type TcgEventLog } from '../../tpm/logs/index.js';
import { type Reason, reason } from '../verdict/index.js';
import { EvidenceError } from './errors.js';
import type { KnownValues } from './pcr-target.js';

/** Reads an event log. @throws EvidenceError `malformed_event_log` */
export function readEventLog(bytes: Uint8Array): TcgEventLog {
  try {
    return decodeEventLog(bytes);
  } catch (error) {
    throw new EvidenceError('malformed_event_log', error instanceof Error ? { detail: error.message } : {}, error);
  }
}

/** Values that logs lead to, one log after the other, in every bank that they have. */
export function replayedValues(logs: readonly TcgEventLog[]): KnownValues {
  const known: Partial<Record<HashAlgorithm, Map<number, Uint8Array>>> = {};
  for (const log of logs) {
    for (const bank of log.banks) {
      const map = (known[bank] ??= new Map<number, Uint8Array>());
      for (const [pcr, value] of replayEventLog(log, bank)) map.set(pcr, value);
    }
  }
  return known;
}

const firmwarePcrs = 8;

/**
 * Compares a firmware log with the proven PCR values in every bank that both have: each PCR that the log extends must
 * have the value that it leads to, and PCRs 0 to 7 that it does not extend must be untouched.
 */
export function verifyEventLog(log: TcgEventLog, proven: KnownValues): Reason[] {
  const reasons: Reason[] = [];
  for (const bank of log.banks) {
    const replayed = replayEventLog(log, bank);
    for (const [pcr, value] of proven[bank] ?? []) {
      const expected = replayed.get(pcr) ?? (pcr < firmwarePcrs ? new Uint8Array(digestSizes[bank]) : undefined);
      if (expected !== undefined && !equalBytes(expected, value)) {
        reasons.push(reason('event_log_mismatch', { pcr, bank }));
      }
    }
    for (const event of log.events) {
      if (eventDataMatches(event, bank) === false) {
        reasons.push(reason('event_data_mismatch', { index: event.index, pcr: event.pcr, bank }));
      }
    }
  }
  return reasons;
}
