export { denied, permitted } from './answer.js';
export { type CompiledPolicy, compilePolicy, type LabelIndex, labelName } from './compiled-policy.js';
export { ConflictCounts, type ConflictHit } from './conflict-counts.js';
export {
  type Decision,
  type DecisionHook,
  decisionHooks,
  type DecisionReason,
  decisionReasons,
  type DecisionRule,
  type EnforcingParty,
  type HypervisorError,
  type Violation,
} from './decision.js';
export { decisionRecord, type DecisionRecord } from './decision-record.js';
export { type Domain, HostState, type HostStateOptions, type Port } from './host-state.js';
export {
  judgeAdmission,
  judgeAuthorization,
  judgeConflict,
  judgeLabel,
  type JudgedAdmission,
  labelRefusals,
} from './judge-admission.js';
export { judgeInterface, judgePort, judgeResource, judgeRunning } from './judge-devices.js';
export { badResourceName, resolveResource, resolveVmLabel, type Resolved } from './judge-labels.js';
export {
  judgeResourceLabel,
  judgeSystemLabel,
  type JudgedLabel,
  judgeVmLabel,
  type LabelWish,
} from './judge-relabel.js';
export { judgePresent } from './judge-running.js';
export { judgeCommunication, judgeSharing, type Party } from './judge-sharing.js';
export { type AcceptedUpdate, componentKinds, invalidPolicy, type JudgedUpdate, judgeUpdate } from './judge-update.js';
export { LabelMoves } from './label-moves.js';
export { maxVlan, type ResourceName, tryResourceName, vlanResource } from './resource-name.js';
