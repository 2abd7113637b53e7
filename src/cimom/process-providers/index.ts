export { ProviderProcessError, type ProviderProcessErrorCode } from './errors.js';
export type { IndicationPorts, RaisedClass } from './indications.js';
export { defaultProcessLimits, type ProcessLimits } from './limits.js';
export {
  createProviderProcess,
  type ProcessPlace,
  type ProviderProcess,
  type ProviderProcessOptions,
} from './process.js';
export { processOperations, type ProcessOperation, type ServedClass } from './provider.js';
