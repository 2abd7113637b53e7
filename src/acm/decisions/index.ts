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
