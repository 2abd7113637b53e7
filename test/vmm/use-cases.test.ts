import { nextTurn } from '../../src/base/index.js';
import {
  attachDisk,
  modifyVm,
  changeDomainState,
  changeLabel,
  cloneVm,
  connectVlan,
  createVlan,
  createVolume,
  defineVm,
  deleteVlan,
  deleteVolume,
  destroyVm,
  detachDisk,
  Domains,
  eraseVolume,
  leaveRunning,
  pauseVm,
  recover,
  resetVm,
  restoreVm,
  saveVm,
  startVm,
  stopVm,
  unpauseVm,
  VmmError,
  type Volume,
} from '../../src/vmm/index.js';
import {
  actor,
  codeOf,
  crash,
  define,
  enforceSample,
  faultsOf,
  openHost,
  specOf,
  type TestHost,
} from './support/host.js';

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

async function volumeOf(name: string, label: string | null): Promise<Volume> {
  const volume = await createVolume(parts, actor, name, 512);
  if (label !== null) await changeLabel(parts, actor, { kind: 'volume', uuid: volume.uuid }, label);
  return volume;
}

async function vlanOf(id: number, label: string): Promise<void> {
  await createVlan(parts, actor, id, label);
  await changeLabel(parts, actor, { kind: 'vlan', id }, label);
}

describe('defining', () => {
  test('a virtual machine comes with label and virtual TPM, or not at all', async () => {
    const vm = await define(parts, 'ma', 'MA');
    expect(parts.monitor.labels.vm(vm.uuid)).toMatchObject({ policy: 'tvdc-sample', label: 'MA', state: 'valid' });
    expect(host.vtpms.get(vm.uuid)?.state).toBe('off');
    expect(await codeOf(define(parts, 'other', 'Unknown'))).toBe('refused');
    expect([...parts.inventory.vms()]).toHaveLength(1);
    expect(host.vtpms.list()).toHaveLength(1);
  });

  test('of many at once with one name or one volume exactly one comes into being', async () => {
    const { uuid } = await volumeOf('disk', 'MA');
    const names = ['a', 'a', 'b', 'c', 'd'];
    const codes = await Promise.all(names.map((name) => codeOf(define(parts, name, 'MA', { volumes: [uuid] }))));
    expect(codes.filter((code) => code === 'no error')).toHaveLength(1);
    expect(parts.inventory.usersOf(uuid)).toHaveLength(1);
    const same = await Promise.all(Array.from({ length: 4 }, () => codeOf(define(parts, 'same', 'MA'))));
    expect(same.sort()).toEqual(['name_in_use', 'name_in_use', 'name_in_use', 'no error']);
  });

  test.each([
    [{ name: '' }, 'invalid'],
    [{ name: '../x' }, 'invalid'],
    [{ memoryMiB: 0 }, 'invalid'],
    [{ processors: 1.5 }, 'invalid'],
    [{ volumes: ['nowhere'] }, 'not_found'],
    [{ vlans: [7] }, 'not_found'],
  ])('%j is %s', async (wrong, code) => {
    expect(await codeOf(defineVm(parts, actor, { ...specOf('vm', 'MA'), ...wrong }))).toBe(code);
  });

  test('a name is free again after its virtual machine was destroyed; its volume keeps label and content', async () => {
    const { uuid, resource } = await volumeOf('disk', 'MA');
    const vm = await define(parts, 'ma', 'MA', { volumes: [uuid] });
    await startVm(parts, actor, vm.uuid);
    expect(await codeOf(destroyVm(parts, actor, vm.uuid))).toBe('wrong_state');
    await stopVm(parts, actor, vm.uuid);
    await destroyVm(parts, actor, vm.uuid);
    expect(parts.monitor.labels.vm(vm.uuid)).toBeUndefined();
    expect(host.vtpms.get(vm.uuid)).toBeUndefined();
    expect(parts.monitor.labels.resource(resource)?.label).toBe('MA');
    expect(await codeOf(changeLabel(parts, actor, { kind: 'volume', uuid }, 'SU'))).toBe('sanitization_required');
    await define(parts, 'ma', 'MA', { volumes: [uuid] });
  });
});

