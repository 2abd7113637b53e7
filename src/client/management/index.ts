export {
  type AttestationPolicies,
  attestRound,
  type RoundOptions,
  type RoundResult,
  type SubjectVerdict,
} from './attestation-round.js';
export { type FetchedEvidence, RemoteTpm } from './evidence.js';
export {
  type AccessQuestion,
  type DecisionAnswer,
  ManagedHost,
  type ManagedVm,
  type NamedElement,
  type RequestedState,
  requestedStates,
} from './managed-host.js';
export { completed, MethodRefusedError, outText, returnNames } from './refusal.js';
