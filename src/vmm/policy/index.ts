export {
  deployPolicy,
  enablePolicy,
  importPolicy,
  InvalidPolicyError,
  type PolicyForm,
  recordForbidden,
  resetPolicy,
  setSystemLabel,
} from './policy.js';
