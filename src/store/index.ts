export { compareKeys } from './order.js';
export { canonicalJson, type JsonValue } from './canonical-json.js';
export { lockFolder } from './folder-lock.js';
export type { AreaFormat, AreaFormats } from './formats.js';
export {
  createJournal,
  type Journal,
  type JournalOptions,
  type JournalPage,
  type JournalQuery,
  type JournalVerdict,
} from './journal.js';
export type { ChainPoint, JournalEntry, JournalFact } from './journal-entry.js';
export { type RestoreMark, restoreSqliteStore } from './maintenance.js';
export { createMemoryStore } from './memory.js';
export { createStagedStore, type StagedStore } from './staged.js';
export { openSqliteStore, type SqliteStore, type SqliteStoreOptions } from './sqlite.js';
export {
  deletePrefix,
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
