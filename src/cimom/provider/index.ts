export type { ClassView, MethodFunction, MethodOutcome, Provider, ProviderContext, ProviderQuery } from './contract.js';
