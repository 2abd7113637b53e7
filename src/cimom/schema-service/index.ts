export {
  type CompileMode,
  type CompileOrder,
  type CompileOutcome,
  compileOnServer,
  type CompilePorts,
} from './compile.js';
export type { DataMaintenance, SchemaServiceOptions } from './options.js';
export { schemaServiceClass, schemaServicePath, schemaServiceProvider } from './provider.js';
