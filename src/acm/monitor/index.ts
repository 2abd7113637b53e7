import type { Store, StoreTransaction } from '../../store/index.js';
import type { Decision } from '../decisions/index.js';
import type { LabelRegistry } from '../labels/index.js';
import type { Finding, PolicyDocument, PolicyMode } from '../policy/index.js';
import type {
  Admission,
  ChangeOptions,
  LabelChange,
  PendingLabelChange,
  PolicyIdentity,
  Question,
  Reconciliation,
  RunningSystem,
  Transition,
  UpdatePlan,
} from './contract.js';

export type * from './contract.js';
export { isPermit, type Permit } from './permit.js';

export type PolicyState = 'draft' | 'deployed' | 'enabled' | 'superseded';

/** A stored policy. */
export interface PolicyRecord extends PolicyIdentity {
  readonly document: PolicyDocument;
  readonly state: PolicyState;
  /** Numbers of the CIM property State: Draft 2, Deployed 3, Enabled 4, Superseded 5. */
  readonly stateNumber: 2 | 3 | 4 | 5;
  /** The XML form whose digests these are. */
  readonly xml: string;
  /** Lower-case hex, as in the binary form. */
  readonly sha1: string;
}

/** Policies of a host, by name and version text. */
export declare class PolicyStore {
  list(): readonly PolicyRecord[];
  get(name: string, version: string): PolicyRecord | undefined;
  /** Validates and stores a Draft; with errors among the findings nothing is stored. A draft of the same name and version is replaced. */
  import(
    document: PolicyDocument,
    options?: ChangeOptions,
  ): Promise<{ readonly record?: PolicyRecord; readonly findings: readonly Finding[] }>;
  /** Draft to Deployed; what was deployed before becomes a draft again. @throws TvdcError `policy_not_found`, `policy_wrong_state` */
  deploy(name: string, version: string, record?: (tx: StoreTransaction) => void): Promise<PolicyRecord>;
  /** Drafts and superseded policies only. @throws TvdcError `policy_not_found`, `policy_wrong_state` */
  delete(name: string, version: string, record?: (tx: StoreTransaction) => void): Promise<void>;
}

export interface MonitorOptions {
  readonly store: Store;
  /** Default strict. */
  readonly mode?: PolicyMode;
  /** Human name of a VM for sentences; default its id. */
  readonly nameOf?: (vm: string) => string | undefined;
}

/** Whether the monitor may let VMs start at all. */
export type EnforcementHealth =
  | { readonly state: 'enforced' }
  | {
      readonly state: 'missing' | 'changed';
      readonly policy: string;
      readonly version: string;
      readonly sentence: string;
    };

/** The one place where access is decided on a host. */
export declare class ReferenceMonitor {
  /** Reads the durable state and enforces the enabled policy again (DEFAULT if there is none). */
  static open(options: MonitorOptions): Promise<ReferenceMonitor>;
  readonly mode: PolicyMode;
  readonly labels: LabelRegistry;
  readonly policies: PolicyStore;
  readonly health: EnforcementHealth;
  /** What is enforced now. */
  readonly policy: PolicyRecord;
  /** Name of the VM label that Domain-0 carries. */
  readonly systemLabel: string;
  ask(question: Question): Decision;
  decide(question: Question): Decision;
  admit(vm: string, transition: Transition): Promise<Admission>;
  left(vm: string): void;
  paused(vm: string): void;
  resumed(vm: string): void;
  attachResource(vm: string, resource: string): Promise<Decision>;
  attachPort(
    vm: string,
    port: { readonly id: string; readonly vlan?: number; readonly label?: string },
  ): Promise<Decision>;
  detachResource(vm: string, resource: string): void;
  detachPort(vm: string, port: string): void;
  reconcile(running: readonly RunningSystem[]): Promise<Reconciliation>;
  running(): readonly RunningSystem[];
  /** Types that no VM may bring in now because of what runs, sorted. */
  excludedTypes(): readonly string[];
  changeLabel(change: LabelChange, options?: ChangeOptions): Promise<Decision>;
  changeLabelIn(tx: StoreTransaction, change: LabelChange): PendingLabelChange;
  /** Drops the label of an element that no longer exists; no decision, no check. */
  forget(tx: StoreTransaction, element: LabelChange['element']): PendingLabelChange;
  setSystemLabel(label: string, options?: ChangeOptions): Promise<Decision>;
  plan(policy: PolicyDocument): UpdatePlan;
  enable(name: string, version: string, options?: ChangeOptions): Promise<Decision>;
  /** Imports, deploys and enables in one transaction. */
  update(policy: PolicyDocument, options?: ChangeOptions): Promise<Decision>;
  reset(options?: ChangeOptions): Promise<Decision>;
}
