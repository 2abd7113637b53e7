export type { ClassView, MethodFunction, MethodOutcome, Provider, ProviderContext } from './contract.js';
