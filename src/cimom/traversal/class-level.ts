import { type CimClass, findByName, foldName } from '../../cim/model/index.js';
import type { Call } from '../calls/index.js';
import { type AssociatorFilter, candidates, type ReferenceFilter } from './traverse.js';

/** Association classes that can refer to a class: References on the level of classes. */
export function referencingClasses(call: Call, className: string, filter: ReferenceFilter): readonly CimClass[] {
  return candidates(call, className, filter).map(({ cls }) => cls);
}

/** Classes at the other ends of those: Associators on the level of classes. */
export function associatedClasses(call: Call, className: string, filter: AssociatorFilter): readonly CimClass[] {
  const { schema } = call.home.space;
  const found = new Map<string, CimClass>();
  for (const { ends } of candidates(call, className, filter)) {
    const sources = ends.filter((end) => {
      if (filter.role !== null && findByName([end], filter.role) === undefined) return false;
      return end.className === null || schema.isSubclass(className, end.className);
    });
    for (const end of ends) {
      if (end.className === null || !sources.some((source) => source !== end)) continue;
      if (filter.resultRole !== null && findByName([end], filter.resultRole) === undefined) continue;
      if (filter.resultClass !== null && !schema.isSubclass(end.className, filter.resultClass)) continue;
      const cls = schema.get(end.className);
      if (cls !== undefined) found.set(foldName(cls.name), cls);
    }
  }
  return [...found.values()];
}
