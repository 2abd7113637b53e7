export { roleRules } from './rules.js';
export { createScope } from './scope.js';
