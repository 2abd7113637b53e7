import { equalBytes, hash, type HashAlgorithm } from '../../base/index.js';
import { PcrRegister, type TcgEvent, type TcgEventLog, tcgEventTypes } from '../../tpm/logs/index.js';
import { decodeIsolationEvent, isolationPcr, type IsolationState, sameIsolation } from '../evidence/index.js';
import { type Reason, reason } from '../verdict/index.js';
import type { KnownValues } from '../verify/index.js';

const isPolicyEvent = ({ data }: TcgEvent): boolean =>
  Buffer.from(data.subarray(0, 12)).toString('latin1') === 'tvdc-policy ';

function describe(state: IsolationState): string {
  return `${state.policyName} ${state.policyVersion} ${state.documentSha256.slice(0, 16)} ${state.systemLabel}`;
}

/**
 * The isolation policy that a host states in PCR 13 must lead to the proven value, and the last statement must be what the
 * datacenter requires. The events' digests are computed from their data, not believed.
 */
export function appraiseIsolation(
  required: IsolationState,
  logs: readonly TcgEventLog[],
  proven: KnownValues,
  bank: HashAlgorithm,
): Reason[] {
  const pcr = isolationPcr;
  const value = proven[bank]?.get(pcr);
  if (value === undefined) return [reason('firmware_pcr_unknown', { bank, pcr })];
  const events = logs
    .flatMap((log) => log.events)
    .filter((event) => event.pcr === pcr && event.type !== tcgEventTypes.EV_NO_ACTION);
  const register = new PcrRegister(bank);
  for (const event of events) {
    const stated = event.digests[bank];
    if (stated === undefined) return [reason('isolation_mismatch', { index: event.index, bank, pcr })];
    const digest = isPolicyEvent(event) ? hash(bank, event.data) : stated;
    if (!equalBytes(digest, stated)) return [reason('isolation_mismatch', { index: event.index, bank, pcr })];
    register.extend(digest);
  }
  if (!register.is(value)) return [reason('isolation_mismatch', { bank, pcr })];
  const last = events.filter(isPolicyEvent).at(-1);
  if (last === undefined) return [reason('isolation_missing', { bank, pcr })];
  try {
    const state = decodeIsolationEvent(last.data);
    if (sameIsolation(state, required)) return [];
    const detail = `expected ${describe(required)}, got ${describe(state)}`;
    return [reason('wrong_isolation_policy', { index: last.index, detail })];
  } catch {
    return [reason('wrong_isolation_policy', { index: last.index, detail: 'a statement of another form' })];
  }
}
