import type { XserrName } from '../policy/index.js';

/** Every word that a decision may give as its reason. */
export const decisionReasons = [
  'authorized',
  'ok',
  'common_type',
  'no_common_type',
  'not_authorized',
  'conflict',
  'unknown_label',
  'label_invalidated',
  'policy_mismatch',
  'wrong_state',
  'old_label_mismatch',
  'resource_not_labeled',
  'resource_in_use',
  'resource_access',
  'resource_inaccessible',
  'resource_label_invalidated',
  'bad_resource_format',
  'unlabeled_not_supported',
  'vif_must_be_labeled',
  'unchecked_single_type_unlabeled_vif',
  'vlan_label_not_unique',
  'hypervisor_refused',
  'running_domains_violate',
  'version_prevents_update',
  'bad_renaming',
  'invalid_policy',
] as const;
export type DecisionReason = (typeof decisionReasons)[number];

/** Where a decision is asked for. The first two are the hypervisor's, the others the management VM's. */
export const decisionHooks = [
  'sharing',
  'conflict',
  'authorization',
  'resource',
  'vlan',
  'vif',
  'label',
  'policy',
  'state',
] as const;
export type DecisionHook = (typeof decisionHooks)[number];

export type EnforcingParty = 'hypervisor' | 'management VM';

/** The rule that decided, named as in the documentation. */
export type DecisionRule =
  | 'simple-type-enforcement'
  | 'system-superset'
  | 'trusted-mark'
  | 'chinese-wall'
  | 'label-definition'
  | 'label-state'
  | 'policy-identity'
  | 'policy-version'
  | 'policy-validity'
  | 'policy-enforcement'
  | 'resource-name'
  | 'resource-use'
  | 'vlan-label'
  | 'virtual-interface'
  | 'life-cycle'
  | 'running-systems'
  | 'component-kinds';

/** What the original hypervisor reports when it refuses an update or a relabelling. */
export interface HypervisorError {
  readonly code: 0x100 | 0x101 | 0x102 | 0x103 | 0x104;
  readonly data: number;
}

/** One thing that a change would break, or that is broken already. */
export interface Violation {
  readonly kind: 'label' | 'authorization' | 'conflict' | 'sharing' | 'resource' | 'vif';
  readonly vm: string;
  /** The other VM, the resource or the VLAN. */
  readonly with?: string;
  /** Name of the conflict set. */
  readonly set?: string;
  /** Types that the violation is about. */
  readonly types: readonly string[];
  readonly sentence: string;
}

/** Answer of the access control module. Explains itself: hook, rule, types compared, a sentence. */
export interface Decision {
  readonly permit: boolean;
  readonly reason: DecisionReason;
  readonly hook: DecisionHook;
  readonly rule: DecisionRule;
  readonly enforcedBy: EnforcingParty;
  /** Who wants something: the id of a VM, or the name of a label or policy where no VM is concerned. */
  readonly subject: string;
  readonly object: string;
  readonly subjectTypes: readonly string[];
  readonly objectTypes: readonly string[];
  readonly common: readonly string[];
  /** The conflict set and the running VMs that stand against the subject. */
  readonly conflict?: { readonly set: string; readonly with: readonly string[] };
  readonly violations?: readonly Violation[];
  readonly xserr?: XserrName;
  readonly hypervisorErrors?: readonly HypervisorError[];
  /** Short machine-readable remark: `self:<set>`, a resource, an XSERR name with hypervisor error tuples; else empty. */
  readonly detail: string;
  readonly sentence: string;
}
