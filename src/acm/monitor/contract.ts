import type { StoreTransaction } from '../../store/index.js';
import type { Decision, Violation } from '../decisions/index.js';
import type { Permit } from './permit.js';

/** Name, version text and SHA-256 (hex) of a policy: two hosts enforce the same one only if all three are equal. */
export interface PolicyIdentity {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** A virtual network interface as far as access control sees it: the VLAN it is plugged into, or (mode xen) its own label. */
export interface PortUse {
  /** Unique within the VM, for example the device id. */
  readonly id: string;
  readonly vlan?: number;
  readonly label?: string;
}

/** A way into the set of running VMs. All three pass the same checks. */
export interface Transition {
  readonly kind: 'start' | 'resume' | 'migrate_in';
  /** Names of the resources (`file:/…`, `phy:/dev/…`) that the VM opens. */
  readonly resources?: readonly string[];
  readonly ports?: readonly PortUse[];
  /** What the source host enforces; mode strict refuses `migrate_in` without it. */
  readonly policy?: PolicyIdentity;
}

/** A VM that the hypervisor says is there. */
export interface RunningSystem {
  readonly vm: string;
  readonly state: 'running' | 'paused';
  readonly resources?: readonly string[];
  readonly ports?: readonly PortUse[];
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
  | { readonly kind: 'vm'; readonly vm: string; readonly state?: 'off' | 'saved' | 'other' }
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

/** A label change decided inside the caller's transaction. `applied` must be called once that transaction is on disk. */
export interface PendingLabelChange {
  readonly decision: Decision;
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

/** Result of comparing the monitor with the hypervisor. */
export interface Reconciliation {
  readonly violations: readonly Violation[];
  /** Types whose VMs cannot be started until the violations are gone. */
  readonly blockedTypes: readonly string[];
  /** Reservations dropped because no VM belonged to them. */
  readonly expired: readonly string[];
}