describe('cloning', () => {
  test('a clone has label, settings and content of its origin and an identity of its own', async () => {
    await vlanOf(100, 'MA');
    const disk = await volumeOf('disk', 'MA');
    host.storage.contents.set(disk.resource, 'data');
    const origin = await define(parts, 'ma', 'MA', { volumes: [disk.uuid], vlans: [100], criticality: 'high' });
    const copy = await cloneVm(parts, actor, origin.uuid, 'ma-copy');
    expect(copy).toMatchObject({ name: 'ma-copy', criticality: 'high', state: 'off', tpm: true });
    expect(copy.uuid).not.toBe(origin.uuid);
    expect(copy.ports[0]?.mac).not.toBe(origin.ports[0]?.mac);
    expect(host.vtpms.get(copy.uuid)?.uuid).not.toBe(host.vtpms.get(origin.uuid)?.uuid);
    const volume = parts.inventory.volume(copy.disks[0]?.volume ?? '');
    expect(volume).toMatchObject({ name: 'ma-copy-disk-1', used: false });
    expect(host.storage.contents.get(volume?.resource ?? '')).toBe('data');
    expect(parts.monitor.labels.resource(volume?.resource ?? '')?.label).toBe('MA');
    await Promise.all([startVm(parts, actor, origin.uuid), startVm(parts, actor, copy.uuid)]);
  });

  test('only what is off is cloned, and only to a free name', async () => {
    const vm = await define(parts, 'ma', 'MA');
    expect(await codeOf(cloneVm(parts, actor, vm.uuid, 'ma'))).toBe('name_in_use');
    await startVm(parts, actor, vm.uuid);
    expect(await codeOf(cloneVm(parts, actor, vm.uuid, 'copy'))).toBe('wrong_state');
  });

  test('a name for a volume is given once, also to a copy', async () => {
    const disk = await volumeOf('disk', 'MA');
    const vm = await define(parts, 'ma', 'MA', { volumes: [disk.uuid] });
    const [copied, made] = await Promise.all([
      codeOf(cloneVm(parts, actor, vm.uuid, 'copy')),
      codeOf(createVolume(parts, actor, 'copy-disk-1', 512)),
    ]);
    expect([copied, made].sort()).toEqual(['name_in_use', 'no error']);
    expect([...parts.inventory.volumes()].filter(({ name }) => name === 'copy-disk-1')).toHaveLength(1);
  });

  test('a machine that gets a volume while its copy waits is copied with it', async () => {
    const vm = await define(parts, 'ma', 'MA');
    const disk = await volumeOf('disk', 'MA');
    const [, copy] = await Promise.all([
      attachDisk(parts, actor, vm.uuid, disk.uuid),
      cloneVm(parts, actor, vm.uuid, 'copy'),
    ]);
    expect(copy.disks).toHaveLength(1);
  });

  test('a written volume counts as written in its copy', async () => {
    const disk = await volumeOf('disk', 'MA');
    const vm = await define(parts, 'ma', 'MA', { volumes: [disk.uuid] });
    await startVm(parts, actor, vm.uuid);
    await stopVm(parts, actor, vm.uuid);
    const copy = await cloneVm(parts, actor, vm.uuid, 'copy');
    const target = { kind: 'volume', uuid: copy.disks[0]?.volume ?? '' } as const;
    expect(await codeOf(changeLabel(parts, actor, target, 'SU'))).toBe('sanitization_required');
  });
});

