import { StoreError, type StoreValue } from '../../store/index.js';

/** What stands in the store's texts. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** A stored text as data. @throws StoreError `store_failed` it is not what the repository wrote */
export function parseStored(value: StoreValue): Json {
  if (typeof value === 'string') {
    try {
      return JSON.parse(value) as Json;
    } catch (cause) {
      throw new StoreError('store_failed', 'a stored object of the repository is damaged', { cause });
    }
  }
  throw new StoreError('store_failed', 'a stored object of the repository is not text');
}
