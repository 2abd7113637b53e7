import { digestSizes, equalBytes, hash, type HashAlgorithm } from '../../../base/index.js';
import { PcrRegister } from '../ima/index.js';
import type { TcgEvent, TcgEventLog } from './event.js';
import { dataMeasuredTypes, tcgEventTypes } from './event-types.js';

/**
 * PCR values that a log leads to in one bank; only PCRs that the log extends (or starts) appear.
 * EV_NO_ACTION is never extended; a StartupLocality of 3 or 4 is PCR 0's first last octet.
 */
export function replayEventLog(log: TcgEventLog, bank: HashAlgorithm): ReadonlyMap<number, Uint8Array> {
  const registers = new Map<number, PcrRegister>();
  if (log.startupLocality > 0) {
    const first = new Uint8Array(digestSizes[bank]);
    first[first.length - 1] = log.startupLocality;
    registers.set(0, new PcrRegister(bank, first));
  }
  for (const event of log.events) {
    const digest = event.digests[bank];
    if (event.type === tcgEventTypes.EV_NO_ACTION || digest === undefined) continue;
    let register = registers.get(event.pcr);
    if (register === undefined) registers.set(event.pcr, (register = new PcrRegister(bank)));
    register.extend(digest);
  }
  return new Map([...registers].map(([pcr, register]) => [pcr, register.value]));
}

/** Whether the data of an event has the digest that was extended; null where its type does not say so. */
export function eventDataMatches(event: TcgEvent, bank: HashAlgorithm): boolean | null {
  const digest = event.digests[bank];
  if (digest === undefined || !dataMeasuredTypes.has(event.type)) return null;
  return equalBytes(digest, hash(bank, event.data));
}
