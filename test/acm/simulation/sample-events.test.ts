import {
  createSimulation,
  type PolicyMode,
  policyToJson,
  samplePolicies,
  type Simulation,
} from '../../../src/acm/index.js';

const next = policyToJson(samplePolicies['tvdc-sample 1.1']);

function sample(mode: PolicyMode = 'strict'): Simulation {
  const simulation = createSimulation(samplePolicies['tvdc-sample 1.0'], { mode });
  for (const [resource, label] of [
    ['file:/var/lib/ma.img', 'MA'],
    ['file:/var/lib/su.img', 'SU'],
    ['vlan:100', 'MA'],
    ['vlan:200', 'SU'],
  ]) {
    expect(simulation.apply({ op: 'label_resource', resource, label })).toMatchObject({ permit: true, reason: 'ok' });
  }
  return simulation;
}

const permit = (reason: string, more: object = {}) => ({ permit: true, reason, ...more });
const deny = (reason: string, more: object = {}) => ({ permit: false, reason, ...more });

describe.each(['strict', 'xen'] as const)('the events of the sample policy, mode %s', (mode) => {
  test('get their documented answers, in order', () => {
    const simulation = sample(mode);
    const steps: [object, object][] = [
      [{ op: 'start', vm: 'ma-1', label: 'MA' }, permit('authorized')],
      [{ op: 'start', vm: 'su-1', label: 'SU' }, permit('authorized')],
      [
        { op: 'communicate', a: 'Domain-0', b: 'ma-1' },
        permit('common_type', { common: ['MA'], enforcedBy: 'hypervisor' }),
      ],
      [
        { op: 'communicate', a: 'Domain-0', b: 'su-1' },
        permit('common_type', { common: ['SU'], enforcedBy: 'hypervisor' }),
      ],
      [{ op: 'communicate', a: 'ma-1', b: 'su-1' }, deny('no_common_type', { enforcedBy: 'hypervisor' })],
      [
        { op: 'attach_resource', vm: 'su-1', resource: 'file:/var/lib/su.img' },
        permit('common_type', { common: ['SU'], enforcedBy: 'management VM' }),
      ],
      [
        { op: 'attach_resource', vm: 'ma-1', resource: 'file:/var/lib/su.img' },
        deny('no_common_type', { detail: 'file:/var/lib/su.img', enforcedBy: 'management VM' }),
      ],
      [{ op: 'connect_vlan', vm: 'ma-1', vlan: 100 }, permit('common_type')],
      [{ op: 'connect_vlan', vm: 'ma-1', vlan: 'vlan:200' }, deny('no_common_type')],
      [{ op: 'start', vm: 'ms-1', label: 'MS' }, deny('not_authorized')],
      [{ op: 'update_policy', policy: next }, deny('running_domains_violate')],
      [{ op: 'stop', vm: 'su-1' }, permit('ok')],
      [{ op: 'update_policy', policy: next }, permit('ok')],
      [{ op: 'start', vm: 'su-1', label: 'SU' }, deny('conflict', { conflict: { set: 'MA-SU', with: ['ma-1'] } })],
      [{ op: 'stop', vm: 'ma-1' }, permit('ok')],
      [{ op: 'start', vm: 'su-1', label: 'SU' }, permit('authorized')],
      [{ op: 'set_system_label', label: 'HostMA' }, deny('running_domains_violate')],
      [{ op: 'stop', vm: 'su-1' }, permit('ok')],
      [{ op: 'set_system_label', label: 'HostMA' }, permit('ok')],
      [{ op: 'start', vm: 'su-1', label: 'SU' }, deny('not_authorized')],
      [{ op: 'start', vm: 'ma-1', label: 'MA' }, permit('authorized')],
    ];
    for (const [event, answer] of steps) expect([event, simulation.apply(event)]).toMatchObject([event, answer]);
    expect(simulation.policy.version.text).toBe('1.1');
    expect(simulation.running().map(({ vm, label }) => [vm, label])).toEqual([
      ['Domain-0', 'HostMA'],
      ['ma-1', 'MA'],
    ]);
  });

  test('the refused update names both VMs, reports the Chinese Wall tuple and leaves 1.0 in force', () => {
    const simulation = sample(mode);
    simulation.apply({ op: 'start', vm: 'ma-1', label: 'MA' });
    simulation.apply({ op: 'start', vm: 'su-1', label: 'SU' });
    const decision = simulation.apply({ op: 'update_policy', policy: next });
    expect(decision).toMatchObject({ permit: false, reason: 'running_domains_violate', xserr: 'XSERR_HV_OP_FAILED' });
    expect(decision.hypervisorErrors?.[0]?.code).toBe(0x103);
    expect(decision.detail).toContain('ma-1');
    expect(decision.detail).toContain('su-1');
    expect(simulation.policy.version.text).toBe('1.0');
    expect(simulation.apply({ op: 'stop', vm: 'su-1' }).permit).toBe(true);
    expect(simulation.apply({ op: 'start', vm: 'su-1', label: 'SU' }).reason).toBe('authorized');
  });
});