describe('running', () => {
  test('a life: start, pause, resume, save, restore, reset, shut down', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    await parts.vtpms.extend(uuid, [{ pcr: 10, digests: [] }]);
    await pauseVm(parts, actor, uuid);
    await unpauseVm(parts, actor, uuid);
    await saveVm(parts, actor, uuid);
    expect(parts.monitor.running()).toEqual([]);
    await restoreVm(parts, actor, uuid);
    expect(host.vtpms.extended(uuid)).toHaveLength(1);
    await resetVm(parts, actor, uuid, 'shutDown');
    expect(host.vtpms.extended(uuid)).toEqual([]);
    await stopVm(parts, actor, uuid, 'shutDown');
    const told = host.events.flatMap((event) => (event.kind === 'vm-changed' ? [event.transition] : []));
    expect(told).toEqual(['start', 'pause', 'resume', 'save', 'restore', 'shut down', 'start', 'shut down']);
  });

  test('a guest that shuts down is known to, until it has or runs on all the same', async () => {
    let isDeaf = true;
    const seen: boolean[] = [];
    const slow = await openHost(
      {},
      {
        change: ({ hypervisor }) => ({
          hypervisor: {
            ...hypervisor,
            shutDown: async (uuid) => {
              seen.push(slow.parts.ending.has(uuid));
              if (isDeaf) throw new VmmError('driver_failed', ['the guest does not answer']);
              await hypervisor.shutDown(uuid);
            },
          },
        }),
      },
    );
    await enforceSample(slow.parts);
    const { uuid } = await define(slow.parts, 'ma', 'MA');
    await startVm(slow.parts, actor, uuid);
    slow.events.length = 0;
    expect(await codeOf(stopVm(slow.parts, actor, uuid, 'shutDown'))).toBe('driver_failed');
    expect(slow.parts.ending.size).toBe(0);
    isDeaf = false;
    await stopVm(slow.parts, actor, uuid, 'shutDown');
    expect(slow.parts.ending.size).toBe(0);
    expect(seen).toEqual([true, true]);
    expect(slow.events.map((event) => (event.kind === 'vm-ending' ? event.ending : event.kind))).toEqual([
      true,
      false,
      true,
      'vm-changed',
    ]);
  });

  test('a saved virtual machine whose restore is denied stays saved, with its PCRs', async () => {
    await enforceSample(parts, '1.1');
    const ma = await define(parts, 'ma', 'MA');
    const su = await define(parts, 'su', 'SU');
    await startVm(parts, actor, ma.uuid);
    await saveVm(parts, actor, ma.uuid);
    await startVm(parts, actor, su.uuid);
    expect(await codeOf(restoreVm(parts, actor, ma.uuid))).toBe('refused');
    expect(parts.inventory.vm(ma.uuid)?.state).toBe('saved');
    expect(host.vtpms.get(ma.uuid)?.state).toBe('suspended');
    await stopVm(parts, actor, su.uuid);
    await restoreVm(parts, actor, ma.uuid);
  });

  test('of two that conflict, started at once, exactly one runs', async () => {
    await enforceSample(parts, '1.1');
    const ma = await define(parts, 'ma', 'MA');
    const su = await define(parts, 'su', 'SU');
    const codes = await Promise.all([ma, su].map((vm) => codeOf(startVm(parts, actor, vm.uuid))));
    expect(codes.sort()).toEqual(['no error', 'refused']);
  });

  test('a reset is one transition: nobody comes between its stop and its start', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    let over = false;
    const reset = resetVm(parts, actor, uuid).finally(() => (over = true));
    while (!over) {
      expect(await codeOf(destroyVm(parts, actor, uuid))).toBe('wrong_state');
      await nextTurn();
    }
    expect((await reset).state).toBe('running');
  });

  test('a reset that is refused leaves the virtual machine off', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    const refusing = { ...parts, monitor: Object.create(parts.monitor) as typeof parts.monitor };
    Object.assign(refusing.monitor, {
      left: (vm: string) => parts.monitor.left(vm),
      admit: async () => ({ decision: parts.monitor.communicate('x', 'y'), found: false }),
    });
    expect(await codeOf(resetVm(refusing, actor, uuid))).toBe('refused');
    expect(parts.inventory.vm(uuid)?.state).toBe('off');
  });

  test.each([
    ['start', (uuid: string) => startVm(parts, actor, uuid)],
    ['restore', (uuid: string) => restoreVm(parts, actor, uuid)],
    ['resume', (uuid: string) => unpauseVm(parts, actor, uuid)],
  ])('%s of a running one is a wrong state, of an unknown one not found', async (_name, act) => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    expect(await codeOf(act(uuid))).toBe('wrong_state');
    expect(await codeOf(act('nobody'))).toBe('not_found');
  });

  test('a change of criticality and a start at once lose nothing of each other', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await Promise.all([startVm(parts, actor, uuid), modifyVm(parts, actor, uuid, { criticality: 'high' })]);
    expect(parts.inventory.vm(uuid)).toMatchObject({ state: 'running', criticality: 'high' });
  });

  test('a domain that could not be ended keeps its place, and the next transition ends it', async () => {
    await enforceSample(parts, '1.1');
    const ma = await define(parts, 'ma', 'MA');
    const su = await define(parts, 'su', 'SU');
    const broken = {
      ...parts,
      hypervisor: { ...parts.hypervisor, stop: () => Promise.reject(new Error('stuck')) },
      inventory: new Proxy(parts.inventory, {
        get: (target, name) => {
          if (name === 'change') return () => Promise.reject(new Error('disk full'));
          const value: unknown = Reflect.get(target, name);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      }),
    };
    await expect(startVm(broken, actor, ma.uuid)).rejects.toThrow('disk full');
    expect(await parts.hypervisor.stateOf(ma.uuid)).toBe('running');
    expect(await codeOf(startVm(parts, actor, su.uuid))).toBe('refused');
    await startVm(parts, actor, ma.uuid);
    await stopVm(parts, actor, ma.uuid);
    await startVm(parts, actor, su.uuid);
  });
});

