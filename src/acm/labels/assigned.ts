import { inaccessibleName } from '../policy/index.js';

export const labelStates = ['valid', 'invalidated'] as const;
export type LabelState = (typeof labelStates)[number];

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

/** Reads which element carries which label. */
export interface LabelView {
  vm(vm: string): AssignedLabel | undefined;
  resource(name: string): AssignedLabel | undefined;
  vms(): Iterable<VmLabelEntry>;
  resources(): Iterable<ResourceLabelEntry>;
}

/** The pseudo label of a resource that nobody may use; it belongs to no policy. */
export const inaccessible: AssignedLabel = Object.freeze({ policy: '*', label: inaccessibleName, state: 'valid' });

/** `ACM:<policy>:<label>`, with `INV_` in front where the definition has gone. */
export function labelText(label: AssignedLabel): string {
  return `${label.state === 'valid' ? '' : 'INV_'}ACM:${label.policy}:${label.label}`;
}
