import {
  addDevices,
  changeLabel,
  createVlan,
  createVmTpm,
  createVolume,
  destroyVmTpm,
  modifyVm,
  pauseVm,
  saveVm,
  startVm,
  stopVm,
  type VirtualMachine,
  type VmChange,
  type Volume,
} from '../../src/vmm/index.js';
import { actor, codeOf, define, enforceSample, faultsOf, openHost, type TestHost } from './support/host.js';

let host: TestHost;
let parts: TestHost['parts'];
let disk: Volume;
let spare: Volume;
let foreign: Volume;
let vm: VirtualMachine;

const mebibyte = 1 << 20;

beforeEach(async () => {
  host = await openHost();
  ({ parts } = host);
  await enforceSample(parts);
  for (const [id, label] of [
    [100, 'MA'],
    [101, 'MA'],
    [200, 'SU'],
  ] as const) {
    await createVlan(parts, actor, id, `vlan ${id}`);
    await changeLabel(parts, actor, { kind: 'vlan', id }, label);
  }
  const volumeOf = async (name: string, label: string): Promise<Volume> => {
    const volume = await createVolume(parts, actor, name, mebibyte);
    await changeLabel(parts, actor, { kind: 'volume', uuid: volume.uuid }, label);
    return volume;
  };
  disk = await volumeOf('disk', 'MA');
  spare = await volumeOf('spare', 'MA');
  foreign = await volumeOf('foreign', 'SU');
  vm = await define(parts, 'ma', 'MA', { volumes: [disk.uuid], vlans: [100] });
  host.events.length = 0;
});

afterEach(async () => {
  expect(await faultsOf(host)).toEqual([]);
});

const now = (): VirtualMachine | undefined => parts.inventory.vm(vm.uuid);
const modify = (change: VmChange): Promise<VirtualMachine> => modifyVm(parts, actor, vm.uuid, change);
const diskId = (): string => vm.disks[0]?.id ?? '';
const portId = (): string => vm.ports[0]?.id ?? '';

