import { type Decision, denied, type HostState } from '../decisions/index.js';
import type { EnforcementHealth, Transition } from './contract.js';
import type { PolicyRecord } from './policy-record.js';

function otherPolicy(host: HostState, policy: PolicyRecord, vm: string, transition: Transition): Decision | null {
  const source = transition.policy;
  if (source === undefined && !(host.strict && transition.kind === 'migrate_in')) return null;
  const { name, version, sha256 } = policy;
  const same = source?.name === name && (!host.strict || (source.version === version && source.sha256 === sha256));
  if (same) return null;
  const from = source === undefined ? 'an unknown policy' : `policy ${source.name} ${source.version}`;
  return denied({
    reason: 'policy_mismatch',
    hook: 'policy',
    rule: 'policy-identity',
    subject: vm,
    object: name,
    detail: source === undefined ? '' : `${source.name} ${source.version} ${source.sha256}`,
    sentence: `VM ${host.nameOf(vm)} comes under ${from}, but ${name} ${version} is enforced here.`,
  });
}

/** What refuses a VM before its label is looked at: no enforced policy, it runs already, it comes under another policy. */
export function refuseEntry(
  host: HostState,
  policy: PolicyRecord,
  health: EnforcementHealth,
  vm: string,
  transition: Transition,
): Decision | null {
  const base = { subject: vm, object: policy.name } as const;
  if (health.state !== 'enforced') {
    return denied({
      ...base,
      reason: 'invalid_policy',
      hook: 'policy',
      rule: 'policy-enforcement',
      xserr: 'XSERR_POLICY_NOT_LOADED',
      detail: `XSERR_POLICY_NOT_LOADED: ${health.state}`,
      sentence: health.sentence,
    });
  }
  const present = host.domains.get(vm);
  if (present !== undefined && present.state !== 'starting') {
    return denied({
      ...base,
      reason: 'wrong_state',
      hook: 'state',
      rule: 'life-cycle',
      xserr: 'XSERR_VM_WRONG_STATE',
      detail: 'XSERR_VM_WRONG_STATE',
      sentence: `VM ${host.nameOf(vm)} runs already.`,
    });
  }
  return otherPolicy(host, policy, vm, transition);
}
