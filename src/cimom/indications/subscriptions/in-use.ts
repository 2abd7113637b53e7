import { type CimInstancePath, stringKey } from '../../../cim/model/index.js';
import { CimError } from '../../../cim/operations/index.js';
import type { LiveSubscriptions } from './live.js';

/** @throws CimError 1 a subscription stands at it */
export function refuseIfUsed(live: LiveSubscriptions, what: string, path: CimInstancePath): void {
  const user = live.userOf(path);
  if (user === undefined) return;
  const name = stringKey(path, 'Name') ?? '';
  throw new CimError(1, `the ${what} "${name}" is in use by a subscription of ${user.owner}; delete that first`);
}