describe('devices', () => {
  test('of many attaching one volume at once exactly one gets it', async () => {
    const { uuid } = await volumeOf('disk', 'MA');
    const vms = await Promise.all(['a', 'b', 'c'].map((name) => define(parts, name, 'MA')));
    await startVm(parts, actor, vms[0]?.uuid ?? '');
    const codes = await Promise.all(vms.map((vm) => codeOf(attachDisk(parts, actor, vm.uuid, uuid))));
    expect(codes.sort()).toEqual(['in_use', 'in_use', 'no error']);
  });

  test('attach, erase, label and delete of one volume at once leave one story', async () => {
    const vm = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, vm.uuid);
    for (let round = 0; round < 5; round++) {
      const volume = await volumeOf(`disk-${round}`, 'MA');
      const target = { kind: 'volume', uuid: volume.uuid } as const;
      await Promise.all(
        [
          () => attachDisk(parts, actor, vm.uuid, volume.uuid),
          () => eraseVolume(parts, actor, volume.uuid),
          () => changeLabel(parts, actor, target, 'SU'),
          () => deleteVolume(parts, actor, volume.uuid),
          () => define(parts, `other-${round}`, 'MA', { volumes: [volume.uuid] }),
        ]
          .slice(round)
          .map((act) => codeOf(act())),
      );
      expect(await faultsOf(host)).toEqual([]);
    }
  });

  test('a volume that may have been written is relabelled only after it was erased, and erased only while unused', async () => {
    const { uuid } = await volumeOf('disk', 'MA');
    const vm = await define(parts, 'ma', 'MA', { volumes: [uuid] });
    await startVm(parts, actor, vm.uuid);
    await saveVm(parts, actor, vm.uuid);
    expect(await codeOf(eraseVolume(parts, actor, uuid))).toBe('in_use');
    await stopVm(parts, actor, vm.uuid);
    expect(await codeOf(changeLabel(parts, actor, { kind: 'volume', uuid }, 'SU'))).toBe('sanitization_required');
    expect(await codeOf(changeLabel(parts, actor, { kind: 'volume', uuid }, null))).toBe('sanitization_required');
    expect(await codeOf(changeLabel(parts, actor, { kind: 'volume', uuid }, 'ACM:tvdc-sample:MA'))).toBe('no error');
    await eraseVolume(parts, actor, uuid);
    await changeLabel(parts, actor, { kind: 'volume', uuid }, 'SU');
    expect(await codeOf(startVm(parts, actor, vm.uuid))).toBe('refused');
  });

  test('a label of another policy is another label even if its name is the same', async () => {
    const { uuid } = await volumeOf('disk', 'MA');
    const vm = await define(parts, 'ma', 'MA', { volumes: [uuid] });
    await startVm(parts, actor, vm.uuid);
    await stopVm(parts, actor, vm.uuid);
    expect(await codeOf(changeLabel(parts, actor, { kind: 'volume', uuid }, 'ACM:other:MA'))).toBe(
      'sanitization_required',
    );
  });

  test('a start waits for the erasure of its volume, so that the written volume does not count as erased', async () => {
    const { uuid } = await volumeOf('disk', 'MA');
    const vm = await define(parts, 'ma', 'MA', { volumes: [uuid] });
    let finish = (): void => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const storage = { ...parts.storage, erase: () => slow };
    const erased = eraseVolume({ ...parts, storage }, actor, uuid);
    const started = startVm(parts, actor, vm.uuid);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(parts.inventory.vm(vm.uuid)?.state).toBe('off');
    finish();
    await Promise.all([erased, started]);
    expect(parts.inventory.volume(uuid)?.used).toBe(true);
  });

  test('what a running virtual machine uses keeps its label', async () => {
    await vlanOf(100, 'MA');
    const vm = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, vm.uuid);
    await connectVlan(parts, actor, vm.uuid, 100);
    expect(await codeOf(changeLabel(parts, actor, { kind: 'vlan', id: 100 }, 'SU'))).toBe('refused');
    expect(await codeOf(deleteVlan(parts, actor, 100))).toBe('in_use');
    expect(await codeOf(changeLabel(parts, actor, { kind: 'vm', uuid: vm.uuid }, 'SU'))).toBe('refused');
    await stopVm(parts, actor, vm.uuid);
    await changeLabel(parts, actor, { kind: 'vlan', id: 100 }, 'SU');
    expect(await codeOf(startVm(parts, actor, vm.uuid))).toBe('refused');
  });

  test('a detached disk is free', async () => {
    const { uuid } = await volumeOf('disk', 'MA');
    const vm = await define(parts, 'ma', 'MA', { volumes: [uuid] });
    await startVm(parts, actor, vm.uuid);
    expect(await codeOf(deleteVolume(parts, actor, uuid))).toBe('in_use');
    await detachDisk(parts, actor, vm.uuid, vm.disks[0]?.id ?? '');
    await deleteVolume(parts, actor, uuid);
    expect(parts.monitor.running()[0]?.resources).toEqual([]);
  });

  test('one volume and one VLAN for each name and number, also when asked for at once', async () => {
    const volumes = await Promise.all(Array.from({ length: 3 }, () => codeOf(createVolume(parts, actor, 'disk', 512))));
    expect(volumes.sort()).toEqual(['name_in_use', 'name_in_use', 'no error']);
    const vlans = await Promise.all(Array.from({ length: 3 }, () => codeOf(createVlan(parts, actor, 5, 'five'))));
    expect(vlans.sort()).toEqual(['name_in_use', 'name_in_use', 'no error']);
    expect(await codeOf(createVlan(parts, actor, 4095, 'reserved'))).toBe('invalid');
    expect(await codeOf(createVolume(parts, actor, 'small', 1))).toBe('invalid');
  });
});

