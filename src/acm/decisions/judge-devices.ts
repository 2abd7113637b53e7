import { denied, permitted, typeSet } from './answer.js';
import type { LabelIndex } from './compiled-policy.js';
import type { Decision } from './decision.js';
import type { HostState, Port } from './host-state.js';
import { resolveResource } from './judge-labels.js';
import { judgeSharing } from './judge-sharing.js';
import { vlanResource } from './resource-name.js';

/** Whether a VM with this label may use a resource or join a VLAN. */
export function judgeResource(host: HostState, vm: string, row: LabelIndex, resource: string): Decision {
  const found = resolveResource(host, vm, resource);
  if (found.kind === 'refused') return found.decision;
  const hook = found.vlan === undefined ? 'resource' : 'vlan';
  return judgeSharing(
    host,
    { id: vm, name: host.nameOf(vm), row },
    { id: found.name, name: host.nameOf(found.name), row: found.row },
    hook,
  );
}

/** Whether a VM with this label may have a network interface that carries a label of its own, or none. */
export function judgeInterface(host: HostState, vm: string, row: LabelIndex, label: string | undefined): Decision {
  const { policy } = host;
  const name = host.nameOf(vm);
  const subjectTypes = policy.typesOf(row);
  const base = { hook: 'vif', rule: 'virtual-interface', subject: vm, object: label ?? '', subjectTypes } as const;
  if (label === undefined || label === '') {
    if (!host.strict && subjectTypes.length <= 1) {
      return permitted({
        ...base,
        reason: 'unchecked_single_type_unlabeled_vif',
        sentence: `The interface of ${name} has no label; for ${typeSet(subjectTypes)} it is not checked.`,
      });
    }
    return denied({
      ...base,
      reason: 'vif_must_be_labeled',
      sentence: host.strict
        ? `A network interface of ${name} must be on a labelled VLAN.`
        : `${name} has ${typeSet(subjectTypes)}, so its network interface must be labelled.`,
    });
  }
  const labelRow = policy.resourceRow(label);
  if (labelRow === undefined) {
    return denied({
      ...base,
      reason: 'unknown_label',
      rule: 'label-definition',
      xserr: 'XSERR_BAD_LABEL',
      detail: 'XSERR_BAD_LABEL',
      sentence: `Policy ${policy.document.name} defines no resource label ${label}.`,
    });
  }
  return judgeSharing(
    host,
    { id: vm, name, row },
    { id: label, name: `interface label ${label}`, row: labelRow },
    'vif',
  );
}

/** Whether a VM with this label may have this interface: by its VLAN where it has one, else by its own label. */
export function judgePort(host: HostState, vm: string, row: LabelIndex, port: Port): Decision {
  if (port.vlan !== undefined) return judgeResource(host, vm, row, vlanResource(port.vlan));
  return judgeInterface(host, vm, row, port.label);
}

/** The first refusal among a VM's devices, null if all are allowed. */
export function judgeDevices(
  host: HostState,
  vm: string,
  row: LabelIndex,
  devices: { readonly resources?: Iterable<string>; readonly ports?: Iterable<Port> },
): Decision | null {
  for (const resource of devices.resources ?? []) {
    const decision = judgeResource(host, vm, row, resource);
    if (!decision.permit) return decision;
  }
  for (const port of devices.ports ?? []) {
    const decision = judgePort(host, vm, row, port);
    if (!decision.permit) return decision;
  }
  return null;
}

/** A VM must be in the running set to get a device. */
export function judgeRunning(
  host: HostState,
  vm: string,
  object: string,
  hook: 'resource' | 'vlan' | 'vif' | 'state',
): Decision | null {
  if (host.runningRow(vm) !== undefined) return null;
  return denied({
    reason: 'wrong_state',
    hook,
    rule: 'life-cycle',
    subject: vm,
    object,
    sentence: `VM ${host.nameOf(vm)} does not run.`,
  });
}
