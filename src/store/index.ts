export {
  prefixEnd,
  type Store,
  type StoreArea,
  storeAreas,
  type StoreEntry,
  StoreError,
  type StoreErrorCode,
  type StoreReader,
  type StoreTransaction,
  type StoreValue,
} from './store.js';
