import {
  createPolicy,
  formatLabel,
  labelText,
  type PolicyDocument,
  policyVersion,
  ReferenceMonitor,
  samplePolicies,
} from '../../../src/acm/index.js';
import { createMemoryStore, type Store, type StoreTransaction } from '../../../src/store/index.js';

const v10 = samplePolicies['tvdc-sample 1.0'];
const v11 = samplePolicies['tvdc-sample 1.1'];
const open = (store: Store): Promise<ReferenceMonitor> => ReferenceMonitor.open({ store });
const vm = (name: string) => ({ kind: 'vm', vm: name }) as const;
const disk = { kind: 'resource', resource: 'file:/d', uuid: 'u-1' } as const;

/** A store whose next transactions fail after their work was done, as when the disk is full. */
function failing(store: Store): { readonly store: Store; fail: boolean } {
  const state = {
    fail: false,
    store: {
      get: store.get.bind(store),
      range: store.range.bind(store),
      close: store.close.bind(store),
      transaction: <T>(work: (tx: StoreTransaction) => T): Promise<T> =>
        store.transaction((tx) => {
          const result = work(tx);
          if (state.fail) throw new Error('disk full');
          return result;
        }),
    } satisfies Store,
  };
  return state;
}

async function sample(store: Store): Promise<ReferenceMonitor> {
  const monitor = await open(store);
  await monitor.update(v10);
  await monitor.changeLabel({ element: vm('ma-1'), label: 'MA' });
  await monitor.changeLabel({ element: vm('su-1'), label: 'SU' });
  await monitor.changeLabel({ element: disk, label: 'SU' });
  return monitor;
}

const states = (monitor: ReferenceMonitor) =>
  monitor.policies.list().map(({ name, version, state, stateNumber }) => [`${name} ${version}`, state, stateNumber]);

const labels = (monitor: ReferenceMonitor) => ({
  vms: [...monitor.labels.vms()].map((entry) => `${entry.vm} ${labelText(entry)}`).sort(),
  resources: [...monitor.labels.resources()]
    .map((entry) => `${entry.resource} ${entry.uuid ?? ''} ${labelText(entry)}`)
    .sort(),
});

test('policy, system label and labels are as they were after a restart', async () => {
  const store = createMemoryStore();
  const before = await sample(store);
  await before.setSystemLabel('HostMA');
  const after = await open(store);
  expect([after.policy.name, after.policy.version, after.policy.sha256]).toEqual([
    'tvdc-sample',
    '1.0',
    before.policy.sha256,
  ]);
  expect(after.policy.document).toEqual(v10);
  expect(after.systemLabel).toBe('HostMA');
  expect(labels(after)).toEqual(labels(before));
  expect(labels(after)).toEqual({
    vms: ['ma-1 ACM:tvdc-sample:MA', 'su-1 ACM:tvdc-sample:SU'],
    resources: ['file:/d u-1 ACM:tvdc-sample:SU'],
  });
  expect(after.health.state).toBe('enforced');
  expect((await after.admit('su-1', { kind: 'start' })).decision.reason).toBe('not_authorized');
});

test('a policy goes through Draft, Deployed, Enabled and Superseded', async () => {
  const store = createMemoryStore();
  const monitor = await sample(store);
  await expect(monitor.enable('tvdc-sample', '1.1')).rejects.toMatchObject({ code: 'policy_not_found' });
  const { record, findings } = await monitor.policies.import(v11);
  expect([record?.state, findings.some(({ severity }) => severity === 'error')]).toEqual(['draft', false]);
  await expect(monitor.enable('tvdc-sample', '1.1')).rejects.toMatchObject({ code: 'policy_wrong_state' });
  await monitor.policies.deploy('tvdc-sample', '1.1');
  expect(states(await open(store))).toEqual([
    ['tvdc-sample 1.0', 'enabled', 4],
    ['tvdc-sample 1.1', 'deployed', 3],
  ]);
  expect((await monitor.enable('tvdc-sample', '1.1')).permit).toBe(true);
  for (const each of [monitor, await open(store)]) {
    expect(states(each)).toEqual([
      ['tvdc-sample 1.0', 'superseded', 5],
      ['tvdc-sample 1.1', 'enabled', 4],
    ]);
  }
  await expect(monitor.policies.delete('tvdc-sample', '1.1')).rejects.toMatchObject({ code: 'policy_wrong_state' });
  await monitor.policies.delete('tvdc-sample', '1.0');
  expect(states(await open(store))).toEqual([['tvdc-sample 1.1', 'enabled', 4]]);
});

test('only one policy is deployed, and an invalid one is not stored', async () => {
  const monitor = await sample(createMemoryStore());
  const v12 = createPolicy({ ...v11, version: policyVersion(1, 2) });
  for (const document of [v11, v12]) {
    await monitor.policies.import(document);
    await monitor.policies.deploy(document.name, document.version.text);
  }
  expect(states(monitor).map(([, state]) => state)).toEqual(['enabled', 'draft', 'deployed']);
  const { record, findings } = await monitor.policies.import(
    createPolicy({ ...v11, version: policyVersion(2, 0), bootstrap: 'X' }),
  );
  expect([record, findings[0]?.xserr]).toEqual([undefined, 'XSERR_POLICY_INCONSISTENT']);
  expect(states(monitor)).toHaveLength(3);
});

