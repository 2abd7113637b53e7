import { isPermit, ReferenceMonitor, samplePolicies, type Transition } from '../../../src/acm/index.js';
import { createMemoryStore, type Store } from '../../../src/store/index.js';
import { thrownBy } from '../thrown.js';

const v10 = samplePolicies['tvdc-sample 1.0'];
const v11 = samplePolicies['tvdc-sample 1.1'];
const start: Transition = { kind: 'start' };

async function enabled(
  store: Store = createMemoryStore(),
  mode: 'strict' | 'xen' = 'strict',
): Promise<ReferenceMonitor> {
  const monitor = await ReferenceMonitor.open({ store, mode });
  expect((await monitor.update(v10)).permit).toBe(true);
  for (const [vm, label] of [
    ['ma-1', 'MA'],
    ['su-1', 'SU'],
    ['ms-1', 'MS'],
  ] as const) {
    expect((await monitor.changeLabel({ element: { kind: 'vm', vm }, label })).reason).toBe('ok');
  }
  for (const [resource, label] of [
    ['file:/ma', 'MA'],
    ['file:/su', 'SU'],
    ['vlan:100', 'MA'],
  ] as const) {
    expect((await monitor.changeLabel({ element: { kind: 'resource', resource }, label })).reason).toBe('ok');
  }
  return monitor;
}

async function run(monitor: ReferenceMonitor, vm: string, transition = start): Promise<void> {
  const { reservation } = await monitor.admit(vm, transition);
  expect(reservation).toBeDefined();
  reservation?.commit();
}

test('a new host enforces DEFAULT, Domain-0 runs as SystemManagement', async () => {
  const monitor = await ReferenceMonitor.open({ store: createMemoryStore() });
  expect([monitor.policy.name, monitor.systemLabel, monitor.health.state]).toEqual([
    'DEFAULT',
    'SystemManagement',
    'enforced',
  ]);
  expect((await monitor.admit('vm', start)).decision.reason).toBe('unlabeled_not_supported');
});

describe('a place in the running set', () => {
  test('is taken when it is reserved, not when the VM is up', async () => {
    const monitor = await enabled();
    await monitor.update(v11);
    const first = await monitor.admit('ma-1', start);
    expect(first).toMatchObject({ found: false, decision: { permit: true, reason: 'authorized' } });
    expect(monitor.excludedTypes()).toEqual(['SU']);
    expect((await monitor.admit('su-1', start)).decision).toMatchObject({
      reason: 'conflict',
      conflict: { set: 'MA-SU', with: ['ma-1'] },
    });
    first.reservation?.abort();
    expect(monitor.excludedTypes()).toEqual([]);
    expect(monitor.running()).toEqual([]);
    await run(monitor, 'su-1');
    expect(monitor.excludedTypes()).toEqual(['MA']);
  });

  test('goes to one of two VMs that ask at the same moment', async () => {
    const monitor = await enabled();
    await monitor.update(v11);
    const answers = await Promise.all([monitor.admit('ma-1', start), monitor.admit('su-1', start)]);
    expect(answers.map(({ decision }) => decision.reason)).toEqual(['authorized', 'conflict']);
  });

  test('is found again by a second admission of the same VM, which may bring more devices', async () => {
    const monitor = await enabled();
    const first = await monitor.admit('ma-1', { kind: 'start', resources: ['file:/ma'] });
    const second = await monitor.admit('ma-1', { kind: 'start', ports: [{ id: 'p', vlan: 100 }] });
    expect(second.found).toBe(true);
    expect(second.reservation).toBe(first.reservation);
    expect((await monitor.admit('ma-1', { kind: 'start', resources: ['file:/su'] })).decision.reason).toBe(
      'no_common_type',
    );
    first.reservation?.commit();
    expect(monitor.running()).toEqual([
      { vm: 'ma-1', state: 'running', resources: ['file:/ma'], ports: [{ id: 'p', vlan: 100 }] },
    ]);
    expect((await monitor.admit('ma-1', start)).decision.reason).toBe('wrong_state');
  });

  test('cannot be committed once it is gone', async () => {
    const monitor = await enabled();
    const { reservation } = await monitor.admit('ma-1', start);
    monitor.left('ma-1');
    expect(thrownBy(() => reservation?.commit())).toMatchObject({ code: 'reservation_void' });
  });

  test('survives an abort that comes after the commit', async () => {
    const monitor = await enabled();
    const { reservation } = await monitor.admit('ma-1', start);
    reservation?.commit();
    reservation?.abort();
    expect(monitor.running()).toHaveLength(1);
  });
});