describe('a change of a virtual machine', () => {
  test('takes name, sizes, disks, interfaces and label at once, is recorded and told with what was before', async () => {
    await modify({
      name: 'ma-next',
      label: 'SU',
      memoryMiB: 128,
      processors: 4,
      criticality: 'high',
      disks: [{ id: diskId(), volume: foreign.uuid }],
      ports: [{ id: portId(), vlanId: 200, mac: '02:00:5e:10:00:01' }],
    });
    expect(now()).toMatchObject({
      name: 'ma-next',
      memoryMiB: 128,
      processors: 4,
      criticality: 'high',
      disks: [{ id: diskId(), volume: foreign.uuid }],
      ports: [{ id: portId(), vlanId: 200, mac: '02:00:5e:10:00:01' }],
      state: 'off',
    });
    expect(parts.inventory.vmByName('ma')).toBeUndefined();
    expect(parts.inventory.usersOf(disk.uuid)).toEqual([]);
    expect(parts.monitor.labels.vm(vm.uuid)?.label).toBe('SU');
    expect(host.events).toEqual([
      {
        kind: 'vm-changed',
        recordId: expect.any(String) as string,
        vm: now(),
        before: vm,
        transition: 'modify',
        label: { before: 'ACM:tvdc-sample:MA', after: 'ACM:tvdc-sample:SU' },
      },
    ]);
    const { entries } = parts.journal.read({ after: 0, limit: 100, kinds: ['vm', 'label'] });
    expect(entries.slice(-2)).toMatchObject([
      { kind: 'label', subject: vm.uuid, facts: { change: 'assign label', label: 'SU' } },
      { kind: 'vm', subject: vm.uuid, facts: { changes: { memoryMiB: { from: 64, to: 128 } } } },
    ]);
    await startVm(parts, actor, vm.uuid);
  });

  test('is all of it or nothing: a label that is refused leaves the name as it was', async () => {
    expect(await codeOf(modify({ name: 'other', label: 'Unknown', memoryMiB: 512 }))).toBe('refused');
    expect(now()).toEqual(vm);
    expect(parts.inventory.vmByName('other')).toBeUndefined();
    expect(parts.monitor.labels.vm(vm.uuid)?.label).toBe('MA');
    expect(host.events.map(({ kind }) => kind)).toEqual(['denied']);
  });

  test('to what is there already is none: nothing is recorded or told, and its state does not matter', async () => {
    await startVm(parts, actor, vm.uuid);
    const head = parts.journal.head();
    const before = now();
    host.events.length = 0;
    const same: VmChange = {
      name: 'ma',
      label: 'ACM:tvdc-sample:MA',
      memoryMiB: 64,
      processors: 1,
      criticality: 'medium',
      trusted: false,
      disks: vm.disks,
      ports: [{ id: portId(), vlanId: 100 }],
    };
    await modify(same);
    await modify({ label: 'MA' });
    expect([now(), parts.journal.head(), host.events]).toEqual([before, head, []]);
  });

  test.each(['running', 'paused', 'saved'] as const)(
    'of what its domain is made of waits until it is off; how much it matters does not: %s',
    async (state) => {
      await startVm(parts, actor, vm.uuid);
      if (state === 'paused') await pauseVm(parts, actor, vm.uuid);
      if (state === 'saved') await saveVm(parts, actor, vm.uuid);
      const before = now();
      for (const change of [
        { name: 'other' },
        { memoryMiB: 128 },
        { processors: 2 },
        { disks: [{ id: diskId(), volume: spare.uuid }] },
        { ports: [{ id: portId(), vlanId: 101 }] },
        { criticality: 'low', memoryMiB: 128 },
      ] satisfies VmChange[]) {
        expect([change, await codeOf(modify(change))]).toEqual([change, 'wrong_state']);
      }
      expect(now()).toEqual(before);
      await modify({ criticality: 'low' });
      expect(now()).toMatchObject({ criticality: 'low', state });
      await stopVm(parts, actor, vm.uuid);
      await modify({ memoryMiB: 128 });
    },
  );

  test('of the label of one that runs passes the checks of the reference monitor', async () => {
    await startVm(parts, actor, vm.uuid);
    expect(await codeOf(modify({ label: 'SU' }))).toBe('refused');
    expect(parts.monitor.labels.vm(vm.uuid)?.label).toBe('MA');
    await stopVm(parts, actor, vm.uuid);
    await modify({ label: null });
    expect(parts.monitor.labels.vm(vm.uuid)).toBeUndefined();
  });

  test.each([
    [{ name: '' }, 'invalid'],
    [{ name: 'taken' }, 'name_in_use'],
    [{ memoryMiB: 0 }, 'invalid'],
    [{ memoryMiB: 1.5 }, 'invalid'],
    [{ memoryMiB: 2 ** 24 + 1 }, 'invalid'],
    [{ processors: 1025 }, 'invalid'],
  ] as const)('%j is %s', async (change, code) => {
    await define(parts, 'taken', 'MA');
    expect(await codeOf(modify(change))).toBe(code);
    expect(now()).toEqual(vm);
  });

  test('does not take a volume, an address or a device that is another one’s or not there', async () => {
    const other = await define(parts, 'other', 'MA', { volumes: [spare.uuid], vlans: [100] });
    const mac = other.ports[0]?.mac ?? '';
    const cases: readonly (readonly [VmChange, string])[] = [
      [{ disks: [{ id: diskId(), volume: spare.uuid }] }, 'in_use'],
      [{ disks: [{ id: diskId(), volume: 'nowhere' }] }, 'not_found'],
      [{ disks: [{ id: 'no disk', volume: foreign.uuid }] }, 'not_found'],
      [{ ports: [{ id: portId(), mac }] }, 'in_use'],
      [{ ports: [{ id: portId(), mac: '03:00:00:00:00:01' }] }, 'invalid'],
      [{ ports: [{ id: portId(), mac: 'any' }] }, 'invalid'],
      [{ ports: [{ id: portId(), vlanId: 300 }] }, 'not_found'],
      [{ ports: [{ id: 'no port', vlanId: 101 }] }, 'not_found'],
    ];
    for (const [change, code] of cases) expect([change, await codeOf(modify(change))]).toEqual([change, code]);
    expect(now()).toEqual(vm);
  });

  test('may swap two volumes of the same machine', async () => {
    const two = await define(parts, 'two', 'MA', { volumes: [spare.uuid, foreign.uuid] });
    const [first, second] = two.disks;
    const swapped = [
      { id: first?.id ?? '', volume: foreign.uuid },
      { id: second?.id ?? '', volume: spare.uuid },
    ];
    expect((await modifyVm(parts, actor, two.uuid, { disks: swapped })).disks).toEqual(swapped);
    const doubled = [{ id: first?.id ?? '', volume: spare.uuid }];
    expect(await codeOf(modifyVm(parts, actor, two.uuid, { disks: doubled }))).toBe('in_use');
  });

  test('of many at once, one gets the name and one the volume', async () => {
    const others = await Promise.all(['a', 'b', 'c'].map((name) => define(parts, name, 'MA', { volumes: [] })));
    const names = await Promise.all(others.map(({ uuid }) => codeOf(modifyVm(parts, actor, uuid, { name: 'same' }))));
    expect(names.sort()).toEqual(['name_in_use', 'name_in_use', 'no error']);
    const taken = await Promise.all([
      codeOf(modify({ disks: [{ id: diskId(), volume: spare.uuid }] })),
      codeOf(addDevices(parts, actor, others[0]?.uuid ?? '', [{ kind: 'disk', volume: spare.uuid }])),
    ]);
    expect(taken.sort()).toEqual(['in_use', 'no error']);
    expect(parts.inventory.usersOf(spare.uuid)).toHaveLength(1);
  });
});

