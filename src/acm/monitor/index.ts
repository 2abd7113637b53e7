export type {
  Admission,
  ChangeOptions,
  EnforcementHealth,
  EntryQuestion,
  ImportOptions,
  LabelChange,
  LabelledElement,
  PendingLabelChange,
  Question,
  Reconciliation,
  Reservation,
  RunningSystem,
  Transition,
  UpdatePlan,
} from './contract.js';
export { isPermit, type Permit } from './permit.js';
export type { PolicyIdentity } from './policy-identity.js';
export { type PolicyRecord, type PolicyState, policyStates } from './policy-record.js';
export { type PolicyImport, type PolicyStore } from './policy-store.js';
export { type MonitorOptions, ReferenceMonitor } from './reference-monitor.js';
export type { AcmStatistics, HookStatistics } from './statistics.js';
