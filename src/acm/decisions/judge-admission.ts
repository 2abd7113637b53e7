import type { AssignedLabel } from '../labels/index.js';
import { domainZero } from '../policy/index.js';
import { denied, nameList, permitted, typeSet } from './answer.js';
import type { LabelIndex } from './compiled-policy.js';
import type { ConflictHit } from './conflict-counts.js';
import type { Decision } from './decision.js';
import type { HostState, Port } from './host-state.js';
import { judgeDevices } from './judge-devices.js';
import { resolveVmLabel } from './judge-labels.js';

/** The system-superset rule: the system's label must hold every type of the VM's, and the VM must have a type. */
export function judgeAuthorization(host: HostState, vm: string, row: LabelIndex): Decision {
  const { policy, systemRow } = host;
  const subjectTypes = policy.typesOf(row);
  const objectTypes = policy.typesOf(systemRow);
  const name = host.nameOf(vm);
  const base = {
    hook: 'authorization',
    rule: 'system-superset',
    subject: vm,
    object: domainZero,
    subjectTypes,
    objectTypes,
  } as const;
  if (policy.ste.covers(systemRow, row) && policy.ste.meet(systemRow, row)) {
    return permitted({
      ...base,
      reason: 'authorized',
      common: subjectTypes,
      sentence: `${name} may run: the system label ${host.systemLabel} holds all its types ${typeSet(subjectTypes)}.`,
    });
  }
  const missing = policy.missingTypes(systemRow, row);
  return denied({
    ...base,
    reason: 'not_authorized',
    common: policy.commonTypes(systemRow, row),
    xserr: 'XSERR_VM_NOT_AUTHORIZED',
    detail: missing.length === 0 ? 'no types' : `missing:${missing.join(',')}`,
    sentence:
      subjectTypes.length === 0
        ? `${name} has no type, so nothing authorizes it to run.`
        : `${name} may not run here: the system label ${host.systemLabel} lacks ${typeSet(missing)}.`,
  });
}

/** Running VMs that meet a conflict set without holding the type that a newcomer brings. */
export function standingAgainst(host: HostState, hit: ConflictHit, except?: string): string[] {
  const { policy } = host;
  const types = policy.conflictSets[hit.set]?.types ?? [];
  const found: string[] = [];
  const system = types.some((type) => policy.chwall.has(host.systemRow, type));
  if (system && !policy.chwall.has(host.systemRow, hit.type)) found.push(domainZero);
  for (const { vm, row } of host.domains.values()) {
    if (vm === except || policy.exclusion.has(row, hit.type)) continue;
    if (types.some((type) => policy.exclusion.has(row, type))) found.push(vm);
  }
  return found;
}

/** Anti-collocation: a VM may not start beside one that holds another type of a conflict set. */
export function judgeConflict(host: HostState, vm: string, row: LabelIndex): Decision {
  const { policy } = host;
  const name = host.nameOf(vm);
  const subjectTypes = policy.exclusionOf(row);
  const base = { hook: 'conflict', rule: 'chinese-wall', subject: vm, subjectTypes } as const;
  const self = host.strict ? policy.selfConflict(row) : null;
  if (self !== null) {
    return denied({
      ...base,
      reason: 'conflict',
      object: self,
      conflict: { set: self, with: [vm] },
      xserr: 'XSERR_VM_IN_CONFLICT',
      detail: `self:${self}`,
      sentence: `The label of ${name} holds two types of conflict set ${self}, so it conflicts with itself.`,
    });
  }
  const hit = host.counts.conflict(row);
  if (hit === null) {
    return permitted({
      ...base,
      reason: 'ok',
      object: '',
      sentence: `No running VM stands in conflict with ${name}.`,
    });
  }
  const set = policy.conflictSets[hit.set]?.name ?? '';
  const against = standingAgainst(host, hit, vm);
  return denied({
    ...base,
    reason: 'conflict',
    object: against[0] ?? set,
    objectTypes: (policy.conflictSets[hit.set]?.types ?? []).map((type) => policy.chwallTypes[type] as string),
    conflict: { set, with: against },
    xserr: 'XSERR_VM_IN_CONFLICT',
    detail: `${set}: ${nameList(against.map((other) => host.nameOf(other)))}`,
    sentence: `${name} may not run beside ${nameList(against.map((other) => host.nameOf(other)))}: conflict set ${set}.`,
  });
}

