export { firstPosition, judgeEvidence, type PipelineInput, type PipelineResult } from './pipeline.js';
export {
  type Binding,
  type BindingChallenge,
  type Challenge,
  type Expectations,
  type HostExpectations,
  type StateChange,
  stateChanges,
  type SubjectStatus,
  type TrustAnchor,
  type Verifier,
  type VerifierOptions,
  type VmExpectations,
} from './types.js';
export { createVerifier } from './verifier.js';
