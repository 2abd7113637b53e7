export {
  attest,
  type AttestationPolicies,
  type AttestOptions,
  attestRound,
  type RoundMode,
  roundModes,
  type RoundOptions,
  type RoundResult,
  type SubjectVerdict,
} from './attestation-round.js';
export { fetchAsserted, type FetchedEvidence, RemoteTpm } from './evidence.js';
export { checkReadiness, type HostReadiness, type ReadinessItem, type ReadinessName } from './readiness.js';
export { type ListedSystems, listSystems, type ListedVm } from './systems.js';
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