/**
 * A VM with several types can carry data from one workload to another, so somebody must have accepted it as trusted.
 * @param trusted whether somebody has; undefined: marks are not kept where the question comes from. Mode xen has none.
 * @returns null if nothing stands against it
 */
export function judgeTrust(
  host: HostState,
  vm: string,
  row: LabelIndex,
  trusted: boolean | undefined,
): Decision | null {
  const subjectTypes = host.policy.typesOf(row);
  if (trusted !== false || !host.strict || subjectTypes.length < 2) return null;
  return denied({
    reason: 'not_authorized',
    hook: 'authorization',
    rule: 'trusted-mark',
    subject: vm,
    object: domainZero,
    subjectTypes,
    detail: 'untrusted',
    sentence: `${host.nameOf(vm)} has several types ${typeSet(subjectTypes)} and is not marked as trusted.`,
  });
}

/** Null unless what runs already violates the policy for a type of the newcomer. */
function judgeBlocked(host: HostState, vm: string, row: LabelIndex): Decision | null {
  const blocked = blockedType(host, row);
  if (blocked === undefined) return null;
  return denied({
    reason: 'running_domains_violate',
    hook: 'policy',
    rule: 'running-systems',
    subject: vm,
    object: domainZero,
    subjectTypes: host.policy.typesOf(row),
    detail: blocked,
    sentence: `${host.nameOf(vm)} may not start: VMs that run already violate the policy for type ${blocked}.`,
  });
}

/** Authorization, trust, then conflict: what a label must pass to run now, devices aside. */
export function judgeLabel(host: HostState, vm: string, row: LabelIndex, trusted?: boolean): Decision {
  const authorized = judgeAuthorization(host, vm, row);
  if (!authorized.permit) return authorized;
  const against = judgeTrust(host, vm, row, trusted) ?? judgeBlocked(host, vm, row);
  if (against !== null) return against;
  const conflict = judgeConflict(host, vm, row);
  return conflict.permit ? authorized : conflict;
}

/** All refusals of the same, in the same order. */
export function labelRefusals(host: HostState, vm: string, row: LabelIndex, trusted?: boolean): readonly Decision[] {
  const all = [
    judgeAuthorization(host, vm, row),
    judgeTrust(host, vm, row, trusted),
    judgeBlocked(host, vm, row),
    judgeConflict(host, vm, row),
  ];
  return all.filter((decision): decision is Decision => decision !== null && !decision.permit);
}

function blockedType(host: HostState, row: LabelIndex): string | undefined {
  if (host.blockedTypes.size === 0) return undefined;
  return [...host.policy.typesOf(row), ...host.policy.exclusionOf(row)].find((type) => host.blockedTypes.has(type));
}

/** An admission that was judged; `row` is there exactly if it is permitted. */
export interface JudgedAdmission {
  readonly decision: Decision;
  readonly row?: LabelIndex;
}

/** All checks of a start, resume or incoming migration: label, authorization, trust, conflict, each device. */
export function judgeAdmission(
  host: HostState,
  vm: string,
  assigned: AssignedLabel | undefined,
  entry: { readonly resources?: Iterable<string>; readonly ports?: Iterable<Port>; readonly trusted?: boolean },
): JudgedAdmission {
  const label = resolveVmLabel(host, vm, assigned);
  if (label.kind === 'refused') return { decision: label.decision };
  const decision = judgeLabel(host, vm, label.row, entry.trusted);
  if (!decision.permit) return { decision };
  const refused = judgeDevices(host, vm, label.row, entry);
  return refused === null ? { decision, row: label.row } : { decision: refused };
}
