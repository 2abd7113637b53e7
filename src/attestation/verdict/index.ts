export { type Reason, reason, type ReasonCode, type ReasonFacts, type ReasonKind, reasonRules } from './reason.js';
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
