import type { Counters } from '../verdict/index.js';
import { EvidenceError } from './errors.js';

/**
 * Clock and counters of one AK must not go back. After an unorderly shutdown (`safe` false, a higher reset count) the TPM
 * itself says that its clock may have lost a little (TPM 2.0 Part 1, 36.3): only then is the clock not compared.
 * @throws EvidenceError `rolled_back`
 */
export function verifyCounters(before: Counters | null, now: Counters): void {
  if (before === null) return;
  const back = (what: string, from: bigint | number, to: bigint | number): EvidenceError =>
    new EvidenceError('rolled_back', { detail: `${what} from ${from} to ${to}` });
  if (now.resetCount < before.resetCount) throw back('reset count', before.resetCount, now.resetCount);
  const sameBoot = now.resetCount === before.resetCount;
  if (sameBoot && now.restartCount < before.restartCount) {
    throw back('restart count', before.restartCount, now.restartCount);
  }
  if (now.clock < before.clock && (sameBoot || now.safe)) throw back('clock', before.clock, now.clock);
}
