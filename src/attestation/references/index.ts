export { createMemoryReferences } from './memory.js';
export {
  type AddOptions,
  type BundleMark,
  type ReferenceAnswer,
  type ReferenceChange,
  type ReferenceDatabase,
  ReferenceError,
  type ReferenceErrorCode,
  type ReferenceFilter,
  type ReferenceQuery,
  type ReferenceSource,
  type ReplaceOptions,
} from './database.js';
export {
  logPath,
  type ReferenceEntry,
  type ReferenceSet,
  type ReferenceStatus,
  referenceStatuses,
} from './entry.js';
export { parseReferenceFile, parseRuntimePolicy, type ReferenceFile } from './keylime.js';
export { formatReferenceJson, type ImportOptions, parseEntry, parseReferenceJson } from './reference-json.js';
export { openSqliteReferences } from './sql/index.js';
export { bundleSource, type OpenedBundle, openBundle, type ReferenceBundle, signBundle } from './bundle.js';
export { diffEntries, diffSets, exportSet, type ReferenceDiff } from './diff.js';
export { type DirectoryOptions, entriesOfDirectory, referenceOfFile } from './import-directory.js';
export { entriesOfImaLog } from './import-log.js';
export { type DebOptions, entriesOfDeb } from './import-deb.js';
export { entriesOfPackage, type PackageOptions } from './import-package.js';
