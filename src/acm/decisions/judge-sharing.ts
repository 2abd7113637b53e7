import { denied, permitted, typeSet } from './answer.js';
import type { LabelIndex } from './compiled-policy.js';
import type { Decision, DecisionHook } from './decision.js';
import type { HostState } from './host-state.js';
import { resolveVmLabel } from './judge-labels.js';

/** One side of a sharing question. */
export interface Party {
  /** Id of a VM, name of a resource. */
  readonly id: string;
  /** For sentences. */
  readonly name: string;
  readonly row: LabelIndex;
}

/**
 * The one decision of simple type enforcement: two parties may share if their labels have a type in common. The hypervisor's
 * hooks ask it for two VMs, the management VM's for a VM and a resource, VLAN or interface.
 */
export function judgeSharing(
  host: HostState,
  subject: Party,
  object: Party,
  hook: Extract<DecisionHook, 'sharing' | 'resource' | 'vlan' | 'vif'> = 'sharing',
): Decision {
  const { policy } = host;
  const subjectTypes = policy.typesOf(subject.row);
  const objectTypes = policy.typesOf(object.row);
  const base = {
    hook,
    rule: 'simple-type-enforcement',
    subject: subject.id,
    object: object.id,
    subjectTypes,
    objectTypes,
  } as const;
  if (policy.ste.meet(subject.row, object.row)) {
    const common = policy.commonTypes(subject.row, object.row);
    return permitted({
      ...base,
      reason: 'common_type',
      common,
      sentence: `${subject.name} and ${object.name} may share: they have ${typeSet(common)} in common.`,
    });
  }
  return denied({
    ...base,
    reason: 'no_common_type',
    detail: hook === 'sharing' ? '' : object.id,
    sentence: `${subject.name} has ${typeSet(subjectTypes)}, ${object.name} has ${typeSet(objectTypes)}: no type in common.`,
  });
}

/** Whether two running VMs may communicate. */
export function judgeCommunication(host: HostState, a: string, b: string): Decision {
  const rows = [a, b].map((vm) => host.runningRow(vm));
  const [rowA, rowB] = rows;
  if (rowA === undefined || rowB === undefined) {
    const absent = rowA === undefined ? a : b;
    return denied({
      reason: 'wrong_state',
      hook: 'sharing',
      rule: 'life-cycle',
      subject: a,
      object: b,
      detail: absent,
      sentence: `VM ${host.nameOf(absent)} does not run.`,
    });
  }
  for (const vm of [a, b]) {
    if (host.domains.get(vm)?.sound !== false) continue;
    const label = resolveVmLabel(host, vm, host.labels.vm(vm));
    if (label.kind === 'refused') return label.decision;
  }
  return judgeSharing(host, { id: a, name: host.nameOf(a), row: rowA }, { id: b, name: host.nameOf(b), row: rowB });
}
