export type { ClassView, MethodFunction, MethodOutcome, Provider, ProviderContext, ProviderQuery } from './contract.js';
export { OperationEnded } from './ended.js';
