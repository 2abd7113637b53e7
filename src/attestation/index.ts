export {
  type AppraisalPolicy,
  type BufferRule,
  completePolicy,
  type FirmwareRule,
  type KeyRing,
  policyDigest,
} from './appraise/index.js';
export * from './evidence/index.js';
export * from './offline/index.js';
export * from './references/index.js';
export * from './verdict/index.js';
export {
  type Binding,
  type BindingChallenge,
  type Challenge,
  checkPolicy,
  createVerifier,
  type Expectations,
  type HostExpectations,
  type PushedMeasurements,
  type PushOutcome,
  type StateChange,
  stateChanges,
  type SubjectStatus,
  type TrustAnchor,
  type Verifier,
  type VerifierOptions,
  type VmExpectations,
} from './verifier/index.js';
export { EvidenceError, LookError } from './verify/index.js';
