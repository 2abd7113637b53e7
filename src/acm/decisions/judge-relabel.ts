import { type AssignedLabel, labelText } from '../labels/index.js';
import { domainZero, formatLabel, inaccessibleName, tryParseLabel } from '../policy/index.js';
import { type Answer, denied, nameList, permitted } from './answer.js';
import type { LabelIndex } from './compiled-policy.js';
import type { Decision } from './decision.js';
import type { Domain, HostState } from './host-state.js';
import { judgeAuthorization, judgeTrust } from './judge-admission.js';
import { judgeDevices } from './judge-devices.js';
import { badResourceName } from './judge-labels.js';
import { proposalOf, runningViolate, tryChange } from './judge-running.js';
import { tryResourceName } from './resource-name.js';
import { candidateOf } from './violations.js';

/** A wish to change a label. `label` null removes it; `oldLabel` undefined is not compared, '' means "has none". */
export interface LabelWish {
  readonly label: string | null;
  readonly oldLabel?: string;
  /** Whether the VM may hold several types; undefined: marks are not kept. */
  readonly trusted?: boolean;
}

/** A judged change of a label: what to store and, for a running VM, its new row. */
export interface JudgedLabel {
  readonly decision: Decision;
  /** There exactly if the decision permits; null removes. */
  readonly assign?: AssignedLabel | null;
  readonly row?: LabelIndex;
}

type Base = Pick<Answer, 'hook' | 'subject' | 'object'>;

const refused = (decision: Decision): JudgedLabel => ({ decision });

function accepted(base: Base, assign: AssignedLabel | null, who: string, row?: LabelIndex): JudgedLabel {
  const sentence = assign === null ? `The label of ${who} is removed.` : `${who} gets the label ${assign.label}.`;
  const decision = permitted({ ...base, reason: 'ok', rule: 'label-definition', sentence });
  return { decision, assign, ...(row === undefined ? {} : { row }) };
}

const isSame = (host: HostState, present: AssignedLabel | undefined, text: string): boolean => {
  if (present === undefined) return text === '';
  if (text === present.label || text === labelText(present)) return true;
  const parsed = tryParseLabel(text, host.policy.document.name);
  return parsed !== null && parsed.policy === present.policy && parsed.label === present.label;
};

function oldLabelRefusal(
  host: HostState,
  base: Base,
  who: string,
  present: AssignedLabel | undefined,
  old: string | undefined,
): Decision | null {
  if (old === undefined || isSame(host, present, old)) return null;
  const has = present === undefined ? 'no label' : labelText(present);
  return denied({
    ...base,
    reason: 'old_label_mismatch',
    rule: 'label-state',
    xserr: 'XSERR_BAD_LABEL',
    detail: 'XSERR_BAD_LABEL',
    sentence: `${who} has ${has}, not ${old === '' ? 'no label' : old}.`,
  });
}

function unknownLabel(host: HostState, base: Base, label: string): Decision {
  const { document } = host.policy;
  return denied({
    ...base,
    reason: 'unknown_label',
    rule: 'label-definition',
    xserr: 'XSERR_BAD_LABEL',
    detail: 'XSERR_BAD_LABEL',
    sentence: `Policy ${document.name} ${document.version.text} defines no label ${label}.`,
  });
}

function foreignPolicy(host: HostState, base: Base, policy: string): Decision {
  return denied({
    ...base,
    reason: 'policy_mismatch',
    hook: 'policy',
    rule: 'policy-identity',
    xserr: 'XSERR_POLICY_NOT_LOADED',
    detail: policy,
    sentence: `The label belongs to policy ${policy}, but ${host.policy.document.name} is enforced.`,
  });
}

