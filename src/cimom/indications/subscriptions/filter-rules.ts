import { type CimInstance, isIndication } from '../../../cim/model/index.js';
import { CimError } from '../../../cim/operations/index.js';
import { compileFilter, parseQuery, type Query } from '../../../cim/query/index.js';
import type { Namespaces } from '../../namespaces.js';
import { namedNamespaces, sourceNamespaces } from './source-namespaces.js';

/** Longest query, in characters. */
const longestQuery = 32_768;

/** The query of a filter. @throws CimError 14, 15, 29 */
export function queryOf(filter: CimInstance): Query & { readonly fromClass: string } {
  const text = filter.getString('Query') ?? '';
  const language = filter.getString('QueryLanguage') ?? '';
  if (text.length > longestQuery) throw new CimError(15, `a query may have ${longestQuery} characters`);
  const query = parseQuery(language, text);
  const { fromClass } = query;
  if (fromClass === null)
    throw new CimError(14, `${language} cannot say which indications are wanted; use WQL or DMTF:CQL`);
  return { ...query, fromClass };
}

/**
 * Whether a filter can be served: its query is right, and the class it selects from is an indication class in each of its
 * namespaces (where it names none: in at least one).
 * @throws CimError 4, 14, 15, 29
 */
export function checkFilter(filter: CimInstance, namespaces: Namespaces): void {
  const query = queryOf(filter);
  const anywhere = namedNamespaces(filter) === null;
  let served = false;
  let refusal: CimError | null = null;
  for (const { space, name } of sourceNamespaces(filter, namespaces)) {
    const cls = space.schema.get(query.fromClass);
    if (cls === undefined || !isIndication(cls)) {
      const fault = cls === undefined ? 'does not exist' : 'is not an indication class';
      if (!anywhere) throw new CimError(4, `class ${query.fromClass} ${fault} in namespace ${name}`);
      refusal ??= new CimError(4, `class ${query.fromClass} ${fault} in any namespace`);
      continue;
    }
    compileFilter(query, space.schema);
    served = true;
  }
  if (!served) throw refusal ?? new CimError(4, 'there are no namespaces');
}
