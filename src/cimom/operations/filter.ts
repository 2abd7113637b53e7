import type { CimInstance } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { Call } from '../calls/index.js';

/** Whether an instance is wanted. */
export type OpenFilter = (instance: CimInstance) => boolean;

/** The filter of an Open operation; null: none. @throws CimError 4 (only half of it), 14 (language) */
export function filterOf(
  _call: Call,
  request: { readonly filterQueryLanguage: string | null; readonly filterQuery: string | null },
): OpenFilter | null {
  const { filterQuery, filterQueryLanguage } = request;
  if (filterQuery === null && filterQueryLanguage === null) return null;
  if (filterQuery === null || filterQueryLanguage === null) {
    throw new CimError(4, 'FilterQuery and FilterQueryLanguage go together');
  }
  throw new CimError(14, `query language ${filterQueryLanguage} is not supported here`);
}
