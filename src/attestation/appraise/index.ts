export {
  type AppraisalPolicy,
  type BufferRule,
  type CompletePolicy,
  completePolicy,
  type FirmwareRule,
  type KeyRing,
  policyDigest,
} from './policy.js';