describe('a permit', () => {
  test('is the monitor’s alone, for one VM, until it has left', async () => {
    const monitor = await enabled();
    const { reservation } = await monitor.admit('ma-1', start);
    const permit = reservation?.permit;
    expect(permit).toMatchObject({ vm: 'ma-1', transition: 'start', label: 'ACM:tvdc-sample:MA' });
    expect(isPermit(permit)).toBe(true);
    expect(isPermit(permit, 'ma-1')).toBe(true);
    expect(isPermit(permit, 'su-1')).toBe(false);
    reservation?.commit();
    expect(isPermit(permit)).toBe(true);
    monitor.left('ma-1');
    expect(isPermit(permit)).toBe(false);
  });

  test('cannot be made, copied or imitated', async () => {
    const monitor = await enabled();
    const permit = (await monitor.admit('ma-1', start)).reservation?.permit;
    const Forged = permit?.constructor as new (...facts: unknown[]) => unknown;
    expect(thrownBy(() => new Forged(Symbol('reference monitor'), {}))).toMatchObject({ code: 'permit_forged' });
    expect(isPermit({ ...permit })).toBe(false);
    expect(isPermit(Object.create(permit ?? null))).toBe(false);
    expect(isPermit(null)).toBe(false);
  });
});

test('an incoming VM must come under the same policy, name, version and digest', async () => {
  const monitor = await enabled();
  const { name, version, sha256 } = monitor.policy;
  const come = async (policy?: Transition['policy']) =>
    (await monitor.admit('ma-1', { kind: 'migrate_in', ...(policy === undefined ? {} : { policy }) })).decision.reason;
  expect(await come()).toBe('policy_mismatch');
  expect(await come({ name, version, sha256: '00' })).toBe('policy_mismatch');
  expect(await come({ name, version: '1.1', sha256 })).toBe('policy_mismatch');
  expect(await come({ name, version, sha256 })).toBe('authorized');
  const xen = await enabled(createMemoryStore(), 'xen');
  expect(
    (await xen.admit('ma-1', { kind: 'migrate_in', policy: { name, version: '9.9', sha256: '' } })).decision.permit,
  ).toBe(true);
});

test('devices of a running VM are checked, remembered and keep their labels while in use', async () => {
  const monitor = await enabled();
  expect((await monitor.attachResource('ma-1', 'file:/ma')).reason).toBe('wrong_state');
  await run(monitor, 'ma-1');
  expect((await monitor.attachResource('ma-1', 'file:/su')).reason).toBe('no_common_type');
  expect((await monitor.attachResource('ma-1', 'file:/ma')).reason).toBe('common_type');
  expect((await monitor.attachPort('ma-1', { id: 'p', vlan: 100 })).reason).toBe('common_type');
  expect((await monitor.attachPort('ma-1', { id: 'q' })).reason).toBe('vif_must_be_labeled');
  const relabel = (resource: string) => monitor.changeLabel({ element: { kind: 'resource', resource }, label: 'SU' });
  monitor.paused('ma-1');
  expect((await relabel('file:/ma')).reason).toBe('resource_in_use');
  expect((await relabel('vlan:100')).reason).toBe('resource_in_use');
  monitor.resumed('ma-1');
  monitor.detachResource('ma-1', 'file:/ma');
  monitor.detachPort('ma-1', 'p');
  expect((await relabel('file:/ma')).reason).toBe('ok');
  expect((await relabel('vlan:100')).reason).toBe('ok');
});