function relabelRunning(host: HostState, domain: Domain, name: string, base: Base, wish: LabelWish): JudgedLabel {
  const { policy } = host;
  const present = host.labels.vm(domain.vm);
  const who = `VM ${host.nameOf(domain.vm)}`;
  const row = policy.vmRow(name);
  if (row === undefined) return refused(unknownLabel(host, base, name));
  const self = host.strict ? policy.selfConflict(row) : null;
  if (self !== null) return refused(selfConflicting(base, name, self));
  // The original takes an unlabelled interface of a running VM for one with the label of row 0.
  const ports = [...domain.ports.values()];
  const devices = judgeDevices(host, domain.vm, row, { resources: domain.resources, ports });
  if (devices !== null)
    return refused({ ...devices, xserr: 'XSERR_BAD_LABEL', detail: `XSERR_BAD_LABEL: ${devices.object}` });
  const bare = host.strict ? undefined : ports.find((port) => port.vlan === undefined && port.label === undefined);
  if (bare !== undefined && !policy.ste.meet(row, 0)) {
    return refused(
      denied({
        ...base,
        reason: 'no_common_type',
        hook: 'vif',
        rule: 'virtual-interface',
        xserr: 'XSERR_BAD_LABEL',
        detail: `XSERR_BAD_LABEL: ${bare.id}`,
        sentence: `The interface ${bare.id} of ${who} has no label and stands against the new one.`,
      }),
    );
  }
  const old = oldLabelRefusal(host, base, who, present, wish.oldLabel);
  if (old !== null) return refused(old);
  if (host.strict) {
    const authorized = judgeAuthorization(host, domain.vm, row);
    if (!authorized.permit) return refused(authorized);
    const trust = judgeTrust(host, domain.vm, row, wish.trusted);
    if (trust !== null) return refused(trust);
  }
  const proposal = proposalOf(host);
  const candidates = proposal.candidates.map((candidate) =>
    candidate.vm === domain.vm ? candidateOf(domain, row, name) : candidate,
  );
  const { violations, errors } = tryChange(host, { ...proposal, candidates });
  if (violations.length > 0)
    return refused(runningViolate(host, base, `The label ${name} for ${who}`, violations, errors));
  return accepted(base, { policy: policy.document.name, label: name, state: 'valid' }, who, row);
}

function selfConflicting(base: Base, label: string, set: string): Decision {
  return denied({
    ...base,
    reason: 'conflict',
    hook: 'conflict',
    rule: 'chinese-wall',
    conflict: { set, with: [] },
    xserr: 'XSERR_VM_IN_CONFLICT',
    detail: `self:${set}`,
    sentence: `Label ${label} holds two types of conflict set ${set}: no VM may carry it.`,
  });
}

/**
 * Changes the label of a VM. A running or paused one passes all checks again; a dormant one has its label checked in mode strict
 * and used from its next start. Domain-0 is {@link judgeSystemLabel}'s.
 */
export function judgeVmLabel(host: HostState, vm: string, wish: LabelWish): JudgedLabel {
  const { policy } = host;
  const base: Base = { hook: 'label', subject: vm, object: wish.label ?? '' };
  const who = `VM ${host.nameOf(vm)}`;
  const domain = host.domains.get(vm);
  const present = host.labels.vm(vm);
  if (wish.label === null) {
    if (domain !== undefined) {
      const sentence = `${who} runs: its label can be replaced, not removed.`;
      return refused(
        denied({
          ...base,
          reason: 'wrong_state',
          hook: 'state',
          rule: 'life-cycle',
          xserr: 'XSERR_VM_WRONG_STATE',
          detail: 'XSERR_VM_WRONG_STATE',
          sentence,
        }),
      );
    }
    const old = oldLabelRefusal(host, base, who, present, wish.oldLabel);
    return old === null ? accepted(base, null, who) : refused(old);
  }
  const parsed = tryParseLabel(wish.label, policy.document.name);
  if (parsed === null) return refused(unknownLabel(host, base, wish.label));
  const foreign = parsed.policy !== policy.document.name;
  if (domain !== undefined) {
    if (foreign) return refused(foreignPolicy(host, base, parsed.policy));
    return relabelRunning(host, domain, parsed.label, base, wish);
  }
  if (host.strict) {
    if (foreign) return refused(foreignPolicy(host, base, parsed.policy));
    const row = policy.vmRow(parsed.label);
    if (row === undefined) return refused(unknownLabel(host, base, parsed.label));
    const self = policy.selfConflict(row);
    if (self !== null) return refused(selfConflicting(base, parsed.label, self));
  }
  const old = oldLabelRefusal(host, base, who, present, wish.oldLabel);
  if (old !== null) return refused(old);
  return accepted(base, { policy: parsed.policy, label: parsed.label, state: 'valid' }, who);
}

