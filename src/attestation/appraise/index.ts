export {
  type AppraisalInput,
  type AppraisalResult,
  appraiseEntries,
  appraiseUncovered,
  type PreparedPolicy,
  preparePolicy,
} from './appraise.js';
export { appraiseFirmware } from './firmware.js';
export { appraiseIsolation } from './isolation.js';
export { createPathMatcher, type PathMatcher } from './pattern.js';
export {
  type AppraisalPolicy,
  type BufferRule,
  type CompletePolicy,
  completePolicy,
  type FirmwareRule,
  type KeyRing,
  policyDigest,
} from './policy.js';