describe('questions', () => {
  test('are answered without a trace, also about what does not run', async () => {
    const monitor = await enabled();
    const before = monitor.statistics;
    const ask = monitor.ask.bind(monitor);
    expect(ask({ hook: 'sharing', subject: 'ma-1', object: 'su-1' })).toMatchObject({
      reason: 'no_common_type',
      enforcedBy: 'hypervisor',
    });
    expect(ask({ hook: 'sharing', subject: 'Domain-0', object: 'su-1' }).common).toEqual(['SU']);
    expect(ask({ hook: 'authorization', subject: 'ms-1' }).reason).toBe('not_authorized');
    expect(ask({ hook: 'conflict', subject: 'ma-1' }).reason).toBe('ok');
    expect(ask({ hook: 'resource', subject: 'su-1', object: 'file:/su' })).toMatchObject({
      common: ['SU'],
      enforcedBy: 'management VM',
    });
    expect(ask({ hook: 'resource', subject: 'su-1', object: 'nothing' }).reason).toBe('bad_resource_format');
    expect(ask({ hook: 'vlan', subject: 'su-1', object: '100' }).reason).toBe('no_common_type');
    expect(ask({ hook: 'vif', subject: 'su-1', objectLabel: 'SU' }).reason).toBe('common_type');
    expect(ask({ hook: 'sharing', subject: 'nobody', object: 'ma-1' }).reason).toBe('unlabeled_not_supported');
    expect(monitor.statistics).toEqual(before);
  });

  test('may suppose labels', async () => {
    const monitor = await enabled();
    const { decision } = { decision: monitor.ask({ hook: 'sharing', subjectLabel: 'MA', objectLabel: 'HostMA' }) };
    expect(decision).toMatchObject({ permit: true, subject: 'MA', object: 'HostMA', common: ['MA'] });
    expect(monitor.ask({ hook: 'resource', subject: 'ma-1', object: 'file:/new', objectLabel: 'MA' }).permit).toBe(
      true,
    );
    expect(monitor.ask({ hook: 'resource', subject: 'ma-1', objectLabel: 'HostMA' }).reason).toBe('unknown_label');
    expect(monitor.ask({ hook: 'authorization', subjectLabel: 'ACM:other:MA' }).reason).toBe('policy_mismatch');
  });

  test('of hooks are counted', async () => {
    const monitor = await enabled();
    monitor.decide({ hook: 'sharing', subject: 'ma-1', object: 'su-1' });
    monitor.decide({ hook: 'sharing', subject: 'ma-1', object: 'Domain-0' });
    expect(monitor.communicate('ma-1', 'su-1').reason).toBe('wrong_state');
    expect(monitor.statistics.hooks.sharing).toEqual({ evaluations: 3, denials: 2 });
    await monitor.admit('ms-1', start);
    expect(monitor.statistics).toMatchObject({
      refusedAdmissions: 1,
      hooks: { authorization: { evaluations: 1, denials: 1 } },
    });
  });

  test('of admissions are counted at each hook that was asked', async () => {
    const monitor = await enabled();
    await monitor.update(v11);
    const counted = () => {
      const { authorization, conflict, resource, vlan, vif } = monitor.statistics.hooks;
      return [authorization, conflict, resource, vlan, vif].map((hook) => [hook.evaluations, hook.denials]);
    };
    await run(monitor, 'ma-1', { ...start, resources: ['file:/ma'], ports: [{ id: 'p', vlan: 100 }] });
    expect(counted()).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 0],
      [0, 0],
    ]);
    expect((await monitor.admit('su-1', start)).decision.reason).toBe('conflict');
    expect(counted()).toEqual([
      [2, 0],
      [2, 1],
      [1, 0],
      [1, 0],
      [0, 0],
    ]);
    monitor.left('ma-1');
    const foreign = await monitor.admit('ma-1', { ...start, resources: ['file:/ma', 'file:/su'] });
    expect(foreign.decision.hook).toBe('resource');
    expect(counted()).toEqual([
      [3, 0],
      [3, 1],
      [3, 1],
      [1, 0],
      [0, 0],
    ]);
    expect((await monitor.admit('ms-1', start)).decision.hook).toBe('authorization');
    expect(counted()).toEqual([
      [4, 1],
      [3, 1],
      [3, 1],
      [1, 0],
      [0, 0],
    ]);
  });

  test('name VMs as people do', async () => {
    const store = createMemoryStore();
    await enabled(store);
    const monitor = await ReferenceMonitor.open({
      store,
      nameOf: (vm) => (vm === 'ma-1' ? 'Market Analysis' : undefined),
    });
    expect(monitor.ask({ hook: 'sharing', subject: 'ma-1', object: 'su-1' }).sentence).toContain(
      'Market Analysis has {MA}',
    );
  });
});

describe('reconciliation', () => {
  test('takes what runs as it is, reports what is against the policy and blocks the types concerned', async () => {
    const monitor = await enabled();
    await monitor.update(v11);
    const { violations, blockedTypes } = await monitor.reconcile([
      { vm: 'ma-1', state: 'running' },
      { vm: 'su-1', state: 'paused' },
    ]);
    expect(violations.map(({ kind, vm, set }) => [kind, vm, set])).toEqual([
      ['conflict', 'ma-1', 'MA-SU'],
      ['conflict', 'su-1', 'MA-SU'],
    ]);
    expect(blockedTypes).toEqual(['MA', 'SU']);
    await monitor.changeLabel({ element: { kind: 'vm', vm: 'ma-2' }, label: 'MA' });
    expect((await monitor.admit('ma-2', start)).decision.reason).toBe('running_domains_violate');
    monitor.left('su-1');
    expect((await monitor.admit('ma-2', start)).decision.permit).toBe(true);
  });

  test('reports devices, missing labels and missing authorization', async () => {
    const monitor = await enabled();
    const { violations } = await monitor.reconcile([
      { vm: 'ma-1', state: 'running', resources: ['file:/su'], ports: [{ id: 'p', vlan: 100 }] },
      { vm: 'ms-1', state: 'running' },
      { vm: 'stranger', state: 'running' },
    ]);
    expect(violations.map(({ kind, vm, with: other }) => [kind, vm, other])).toEqual([
      ['resource', 'ma-1', 'file:/su'],
      ['authorization', 'ms-1', 'Domain-0'],
      ['label', 'stranger', undefined],
    ]);
    expect(monitor.communicate('stranger', 'ma-1').reason).toBe('unlabeled_not_supported');
  });

  test('drops reservations without a VM, keeps the permit of those that are up', async () => {
    const monitor = await enabled();
    const up = (await monitor.admit('ma-1', start)).reservation;
    const lost = (await monitor.admit('su-1', start)).reservation;
    expect(await monitor.reconcile([{ vm: 'ma-1', state: 'running' }])).toMatchObject({
      violations: [],
      expired: ['su-1'],
    });
    expect([isPermit(up?.permit), isPermit(lost?.permit)]).toEqual([true, false]);
    expect(monitor.running().map(({ vm }) => vm)).toEqual(['ma-1']);
  });
});
