export { type IndicationSink, noIndications } from './indications/index.js';
export { defaultLimits, type ObjectManagerLimits } from './limits.js';
export { createObjectManager, type ObjectManagerOptions } from './manager.js';
export type { OperationReport } from './operation-statistics.js';
export type { ExecuteOptions, ObjectManager } from './object-manager.js';
export type {
  ClassView,
  MethodFunction,
  MethodOutcome,
  Provider,
  ProviderContext,
  ProviderQuery,
} from './provider/index.js';
export {
  createProviderProcess,
  type ProcessLimits,
  type ProcessOperation,
  type ProcessPlace,
  type ProviderProcess,
  ProviderProcessError,
  type ProviderProcessOptions,
  type ServedClass,
} from './process-providers/index.js';
export {
  type ProviderRegistry,
  type ProviderReport,
  type ProviderStatistics,
  RegistrationError,
  type RegistrationErrorCode,
} from './registry/index.js';
export * from './security/index.js';
