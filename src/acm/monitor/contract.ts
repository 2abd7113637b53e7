import type { StoreTransaction } from '../../store/index.js';
import type { Decision, Port, Violation } from '../decisions/index.js';
import type { Permit } from './permit.js';
import type { PolicyIdentity } from './policy-identity.js';
import type { PolicyRecord } from './policy-record.js';

/** A way into the set of running VMs. All three pass the same checks. */
export interface Transition {
  readonly kind: 'start' | 'resume' | 'migrate_in';
  /** Names of the resources (`file:/…`, `phy:/dev/…`) that the VM opens. */
  readonly resources?: readonly string[];
  readonly ports?: readonly Port[];
  /** What the source host enforces; mode strict refuses `migrate_in` without it. */
  readonly policy?: PolicyIdentity;
  /** Whether the VM was accepted as one that may hold several types; left out: marks are not kept. */
  readonly trusted?: boolean;
}

/** A hypothetical way into the running set. What is given here stands in for what the registry knows. */
export interface EntryQuestion extends Transition {
  /** Id of a VM, or only a description where `label` is given. */
  readonly vm: string;
  readonly label?: string;
  /** Labels of resources that this host does not have. */
  readonly resourceLabels?: readonly string[];
}

/** A VM that the hypervisor says is there. */
export interface RunningSystem {
  readonly vm: string;
  readonly state: 'running' | 'paused';
  readonly resources?: readonly string[];
  readonly ports?: readonly Port[];
}

/** A place in the running set. Counts rose when it was made; exactly one of commit and abort ends it, repeats do nothing. */
export interface Reservation {
  readonly vm: string;
  readonly permit: Permit;
  /** The VM runs now. */
  commit(): void;
  /** The VM did not come up: counts fall, the permit is void. */
  abort(): void;
}

/** Answer of `admit`: a reservation exactly if the decision permits. */
export interface Admission {
  readonly decision: Decision;
  readonly reservation?: Reservation;
  /** True if an earlier `admit` of the same VM still holds its place and this is that place. */
  readonly found: boolean;
}

/** A hypothetical question. Labels given here stand in for those that the registry knows. */
export interface Question {
  readonly hook: 'sharing' | 'authorization' | 'conflict' | 'resource' | 'vlan' | 'vif';
  /** Id of a VM (`Domain-0` for the management VM), or only a description where `subjectLabel` is given. */
  readonly subject?: string;
  readonly subjectLabel?: string;
  /** The other VM (`sharing`), resource name (`resource`), VLAN number (`vlan`). */
  readonly object?: string;
  readonly objectLabel?: string;
}

/** What labels an element: a VM by its id, a resource by its name. */
export type LabelledElement =
  | {
      readonly kind: 'vm';
      readonly vm: string;
      readonly state?: 'off' | 'saved' | 'other';
      /** See {@link Transition}. */
      readonly trusted?: boolean;
    }
  | { readonly kind: 'resource'; readonly resource: string; readonly uuid?: string };

/** A change of one label. `label` null removes it; `oldLabel` undefined means "do not compare", '' means "has none". */
export interface LabelChange {
  readonly element: LabelledElement;
  readonly label: string | null;
  readonly oldLabel?: string;
}

/** Runs inside the transaction of a permitted change, so that the journal and the change are one. */
export interface ChangeOptions {
  readonly record?: (tx: StoreTransaction, decision: Decision) => void;
}

/** Runs inside the transaction that stores an imported policy. */
export interface ImportOptions {
  readonly record?: (tx: StoreTransaction, record: PolicyRecord) => void;
}

/** A label change decided inside the caller's transaction; it takes effect when that transaction is on disk. */
export interface PendingLabelChange {
  readonly decision: Decision;
  /** For callers that want it said; the commit itself does it. */
  applied(): void;
}

/** What enabling a policy would do. `breaks` stops it now; `dormant` are VMs that could not start afterwards. */
export interface UpdatePlan {
  readonly decision: Decision;
  readonly breaks: readonly Violation[];
  readonly dormant: readonly Violation[];
  /** Full labels that would lose their definition, with the elements that carry them. */
  readonly invalidated: readonly { readonly label: string; readonly elements: readonly string[] }[];
}

/** Whether the enabled policy is enforced; if not, no VM may start. */
export type EnforcementHealth =
  | { readonly state: 'enforced' }
  | {
      readonly state: 'missing' | 'changed';
      readonly policy: string;
      readonly version: string;
      readonly sentence: string;
    };

/** Result of comparing the monitor with the hypervisor. */
export interface Reconciliation {
  readonly violations: readonly Violation[];
  /** Types whose VMs cannot be started until the violations are gone. */
  readonly blockedTypes: readonly string[];
  /** Reservations dropped because no VM belonged to them. */
  readonly expired: readonly string[];
}
