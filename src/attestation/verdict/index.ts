export { plannedActions, type Criticality, type PlannedAction, criticalities, type ActionKind } from './actions.js';
export { type Proof, worstStatus } from './decide.js';
export {
  asNote,
  type Reason,
  reason,
  type ReasonCode,
  type ReasonFacts,
  type ReasonKind,
  reasonRules,
  type ReasonStatus,
} from './reason.js';
export {
  type Assurance,
  assurances,
  type Counters,
  type Verdict,
  type VerdictRound,
  type VerdictStatus,
  verdictStatuses,
  type ViolationFound,
} from './verdict.js';
