import { foldName, type CimInstance } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { compileFilter, parseQuery } from '../../cim/query/index.js';
import type { Call } from '../calls/index.js';
import type { ProviderQuery } from '../provider/index.js';

/** The filter of an Open operation. */
export interface OpenFilter {
  /** Whether an instance is wanted. */
  readonly test: (instance: CimInstance) => boolean;
  /** The same for providers that can find such instances by themselves; undefined: it wants all. */
  readonly query: ProviderQuery | undefined;
}

const filterLanguage = 'DMTF:FQL';

/**
 * The filter of an Open operation; null: none.
 * @param className class that the filter's names are checked against; null: it is not known
 * @throws CimError 4 (only half of it), 14 (language), 15 (filter), 29 (feature)
 */
export function filterOf(
  call: Call,
  request: { readonly filterQueryLanguage: string | null; readonly filterQuery: string | null },
  className: string | null = null,
): OpenFilter | null {
  const { filterQuery, filterQueryLanguage } = request;
  if (filterQuery === null && filterQueryLanguage === null) return null;
  if (filterQuery === null || filterQueryLanguage === null) {
    throw new CimError(4, 'FilterQuery and FilterQueryLanguage go together');
  }
  if (foldName(filterQueryLanguage) !== foldName(filterLanguage)) {
    throw new CimError(14, `filters are written in ${filterLanguage}, got "${filterQueryLanguage.slice(0, 64)}"`);
  }
  const query = parseQuery(filterLanguage, filterQuery);
  const { where } = query;
  const now = (): number => call.engine.clock.now();
  return {
    test: compileFilter(query, call.home.space.schema, className === null ? { now } : { now, className }),
    query: where === null ? undefined : { language: filterLanguage, text: filterQuery, where },
  };
}