test('a document in force cannot be replaced by another of the same name and version', async () => {
  const monitor = await sample(createMemoryStore());
  const other: PolicyDocument = createPolicy({ ...v10, header: { date: 'today' } });
  await expect(monitor.policies.import(other)).rejects.toMatchObject({ code: 'policy_wrong_state' });
  await expect(monitor.update(other)).rejects.toMatchObject({ code: 'policy_wrong_state' });
  expect((await monitor.policies.import(v10)).record?.state).toBe('enabled');
});

test('an update renames labels, keeps them or invalidates them, everywhere and for good', async () => {
  const store = createMemoryStore();
  const monitor = await sample(store);
  const next = createPolicy({
    ...v11,
    vmLabels: v11.vmLabels
      .filter(({ name }) => name !== 'SU')
      .map((label) => (label.name === 'MA' ? { ...label, name: 'Market', from: 'MA' } : label)),
    resourceLabels: v11.resourceLabels.filter(({ name }) => name !== 'SU'),
  });
  const plan = monitor.plan(next);
  expect(plan).toMatchObject({ decision: { permit: true }, breaks: [], dormant: [{ kind: 'label', vm: 'su-1' }] });
  expect(plan.invalidated).toEqual([{ label: formatLabel('tvdc-sample', 'SU'), elements: ['su-1', 'file:/d'] }]);
  expect((await monitor.update(next)).permit).toBe(true);
  for (const each of [monitor, await open(store)]) {
    expect(labels(each)).toEqual({
      vms: ['ma-1 ACM:tvdc-sample:Market', 'su-1 INV_ACM:tvdc-sample:SU'],
      resources: ['file:/d u-1 INV_ACM:tvdc-sample:SU'],
    });
    expect((await each.admit('su-1', { kind: 'start' })).decision.reason).toBe('label_invalidated');
    expect((await each.admit('ma-1', { kind: 'start' })).decision.reason).toBe('authorized');
  }
});

test('a refused update names what runs against it and changes nothing', async () => {
  const store = createMemoryStore();
  const monitor = await sample(store);
  for (const name of ['ma-1', 'su-1']) (await monitor.admit(name, { kind: 'start' })).reservation?.commit();
  expect(monitor.plan(v11).breaks.map(({ vm: name }) => name)).toEqual(['ma-1', 'su-1']);
  const decision = await monitor.update(v11);
  expect(decision).toMatchObject({ permit: false, reason: 'running_domains_violate' });
  expect(decision.violations?.map(({ vm: name }) => name)).toEqual(['ma-1', 'su-1']);
  expect(states(await open(store))).toEqual([['tvdc-sample 1.0', 'enabled', 4]]);
  expect(monitor.policy.version).toBe('1.0');
});

test('a reset goes back to DEFAULT once nothing runs that it does not know', async () => {
  const store = createMemoryStore();
  const monitor = await sample(store);
  await monitor.setSystemLabel('HostMA');
  const { reservation } = await monitor.admit('ma-1', { kind: 'start' });
  reservation?.commit();
  expect(await monitor.reset()).toMatchObject({ permit: false, hypervisorErrors: [{ code: 0x104 }] });
  monitor.left('ma-1');
  expect((await monitor.reset()).permit).toBe(true);
  const after = await open(store);
  expect([after.policy.name, after.systemLabel]).toEqual(['DEFAULT', 'SystemManagement']);
  expect(labels(after).vms).toEqual(['ma-1 INV_ACM:tvdc-sample:MA', 'su-1 INV_ACM:tvdc-sample:SU']);
  expect((await after.update(v11)).permit).toBe(true);
});

describe('what could not be stored did not happen', () => {
  test('an update, a system label, a label', async () => {
    const state = failing(createMemoryStore());
    const monitor = await sample(state.store);
    const before = [monitor.policy, monitor.systemLabel, labels(monitor), states(monitor), monitor.health];
    state.fail = true;
    await expect(monitor.update(v11)).rejects.toThrow('disk full');
    await expect(monitor.setSystemLabel('HostMA')).rejects.toThrow('disk full');
    await expect(monitor.changeLabel({ element: vm('ma-1'), label: 'SU' })).rejects.toThrow('disk full');
    await expect(monitor.changeLabel({ element: disk, label: null })).rejects.toThrow('disk full');
    await expect(monitor.policies.import(v11)).rejects.toThrow('disk full');
    expect([monitor.policy, monitor.systemLabel, labels(monitor), states(monitor), monitor.health]).toEqual(before);
    expect(monitor.ask({ hook: 'authorization', subject: 'su-1' }).permit).toBe(true);
    state.fail = false;
    expect((await monitor.update(v11)).permit).toBe(true);
  });

  test('a journal that refuses takes the change with it', async () => {
    const monitor = await sample(createMemoryStore());
    const record = (): never => {
      throw new Error('no journal');
    };
    await expect(monitor.update(v11, { record })).rejects.toThrow('no journal');
    expect([monitor.policy.version, labels(monitor).vms[0]]).toEqual(['1.0', 'ma-1 ACM:tvdc-sample:MA']);
  });
});