describe('devices that are added together', () => {
  test('are all there, or none of them is', async () => {
    const added = await addDevices(parts, actor, vm.uuid, [
      { kind: 'disk', volume: spare.uuid },
      { kind: 'port', vlan: 101 },
    ]);
    expect(added.map(({ kind }) => kind)).toEqual(['disk', 'port']);
    await startVm(parts, actor, vm.uuid);
    const before = now();
    const wanted = [
      { kind: 'port', vlan: 101 },
      { kind: 'disk', volume: foreign.uuid },
    ] as const;
    expect(await codeOf(addDevices(parts, actor, vm.uuid, wanted))).toBe('refused');
    expect(now()).toMatchObject({ disks: before?.disks, ports: before?.ports });
  });

  test('a virtual TPM comes and goes while the machine is off', async () => {
    expect(await codeOf(createVmTpm(parts, actor, vm.uuid))).toBe('in_use');
    await destroyVmTpm(parts, actor, vm.uuid);
    expect([now()?.tpm, host.vtpms.get(vm.uuid)]).toEqual([false, undefined]);
    expect(await codeOf(destroyVmTpm(parts, actor, vm.uuid))).toBe('not_found');
    await startVm(parts, actor, vm.uuid);
    expect(await codeOf(createVmTpm(parts, actor, vm.uuid))).toBe('wrong_state');
    await stopVm(parts, actor, vm.uuid);
    await addDevices(parts, actor, vm.uuid, [{ kind: 'tpm' }]);
    expect(host.vtpms.get(vm.uuid)?.state).toBe('off');
  });
});

describe('what the host has given', () => {
  test('is counted with every transition, and again after a restart', async () => {
    const idle = { memoryMiB: 0, processors: 0, ports: 0, tpms: 1, volumeBytes: 3 * mebibyte };
    expect(parts.inventory.use()).toEqual(idle);
    await modify({ memoryMiB: 100, processors: 2 });
    await startVm(parts, actor, vm.uuid);
    const busy = { ...idle, memoryMiB: 100, processors: 2, ports: 1 };
    expect(parts.inventory.use()).toEqual(busy);
    await pauseVm(parts, actor, vm.uuid);
    const { Inventory } = await import('../../src/vmm/index.js');
    expect(new Inventory(parts.store).use()).toEqual(busy);
    await saveVm(parts, actor, vm.uuid);
    expect(parts.inventory.use()).toEqual(idle);
  });
});
