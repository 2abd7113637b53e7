import type { Store } from '../../store/index.js';

export type LabelState = 'valid' | 'invalidated';

/** The one label of a VM or of a resource. */
export interface AssignedLabel {
  readonly policy: string;
  readonly label: string;
  /** `invalidated`: the policy that defined it has gone or dropped it; the text is kept for relabelling. */
  readonly state: LabelState;
}

export interface VmLabelEntry extends AssignedLabel {
  readonly vm: string;
}

export interface ResourceLabelEntry extends AssignedLabel {
  /** `file:/…`, `phy:/dev/…`, `tap:…`, `vlan:<n>`. */
  readonly resource: string;
  readonly uuid?: string;
}

/** Which element carries which label: the only authority. Reads are what is on disk. */
export declare class LabelRegistry {
  constructor(store: Store);
  vm(vm: string): AssignedLabel | undefined;
  resource(name: string): ResourceLabelEntry | undefined;
  vms(): IterableIterator<VmLabelEntry>;
  resources(): IterableIterator<ResourceLabelEntry>;
}
