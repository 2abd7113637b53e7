export {
  type ReferenceAnswer,
  type ReferenceChange,
  type ReferenceDatabase,
  ReferenceError,
  type ReferenceErrorCode,
  type ReferenceFilter,
  type ReferenceQuery,
} from './database.js';
export {
  logPath,
  type ReferenceEntry,
  type ReferenceSet,
  type ReferenceStatus,
  referenceStatuses,
} from './entry.js';
