import type { CimInstancePath } from '../../../cim/model/index.js';
import { CimError } from '../../../cim/operations/index.js';
import { completeKeys } from './complete-keys.js';
import { checkFilter } from './filter-rules.js';
import { refuseIfUsed } from './in-use.js';
import { shortName } from './keys.js';
import type { SubscriptionParts } from './parts.js';
import type { StoredClass } from './stored-provider.js';

export const filterClassName = 'CIM_IndicationFilter';

/** CIM_IndicationFilter. */
export function filterClass(parts: SubscriptionParts): StoredClass {
  const { live, namespaces, outbox, recorded } = parts;
  return {
    className: filterClassName,
    prepare(_context, given) {
      if (!parts.settings.current.filterCreationEnabled) {
        throw new CimError(7, 'the indication service does not let clients create filters');
      }
      const filter = completeKeys(given, parts.systemName, parts.randomness);
      checkFilter(filter, namespaces);
      return filter;
    },
    change(_context, _before, after) {
      checkFilter(after, namespaces);
      return after;
    },
    checkDelete: (path: CimInstancePath) => refuseIfUsed(live, 'filter', path),
    work: (caller) => {
      const record = recorded(caller);
      return (tx, change) => {
        record?.(tx, change);
        if (change.kind !== 'instance') return;
        const { path, before, after } = change;
        if (before === null || after === null) outbox.putOwner(tx, shortName(path), after && caller.user);
        tx.afterCommit(() => (after === null ? live.deleteFilter(path) : live.putFilter(path, after)));
      };
    },
  };
}
