export { type BundledReferences, evidenceContext } from './bundle.js';
export type { KeptFacts } from './kept-facts.js';
export { decodeKept, decodeVerdict } from './record.js';
export { linkReasons } from './round.js';
export { firstPosition, judgeEvidence, type PipelineInput, type PipelineResult } from './pipeline.js';
export {
  type Binding,
  type BindingChallenge,
  type Challenge,
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
} from './types.js';
export { createVerifier } from './verifier.js';
export { checkPolicy } from './judge.js';
