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

const replays = new WeakMap<TcgEventLog, Map<HashAlgorithm, ReadonlyMap<number, Uint8Array>>>();

/** As `replayEventLog`, once for each log and bank. */
function replayed(log: TcgEventLog, bank: HashAlgorithm): ReadonlyMap<number, Uint8Array> {
  const known = replays.get(log) ?? new Map<HashAlgorithm, ReadonlyMap<number, Uint8Array>>();
  const values = known.get(bank) ?? replayEventLog(log, bank);
  replays.set(log, known.set(bank, values));
  return values;
}

/** Values that logs lead to, one log after the other, in every bank that they have. */
export function replayedValues(logs: readonly TcgEventLog[]): KnownValues {
  const known: Partial<Record<HashAlgorithm, Map<number, Uint8Array>>> = {};
  for (const log of logs) {
    for (const bank of log.banks) {
      const map = (known[bank] ??= new Map<number, Uint8Array>());
      for (const [pcr, value] of replayed(log, bank)) map.set(pcr, value);
    }
  }
  return known;
}

const firmwarePcrs = 8;
/** Events that are named one by one. */
const maxReasons = 16;

/**
 * Compares a firmware log with the proven PCR values in every bank that both have: each PCR that the log extends must
 * have the value that it leads to, and PCRs 0 to 7 that it does not extend must be untouched. A log of other banks than the
 * quoted ones proves nothing.
 */
export function verifyEventLog(log: TcgEventLog, proven: KnownValues): Reason[] {
  const reasons: Reason[] = [];
  if (!log.banks.some((bank) => (proven[bank]?.size ?? 0) > 0)) {
    return [reason('event_log_unproven', { detail: `it has ${log.banks.join(' and ') || 'none'}` })];
  }
  for (const bank of log.banks) {
    const values = replayed(log, bank);
    for (const [pcr, value] of proven[bank] ?? []) {
      const expected = values.get(pcr) ?? (pcr < firmwarePcrs ? new Uint8Array(digestSizes[bank]) : undefined);
      if (expected !== undefined && !equalBytes(expected, value)) {
        reasons.push(reason('event_log_mismatch', { pcr, bank }));
      }
    }
    for (const event of log.events) {
      if (reasons.length < maxReasons && eventDataMatches(event, bank) === false) {
        reasons.push(reason('event_data_mismatch', { index: event.index, pcr: event.pcr, bank }));
      }
    }
  }
  return reasons;
}
