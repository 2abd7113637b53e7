import { samplePolicies } from '../../src/acm/index.js';
import {
  changeLabel,
  cloneVm,
  createVlan,
  createVolume,
  examineArrival,
  examineStart,
  modifyVm,
  type Newcomer,
  pauseVm,
  saveVm,
  restoreVm,
  startVm,
  stopVm,
} from '../../src/vmm/index.js';
import { actor, codeOf, define, enforceSample, faultsOf, openHost, type TestHost } from './support/host.js';

let host: TestHost;
let parts: TestHost['parts'];

beforeEach(async () => {
  host = await openHost();
  ({ parts } = host);
  await enforceSample(parts);
});
afterEach(async () => {
  expect(await faultsOf(host)).toEqual([]);
});

const codes = async (vm: string): Promise<readonly string[]> => (await examineStart(parts, vm)).map(({ code }) => code);

describe('a definition with what it needs', () => {
  test('makes its volumes and gives all of them their labels', async () => {
    await createVlan(parts, actor, 100, 'MA');
    const old = await createVolume(parts, actor, 'old', 512);
    const vm = await define(parts, 'ma', 'MA', {
      volumes: [old.uuid],
      newVolumes: [
        { name: 'root', sizeBytes: 1024, label: 'MA' },
        { name: 'data', sizeBytes: 2048, label: null },
      ],
      vlans: [100],
      resourceLabels: [
        { target: { kind: 'volume', uuid: old.uuid }, label: 'MA' },
        { target: { kind: 'vlan', id: 100 }, label: 'ACM:tvdc-sample:MA' },
      ],
    });
    const volumes = vm.disks.map((disk) => parts.inventory.volume(disk.volume));
    expect(volumes.map((volume) => [volume?.name, volume?.sizeBytes])).toEqual([
      ['old', 512],
      ['root', 1024],
      ['data', 2048],
    ]);
    const { labels } = parts.monitor;
    expect(volumes.map((volume) => labels.resource(volume?.resource ?? '')?.label)).toEqual(['MA', 'MA', undefined]);
    expect(labels.resource('vlan:100')?.label).toBe('MA');
    expect(volumes.every((volume) => host.storage.contents.has(volume?.resource ?? ''))).toBe(true);
    expect(await codes(vm.uuid)).toEqual(['resource_not_labeled']);
    const own = { kind: 'volume', uuid: volumes[2]?.uuid ?? '' } as const;
    await changeLabel(parts, actor, own, 'MA');
    await startVm(parts, actor, vm.uuid);
  });

  test.each([
    ['the label of the machine', 'nobody', 'MA', 'MA', 'refused'],
    ['the label of a new volume', 'MA', 'nobody', 'MA', 'refused'],
    ['the label of a volume that has another', 'MA', 'MA', 'SU', 'refused'],
  ])('leaves nothing where %s is not possible', async (_what, label, volumeLabel, otherLabel, code) => {
    const other = await createVolume(parts, actor, 'other', 512);
    await changeLabel(parts, actor, { kind: 'volume', uuid: other.uuid }, 'MA');
    const wish = define(parts, 'vm', label, {
      volumes: [other.uuid],
      newVolumes: [{ name: 'root', sizeBytes: 512, label: volumeLabel }],
      resourceLabels: [{ target: { kind: 'volume', uuid: other.uuid }, label: otherLabel }],
    });
    expect(await codeOf(wish)).toBe(code);
    expect([...parts.inventory.vms()]).toEqual([]);
    expect([...parts.inventory.volumes()].map(({ name }) => name)).toEqual(['other']);
    expect(host.storage.contents.size).toBe(1);
    expect(host.vtpms.list()).toEqual([]);
    expect(parts.monitor.labels.resource(other.resource)?.label).toBe('MA');
  });

  test('keeps the identity of a machine that comes from elsewhere, once and of nothing else', async () => {
    const uuid = 'A4C2B18E-0D5F-4E53-9F1B-2C4D6E8F0A12';
    const [first, second] = await Promise.allSettled([
      define(parts, 'one', null, { uuid, tpm: true }),
      define(parts, 'two', null, { uuid: uuid.toLowerCase() }),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled', value: { uuid: uuid.toLowerCase(), name: 'one' } });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'name_in_use' } });
    const tpm = parts.vtpms.get(uuid.toLowerCase());
    expect(tpm).toBeDefined();
    const volume = await createVolume(parts, actor, 'one-more', 512);
    expect(await codeOf(define(parts, 'three', null, { uuid: volume.uuid }))).toBe('name_in_use');
    expect(await codeOf(define(parts, 'three', null, { uuid: parts.identity.uuid }))).toBe('name_in_use');
    expect(await codeOf(define(parts, 'three', null, { uuid: 'one' }))).toBe('invalid');
    expect(parts.vtpms.get(uuid.toLowerCase())).toEqual(tpm);
    // A TPM whose machine is not here is somebody else's until it is destroyed.
    const orphan = 'b4c2b18e-0d5f-4e53-9f1b-2c4d6e8f0a12';
    await parts.vtpms.create(orphan);
    expect(await codeOf(define(parts, 'three', null, { uuid: orphan }))).toBe('invalid');
    expect(parts.vtpms.get(orphan)).toBeDefined();
    await parts.vtpms.destroy(orphan);
    expect((await define(parts, 'three', null, { uuid: orphan })).uuid).toBe(orphan);
  });

  test('does not hand on a volume that was used', async () => {
    const disk = await createVolume(parts, actor, 'disk', 512);
    const target = { kind: 'volume', uuid: disk.uuid } as const;
    await changeLabel(parts, actor, target, 'MA');
    const first = await define(parts, 'first', 'MA', { volumes: [disk.uuid] });
    await startVm(parts, actor, first.uuid);
    await stopVm(parts, actor, first.uuid);
    const second = { volumes: [], resourceLabels: [{ target, label: 'SU' }] };
    expect(await codeOf(define(parts, 'second', 'SU', second))).toBe('sanitization_required');
  });

  test('takes a name for a volume once', async () => {
    const volume = { name: 'root', sizeBytes: 512, label: null };
    expect(await codeOf(define(parts, 'a', 'MA', { newVolumes: [volume, volume] }))).toBe('name_in_use');
    const made = await Promise.all(
      ['a', 'b'].map((name) => codeOf(define(parts, name, 'MA', { newVolumes: [volume] }))),
    );
    expect(made.sort()).toEqual(['name_in_use', 'no error']);
    expect(await codeOf(define(parts, 'c', 'MA', { newVolumes: [{ ...volume, name: '/etc' }] }))).toBe('invalid');
    expect(await codeOf(define(parts, 'c', 'MA', { newVolumes: [{ ...volume, name: 'x', sizeBytes: 1 }] }))).toBe(
      'invalid',
    );
  });
});

describe('the trusted mark', () => {
  test('lets a machine with several types into the running set, each time it enters', async () => {
    const { uuid } = await define(parts, 'gateway', 'HostMA');
    expect(await codeOf(startVm(parts, actor, uuid))).toBe('refused');
    expect(await codes(uuid)).toEqual(['not_authorized']);
    await modifyVm(parts, actor, uuid, { trusted: true });
    await startVm(parts, actor, uuid);
    await pauseVm(parts, actor, uuid);
    await modifyVm(parts, actor, uuid, { trusted: false });
    expect(parts.inventory.vm(uuid)?.state).toBe('paused');
    await saveVm(parts, actor, uuid);
    expect(await codeOf(restoreVm(parts, actor, uuid))).toBe('refused');
    await modifyVm(parts, actor, uuid, { trusted: true });
    await restoreVm(parts, actor, uuid);
  });

  test('counts for a new label of a machine that runs', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    const target = { kind: 'vm', uuid } as const;
    expect(await codeOf(changeLabel(parts, actor, target, 'HostMA'))).toBe('refused');
    await modifyVm(parts, actor, uuid, { trusted: true });
    await changeLabel(parts, actor, target, 'HostMA');
  });

  test('counts for a policy that gives a machine that runs several types', async () => {
    const policy = samplePolicies['tvdc-sample 1.1'];
    const vmLabels = policy.vmLabels.map((label) => (label.name === 'MA' ? { ...label, ste: ['MA', 'MS'] } : label));
    const system = vmLabels.map((label) =>
      label.name === 'SystemManagement' ? { ...label, ste: [...label.ste, 'MS'] } : label,
    );
    const wider = { ...policy, vmLabels: system };
    const gateway = await define(parts, 'gateway', 'HostMA', { trusted: true });
    await startVm(parts, actor, gateway.uuid);
    // It runs on without its mark, and does not stand against what has nothing to do with it.
    await modifyVm(parts, actor, gateway.uuid, { trusted: false });
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    const plan = parts.monitor.plan(wider);
    expect(plan.breaks.map(({ vm, sentence }) => [vm, sentence])).toEqual([
      [uuid, 'ma runs, and its label would have several types {MA, MS}; it is not marked as trusted.'],
    ]);
    expect(await parts.monitor.update(wider)).toMatchObject({ permit: false, reason: 'running_domains_violate' });
    await modifyVm(parts, actor, uuid, { trusted: true });
    expect(await parts.monitor.update(wider)).toMatchObject({ permit: true });
  });

  test('is not asked for in mode xen, as in the original', async () => {
    const xen = await openHost({}, { mode: 'xen' });
    await enforceSample(xen.parts);
    const { uuid } = await define(xen.parts, 'gateway', 'HostMA');
    await startVm(xen.parts, actor, uuid);
  });

  test('is in the journal and told; what is so already is not', async () => {
    const { uuid } = await define(parts, 'gateway', 'HostMA');
    host.events.length = 0;
    await modifyVm(parts, actor, uuid, { trusted: false });
    expect(host.events).toEqual([]);
    await modifyVm(parts, actor, uuid, { trusted: true });
    const [event] = host.events;
    expect(event).toMatchObject({ kind: 'vm-changed', transition: 'modify' });
    const entry = parts.journal.get(event?.kind === 'vm-changed' ? event.recordId : '');
    expect(entry).toMatchObject({
      actor: 'tester',
      subject: uuid,
      facts: { changes: { trusted: { from: false, to: true } } },
    });
  });

  test('is looked at by plans', async () => {
    const policy = samplePolicies['tvdc-sample 1.1'];
    const sentences = (): readonly string[] => parts.monitor.plan(policy).dormant.map(({ sentence }) => sentence);
    const { uuid } = await define(parts, 'gateway', 'HostMA');
    expect(sentences()).toEqual([
      'gateway could not start: its label would have several types, and it is not marked as trusted.',
    ]);
    await modifyVm(parts, actor, uuid, { trusted: true });
    expect(sentences()).toEqual([]);
  });

  test('is not copied', async () => {
    const { uuid } = await define(parts, 'gateway', 'HostMA', { trusted: true });
    const copy = await cloneVm(parts, actor, uuid, 'copy', { criticality: 'low', processors: 3 });
    expect(copy).toMatchObject({ trusted: false, criticality: 'low', processors: 3, memoryMiB: 64 });
    expect(await codeOf(cloneVm(parts, actor, uuid, 'other', { memoryMiB: 0 }))).toBe('invalid');
    expect((await cloneVm(parts, actor, uuid, 'heir', { trusted: true })).trusted).toBe(true);
  });
});

describe('what stands against a start', () => {
  test('is told all at once, and nothing happens', async () => {
    await createVlan(parts, actor, 200, 'SU');
    await changeLabel(parts, actor, { kind: 'vlan', id: 200 }, 'SU');
    const disk = await createVolume(parts, actor, 'disk', 512);
    const vm = await define(parts, 'ms', 'MS', { volumes: [disk.uuid], vlans: [200] });
    await parts.vtpms.destroy(vm.uuid);
    host.storage.contents.clear();
    const before = JSON.stringify([parts.monitor.statistics, host.events.length]);
    expect(await codes(vm.uuid)).toEqual([
      'not_authorized',
      'resource_not_labeled',
      'no_common_type',
      'no_virtual_tpm',
      'no_such_volume',
    ]);
    expect(JSON.stringify([parts.monitor.statistics, host.events.length])).toBe(before);
    expect(parts.monitor.running()).toEqual([]);
    host.storage.contents.set(disk.resource, '');
    await parts.vtpms.create(vm.uuid);
    expect(await codes(vm.uuid)).toEqual(['not_authorized', 'resource_not_labeled', 'no_common_type']);
  });

  test('without a label is also what its resources lack', async () => {
    const disk = await createVolume(parts, actor, 'disk', 512);
    const vm = await define(parts, 'bare', null, { volumes: [disk.uuid] });
    expect(await codes(vm.uuid)).toEqual(['unlabeled_not_supported', 'resource_not_labeled']);
  });

  test('is the conflict with what runs, and its own state', async () => {
    await parts.monitor.update(samplePolicies['tvdc-sample 1.1']);
    const ma = await define(parts, 'ma', 'MA');
    const su = await define(parts, 'su', 'SU');
    expect(await codes(su.uuid)).toEqual([]);
    await startVm(parts, actor, ma.uuid);
    expect(await examineStart(parts, su.uuid)).toEqual([
      { code: 'conflict', sentence: 'su may not run beside ma: conflict set MA-SU.' },
    ]);
    expect(await codes(ma.uuid)).toEqual(['wrong_state']);
    await saveVm(parts, actor, ma.uuid);
    expect(await codes(ma.uuid)).toEqual([]);
  });

  test('is told for a machine of another host too', async () => {
    await createVlan(parts, actor, 100, 'MA');
    await define(parts, 'taken', 'MA');
    const { name, version, sha256 } = parts.monitor.policy;
    const newcomer: Newcomer = {
      name: 'ma-9',
      label: 'MA',
      diskLabels: ['MA'],
      vlans: [],
      trusted: false,
      policy: { name, version, sha256 },
    };
    const told = (more: Partial<Newcomer>): readonly string[] =>
      examineArrival(parts, { ...newcomer, ...more }).map(({ code }) => code);
    expect(told({})).toEqual([]);
    expect(told({ label: 'HostMA' })).toEqual(['not_authorized']);
    expect(
      told({
        name: 'taken',
        label: 'MS',
        diskLabels: ['SU', 'nobody'],
        vlans: [100, 300],
        policy: { name, version: '0.9', sha256 },
      }),
    ).toEqual([
      'name_in_use',
      'policy_mismatch',
      'not_authorized',
      'resource_not_labeled',
      'no_common_type',
      'unknown_label',
      'no_such_vlan',
    ]);
    expect(told({ label: null })).toEqual(['unlabeled_not_supported']);
    expect(parts.monitor.running()).toEqual([]);
  });
});