describe('domains', () => {
  test('membership follows labels; all members are started, stopped, destroyed, each reported', async () => {
    const domains = new Domains(parts);
    await domains.createDatacenter(actor, 'dc');
    const domain = await domains.createDomain(actor, 'Analysis', 'dc', ['MA']);
    const b = await define(parts, 'b', 'MA');
    const a = await define(parts, 'a', 'MA', { volumes: [(await volumeOf('foreign', 'SU')).uuid] });
    const c = await define(parts, 'c', 'MA');
    await define(parts, 'z', 'SU');
    await startVm(parts, actor, c.uuid);
    expect(await changeDomainState(parts, actor, domains, domain.uuid, 'running')).toMatchObject([
      { vm: a.uuid, name: 'a', outcome: 'refused', state: 'off' },
      { vm: b.uuid, name: 'b', outcome: 'changed', state: 'running', sentence: '' },
      { vm: c.uuid, name: 'c', outcome: 'unchanged', state: 'running' },
    ]);
    await saveVm(parts, actor, b.uuid);
    await pauseVm(parts, actor, c.uuid);
    const again = await changeDomainState(parts, actor, domains, domain.uuid, 'running');
    expect(again.map((result) => result.outcome)).toEqual(['refused', 'changed', 'changed']);
    const destroyed = await changeDomainState(parts, actor, domains, domain.uuid, 'destroyed');
    expect(destroyed.map((result) => result.outcome)).toEqual(['changed', 'failed', 'failed']);
    const off = await changeDomainState(parts, actor, domains, domain.uuid, 'off');
    expect(off.map((result) => [result.name, result.state])).toEqual([
      ['b', 'off'],
      ['c', 'off'],
    ]);
    expect(await codeOf(changeDomainState(parts, actor, domains, 'nothing', 'off'))).toBe('not_found');
  });

  test('datacenters and domains survive a restart; names are taken once', async () => {
    const domains = new Domains(parts);
    await domains.createDatacenter(actor, 'dc');
    await domains.createDatacenter(actor, 'other');
    await domains.join(actor, 'dc');
    expect(await codeOf(domains.join(actor, 'other'))).toBe('in_use');
    const codes = await Promise.all(
      Array.from({ length: 3 }, () => codeOf(domains.createDomain(actor, 'Analysis', 'dc', ['MA']))),
    );
    expect(codes.sort()).toEqual(['name_in_use', 'name_in_use', 'no error']);
    const again = new Domains((await crash(host)).parts);
    expect(again.ofThisHost()?.name).toBe('dc');
    expect(again.domains()).toEqual(domains.domains());
    await domains.deleteDomain(actor, domains.domains()[0]?.uuid ?? '');
    expect(domains.domains()).toEqual([]);
  });
});

