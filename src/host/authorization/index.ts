export { recordDenials } from './denials.js';
export { roleRules } from './rules.js';
export { createScope } from './scope.js';