test('records are written in the transaction of the change, with its decision', async () => {
  const store = createMemoryStore();
  const monitor = await sample(store);
  const record = (tx: StoreTransaction, { reason }: { readonly reason: string }): void =>
    tx.put('journal', 'last', reason);
  await monitor.changeLabel({ element: vm('x'), label: 'MA' }, { record });
  expect(store.get('journal', 'last')).toBe('ok');
  await monitor.changeLabel(
    { element: vm('y'), label: 'nothing' },
    { record: (tx) => tx.put('journal', 'last', 'never') },
  );
  expect(store.get('journal', 'last')).toBe('ok');
});

describe('a label inside the transaction of its element', () => {
  test('comes and goes with it', async () => {
    const store = createMemoryStore();
    const monitor = await sample(store);
    const change = { element: vm('new'), label: 'MA', oldLabel: '' } as const;
    await expect(
      store.transaction((tx) => {
        expect(monitor.changeLabelIn(tx, change).decision.permit).toBe(true);
        throw new Error('element refused');
      }),
    ).rejects.toThrow('element refused');
    expect(monitor.labels.vm('new')).toBeUndefined();
    await store.transaction((tx) => monitor.changeLabelIn(tx, change));
    expect(monitor.labels.vm('new')).toMatchObject({ label: 'MA', state: 'valid' });
    await store.transaction((tx) => monitor.forget(tx, vm('new')));
    expect((await open(store)).labels.vm('new')).toBeUndefined();
  });

  test('that is refused writes nothing', async () => {
    const store = createMemoryStore();
    const monitor = await sample(store);
    const { decision } = await store.transaction((tx) => monitor.changeLabelIn(tx, { element: vm('new'), label: 'X' }));
    expect(decision.reason).toBe('unknown_label');
    expect((await open(store)).labels.vm('new')).toBeUndefined();
  });

  test('is judged by, and follows, an update of the same commit', async () => {
    const store = createMemoryStore();
    const monitor = await sample(store);
    const next = createPolicy({
      ...v11,
      vmLabels: [...v11.vmLabels.slice(0, 1), { name: 'New', from: 'MA', ste: ['MA'], chwall: ['MA'] }],
    });
    const [update, early] = await Promise.all([
      monitor.update(next),
      store.transaction((tx) => monitor.changeLabelIn(tx, { element: vm('early'), label: 'MA' }).decision),
    ]);
    expect(update.permit).toBe(true);
    const late = monitor.labels.vm('early');
    expect(early.permit ? late?.label : late).toBe(early.permit ? 'New' : undefined);
  });
});

describe('the enforced document is missing or was changed', () => {
  const key = 'policy/document/tvdc-sample/1.0';
  const damage = {
    missing: (tx: StoreTransaction) => void tx.delete('acm', key),
    changed: (tx: StoreTransaction) =>
      tx.put(
        'acm',
        key,
        String(tx.get('acm', key)).replaceAll('<Type>MA</Type><Type>SU</Type>', '<Type>SU</Type><Type>MA</Type>'),
      ),
  };

  test.each(['missing', 'changed'] as const)('strict: %s, so no VM starts until a policy is enabled', async (how) => {
    const store = createMemoryStore();
    await sample(store);
    await store.transaction(damage[how]);
    const monitor = await open(store);
    expect(monitor.health).toMatchObject({ state: how, policy: 'tvdc-sample', version: '1.0' });
    expect((await monitor.admit('ma-1', { kind: 'start' })).decision).toMatchObject({
      reason: 'invalid_policy',
      rule: 'policy-enforcement',
    });
    expect((await open(store)).health.state).toBe(how);
    expect(labels(monitor).vms).toEqual(['ma-1 ACM:tvdc-sample:MA', 'su-1 ACM:tvdc-sample:SU']);
    await monitor.policies.import(v11);
    await monitor.policies.deploy('tvdc-sample', '1.1');
    expect((await monitor.enable('tvdc-sample', '1.1')).permit).toBe(true);
    expect(monitor.health.state).toBe('enforced');
    expect((await monitor.admit('ma-1', { kind: 'start' })).decision.permit).toBe(true);
  });

  test('xen: DEFAULT is forced and labels lose their definition', async () => {
    const store = createMemoryStore();
    await sample(store);
    await store.transaction(damage.missing);
    const monitor = await ReferenceMonitor.open({ store, mode: 'xen' });
    expect([monitor.health.state, monitor.policy.name]).toEqual(['enforced', 'DEFAULT']);
    expect(labels(monitor).vms).toEqual(['ma-1 INV_ACM:tvdc-sample:MA', 'su-1 INV_ACM:tvdc-sample:SU']);
  });

  test('a stored label that cannot be read stops the opening', async () => {
    const store = createMemoryStore();
    await store.transaction((tx) => tx.put('acm', 'label/vm/x', '{"policy":1}'));
    await expect(open(store)).rejects.toMatchObject({ code: 'acm_state_damaged' });
  });
});
