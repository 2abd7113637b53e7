import { type AssignedLabel, labelText } from '../labels/index.js';
import { inaccessibleName } from '../policy/index.js';
import { type Answer, denied } from './answer.js';
import type { CompiledPolicy, LabelIndex } from './compiled-policy.js';
import type { Decision } from './decision.js';
import type { HostState } from './host-state.js';
import { tryResourceName } from './resource-name.js';

/** A label that decisions can be made with, or the refusal that its state calls for. */
export type Resolved<More = unknown> =
  | ({ readonly kind: 'row'; readonly row: LabelIndex; readonly label: string } & More)
  | { readonly kind: 'refused'; readonly decision: Decision };

const refuse = (answer: Answer): Resolved<never> => ({ kind: 'refused', decision: denied(answer) });

function known<More>(
  policy: CompiledPolicy,
  row: LabelIndex | undefined,
  label: string,
  base: Pick<Answer, 'subject' | 'object'>,
  more: More,
): Resolved<More> {
  if (row !== undefined) return { kind: 'row', row, label, ...more };
  return refuse({
    ...base,
    reason: 'unknown_label',
    hook: 'label',
    rule: 'label-definition',
    xserr: 'XSERR_BAD_LABEL',
    detail: 'XSERR_BAD_LABEL',
    sentence: `Policy ${policy.document.name} ${policy.document.version.text} defines no label ${label}.`,
  });
}

/** The row of a VM's label under the enforced policy. */
export function resolveVmLabel(host: HostState, vm: string, assigned: AssignedLabel | undefined): Resolved {
  const { policy } = host;
  const name = host.nameOf(vm);
  const base = { subject: vm, object: assigned === undefined ? '' : labelText(assigned) };
  if (assigned === undefined) {
    if (!host.strict) return { kind: 'row', row: 0, label: policy.vmNames[0] ?? '' };
    return refuse({
      ...base,
      reason: 'unlabeled_not_supported',
      hook: 'label',
      rule: 'label-state',
      sentence: `VM ${name} has no label, and a VM without label may not run.`,
    });
  }
  if (assigned.state === 'invalidated') {
    return refuse({
      ...base,
      reason: 'label_invalidated',
      hook: 'label',
      rule: 'label-state',
      xserr: 'XSERR_BAD_LABEL',
      detail: labelText(assigned),
      sentence: `The label ${assigned.label} of VM ${name} has lost its definition; give the VM another label.`,
    });
  }
  if (assigned.policy !== policy.document.name) {
    return refuse({
      ...base,
      reason: 'policy_mismatch',
      hook: 'policy',
      rule: 'policy-identity',
      detail: assigned.policy,
      sentence: `VM ${name} is labelled under policy ${assigned.policy}, but ${policy.document.name} is enforced.`,
    });
  }
  return known(policy, policy.vmRow(assigned.label), assigned.label, base, {});
}

/** The refusal of a resource name that has not the right form. */
export function badResourceName(subject: string, resource: string): Decision {
  return denied({
    reason: 'bad_resource_format',
    hook: 'resource',
    rule: 'resource-name',
    subject,
    object: resource,
    xserr: 'XSERR_BAD_RESOURCE_FORMAT',
    detail: 'XSERR_BAD_RESOURCE_FORMAT',
    sentence: `${resource === '' ? 'An empty text' : resource} is not the name of a resource.`,
  });
}

/** The row of a resource's label under the enforced policy, and its canonical name. */
export function resolveResource(
  host: HostState,
  subject: string,
  resource: string,
): Resolved<{ readonly name: string; readonly vlan?: number }> {
  const parsed = tryResourceName(resource, host.mode);
  if (parsed === null) return { kind: 'refused', decision: badResourceName(subject, resource) };
  const { policy } = host;
  const { name } = parsed;
  const shown = host.nameOf(name);
  const assigned = host.labels.resource(name);
  const hook = parsed.vlan === undefined ? ('resource' as const) : ('vlan' as const);
  const base = { hook, subject, object: name };
  if (assigned?.label === inaccessibleName && assigned.policy === '*') {
    return refuse({
      ...base,
      reason: 'resource_inaccessible',
      rule: 'label-state',
      sentence: `${shown} is marked inaccessible.`,
    });
  }
  if (assigned?.state === 'invalidated') {
    return refuse({
      ...base,
      reason: 'resource_label_invalidated',
      rule: 'label-state',
      detail: labelText(assigned),
      sentence: `The label ${assigned.label} of ${shown} has lost its definition.`,
    });
  }
  const foreign = assigned !== undefined && assigned.policy !== policy.document.name;
  if (foreign && host.strict) {
    return refuse({
      ...base,
      reason: 'policy_mismatch',
      rule: 'policy-identity',
      detail: assigned.policy,
      sentence: `${shown} is labelled under policy ${assigned.policy}, but ${policy.document.name} is enforced.`,
    });
  }
  if (assigned === undefined || foreign) {
    if (!host.strict) return { kind: 'row', row: 0, label: policy.vmNames[0] ?? '', ...parsed };
    return refuse({
      ...base,
      reason: 'resource_not_labeled',
      rule: 'label-state',
      xserr: 'XSERR_RESOURCE_NOT_LABELED',
      detail: 'XSERR_RESOURCE_NOT_LABELED',
      sentence: `${shown} has no label, and a resource without label may not be used.`,
    });
  }
  return known(policy, policy.resourceRow(assigned.label), assigned.label, { subject, object: name }, parsed);
}
