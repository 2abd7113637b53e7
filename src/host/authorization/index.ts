export { recordDenials } from './denials.js';
export type { HostElements } from './elements.js';
export { roleRules } from './rules.js';
export { createScope, type Scope } from './scope.js';
