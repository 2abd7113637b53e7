export { builtinMofFiles, verifierMofFile } from './builtin.js';
export {
  type CompiledNamespace,
  compileMof,
  compileMofStrictly,
  type CompileOptions,
  type MofCompilation,
} from './compile.js';
export { formatDiagnostic, type MofDiagnostic, MofError, type MofPosition } from './diagnostic.js';
export { createMapLoader, decodeMof, type MofSource, type SourceLoader } from './source.js';
export { type MofContent, toMof, type WriteOptions, writeMof } from './write.js';
export { type ArchiveLimits, readZip } from './zip.js';
export { loadMof, type LoadMode, type LoadOptions, type LoadStep, MofLoadError } from './load.js';
export { mergeClass, sameDeclaration, sameQualifierType } from './merge.js';
export { type DeclaredSchema, diffSchemas, type SchemaDifference } from './diff.js';
export type { ImportedSchema, MofTarget } from './target.js';
export { schemaEntryFiles } from './entry-files.js';
export { createTransportTarget } from './transport-target.js';
export { writeTypeScriptTypes } from './typescript.js';