/** Changes the label of a resource that nobody uses. */
export function judgeResourceLabel(host: HostState, resource: string, wish: LabelWish): JudgedLabel {
  const { policy } = host;
  const parsed = tryResourceName(resource, host.mode);
  if (parsed === null) return refused(badResourceName('', resource));
  const { name, vlan } = parsed;
  const base: Base = { hook: 'label', subject: name, object: wish.label ?? '' };
  const present = host.labels.resource(name);
  let assign: AssignedLabel | null = null;
  if (wish.label === inaccessibleName) assign = { policy: '*', label: inaccessibleName, state: 'valid' };
  else if (wish.label !== null) {
    const wanted = tryParseLabel(wish.label, policy.document.name);
    if (wanted === null) return refused(unknownLabel(host, base, wish.label));
    if (wanted.policy !== policy.document.name) return refused(foreignPolicy(host, base, wanted.policy));
    if (!policy.document.resourceLabels.some((label) => label.name === wanted.label)) {
      return refused(unknownLabel(host, base, wanted.label));
    }
    assign = { policy: wanted.policy, label: wanted.label, state: 'valid' };
  }
  const users = resourceUsers(host, name, vlan, present);
  if (users.length > 0) {
    return refused(
      denied({
        ...base,
        reason: 'resource_in_use',
        rule: 'resource-use',
        xserr: 'XSERR_RESOURCE_IN_USE',
        detail: `XSERR_RESOURCE_IN_USE: ${users.join(', ')}`,
        sentence: `${name} is in use by ${nameList(users.map((vm) => host.nameOf(vm)))}.`,
      }),
    );
  }
  const old = oldLabelRefusal(host, base, name, present, wish.oldLabel);
  if (old !== null) return refused(old);
  if (assign === null && present === undefined) {
    return refused(
      denied({
        ...base,
        reason: 'resource_not_labeled',
        rule: 'label-state',
        xserr: 'XSERR_RESOURCE_NOT_LABELED',
        detail: 'XSERR_RESOURCE_NOT_LABELED',
        sentence: `${name} has no label.`,
      }),
    );
  }
  const twin = host.strict || vlan === undefined || assign === null ? undefined : vlanWithLabel(host, name, assign);
  if (twin !== undefined) {
    return refused(
      denied({
        ...base,
        reason: 'vlan_label_not_unique',
        rule: 'vlan-label',
        xserr: 'XSERR_BAD_LABEL',
        detail: `XSERR_BAD_LABEL: ${twin}`,
        sentence: `${twin} already carries the label ${assign?.label ?? ''}, and only one VLAN may.`,
      }),
    );
  }
  return accepted(base, assign, name);
}

function resourceUsers(
  host: HostState,
  name: string,
  vlan: number | undefined,
  present: AssignedLabel | undefined,
): readonly string[] {
  const frozen =
    !host.strict &&
    vlan !== undefined &&
    present?.state === 'valid' &&
    present.policy === host.policy.document.name &&
    host.policy.resourceRow(present.label) !== undefined;
  return frozen ? [domainZero] : host.usersOf(name);
}

function vlanWithLabel(host: HostState, name: string, assign: AssignedLabel): string | undefined {
  if (assign.label === inaccessibleName) return undefined;
  for (const entry of host.labels.resources()) {
    if (!entry.resource.startsWith('vlan:') || entry.resource === name) continue;
    if (entry.label === assign.label && entry.policy === assign.policy && entry.state === 'valid')
      return entry.resource;
  }
  return undefined;
}

/** Gives Domain-0, and with it the system, another label: every running VM must keep what lets it run. */
export function judgeSystemLabel(host: HostState, label: string, oldLabel?: string): JudgedLabel {
  const { policy } = host;
  const base: Base = { hook: 'authorization', subject: domainZero, object: label };
  const parsed = tryParseLabel(label, policy.document.name);
  if (parsed === null) return refused(unknownLabel(host, base, label));
  if (parsed.policy !== policy.document.name) return refused(foreignPolicy(host, base, parsed.policy));
  const row = policy.vmRow(parsed.label);
  if (row === undefined) return refused(unknownLabel(host, base, parsed.label));
  const present: AssignedLabel = { policy: policy.document.name, label: host.systemLabel, state: 'valid' };
  const old = oldLabelRefusal(host, base, domainZero, present, oldLabel);
  if (old !== null) return refused(old);
  const proposal = proposalOf(host, { systemRow: row });
  const { violations, errors } = tryChange(host, proposal);
  if (violations.length > 0) {
    const types = { subjectTypes: policy.typesOf(row), objectTypes: policy.typesOf(host.systemRow) };
    return refused(runningViolate(host, { ...base, ...types }, `The system label ${parsed.label}`, violations, errors));
  }
  const decision = permitted({
    ...base,
    reason: 'ok',
    rule: 'system-superset',
    subjectTypes: policy.typesOf(row),
    sentence: `The system label is now ${formatLabel(policy.document.name, parsed.label)}.`,
  });
  return { decision, assign: { ...present, label: parsed.label }, row };
}