describe('restarts', () => {
  test('an orderly end keeps the PCRs of virtual machines that run on; a sudden one tells their loss', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    await parts.vtpms.extend(uuid, [{ pcr: 10, digests: [] }]);
    await leaveRunning(parts);
    host = await crash(host);
    await recover(host.parts);
    expect(host.vtpms.extended(uuid)).toHaveLength(1);
    expect(host.events.filter((event) => event.kind === 'vtpm-failed')).toEqual([]);
    host = await crash(host);
    await recover(host.parts);
    expect(host.events).toMatchObject([{ kind: 'vtpm-failed', vm: uuid }]);
    expect(host.vtpms.get(uuid)?.state).toBe('off');
    await resetVm(host.parts, actor, uuid);
    expect(host.vtpms.get(uuid)?.state).toBe('running');
  });

  test('what violates the policy after a restart is told and keeps running; a domain without a record is found', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    await parts.store.transaction((tx) =>
      tx.put('vmm', 'embedded/stranger', JSON.stringify({ state: 'running', disks: [] })),
    );
    const after = await crash(host);
    const { violations } = await recover(after.parts);
    expect(violations.map((violation) => violation.vm)).toEqual(['stranger']);
    expect(after.events).toMatchObject([{ kind: 'vtpm-failed' }, { kind: 'violation' }]);
    expect(await after.parts.hypervisor.stateOf('stranger')).toBe('running');
    await after.parts.store.transaction((tx) => tx.delete('vmm', 'embedded/stranger'));
    host = await crash(after);
    await recover(host.parts);
  });

  test('a virtual machine that the hypervisor ended meanwhile is off', async () => {
    const { uuid } = await define(parts, 'ma', 'MA');
    await startVm(parts, actor, uuid);
    await parts.hypervisor.stop(uuid);
    host = await crash(host);
    await recover(host.parts);
    expect(host.parts.inventory.vm(uuid)?.state).toBe('off');
    expect(host.events).toMatchObject([{ kind: 'vm-changed', transition: 'recover' }]);
  });
});
