import {
  addDevices,
  attachDisk,
  changeLabel,
  cloneVm,
  connectVlan,
  createVlan,
  createVmTpm,
  createVolume,
  deleteVolume,
  destroyVm,
  destroyVmTpm,
  detachDisk,
  disconnectPort,
  type HostParts,
  modifyVm,
  pauseVm,
  recover,
  resetVm,
  restoreVm,
  saveVm,
  startVm,
  stopVm,
  unpauseVm,
  type VmState,
  type WantedDevice,
} from '../../src/vmm/index.js';
import { Gate, gatedParts } from './support/gate.js';
import { actor, crash, define, enforceSample, faultsOf, openHost, type TestHost } from './support/host.js';

interface Scene {
  readonly vm: string;
  readonly disk: string;
  readonly port: string;
  readonly spare: string;
}

type Act = (parts: HostParts, scene: Scene) => Promise<unknown>;

const bring: Readonly<Record<VmState, Act>> = {
  off: async () => undefined,
  running: (parts, { vm }) => startVm(parts, actor, vm),
  paused: async (parts, { vm }) => {
    await startVm(parts, actor, vm);
    await pauseVm(parts, actor, vm);
  },
  saved: async (parts, { vm }) => {
    await startVm(parts, actor, vm);
    await saveVm(parts, actor, vm);
  },
};

const devices = (volume: string): readonly WantedDevice[] => [
  { kind: 'disk', volume },
  { kind: 'port', vlan: 100 },
];

const transitions: readonly (readonly [name: string, from: VmState, act: Act])[] = [
  ['define', 'off', (parts) => define(parts, 'fresh', 'MA', { vlans: [100] })],
  [
    'define with volumes and labels',
    'off',
    (parts, { spare }) =>
      define(parts, 'new', 'MA', {
        volumes: [spare],
        newVolumes: [
          { name: 'root', sizeBytes: 512, label: 'MA' },
          { name: 'data', sizeBytes: 512, label: null },
        ],
        resourceLabels: [{ target: { kind: 'volume', uuid: spare }, label: 'MA' }],
      }),
  ],
  ['clone', 'off', (parts, { vm }) => cloneVm(parts, actor, vm, 'copy')],
  ['destroy', 'off', (parts, { vm }) => destroyVm(parts, actor, vm)],
  ['start', 'off', (parts, { vm }) => startVm(parts, actor, vm)],
  ['stop', 'running', (parts, { vm }) => stopVm(parts, actor, vm)],
  ['stop', 'paused', (parts, { vm }) => stopVm(parts, actor, vm)],
  ['stop', 'saved', (parts, { vm }) => stopVm(parts, actor, vm)],
  ['shut down', 'running', (parts, { vm }) => stopVm(parts, actor, vm, 'shutDown')],
  ['pause', 'running', (parts, { vm }) => pauseVm(parts, actor, vm)],
  ['unpause', 'paused', (parts, { vm }) => unpauseVm(parts, actor, vm)],
  ['save', 'running', (parts, { vm }) => saveVm(parts, actor, vm)],
  ['save', 'paused', (parts, { vm }) => saveVm(parts, actor, vm)],
  ['restore', 'saved', (parts, { vm }) => restoreVm(parts, actor, vm)],
  ['reset', 'running', (parts, { vm }) => resetVm(parts, actor, vm)],
  ['attach', 'off', (parts, { vm, spare }) => attachDisk(parts, actor, vm, spare)],
  ['attach', 'running', (parts, { vm, spare }) => attachDisk(parts, actor, vm, spare)],
  ['detach', 'running', (parts, { vm, disk }) => detachDisk(parts, actor, vm, disk)],
  ['connect', 'running', (parts, { vm }) => connectVlan(parts, actor, vm, 100)],
  ['disconnect', 'running', (parts, { vm, port }) => disconnectPort(parts, actor, vm, port)],
  ['modify', 'off', (parts, { vm }) => modifyVm(parts, actor, vm, { name: 'other', memoryMiB: 128 })],
  ['add devices', 'off', (parts, { vm, spare }) => addDevices(parts, actor, vm, devices(spare))],
  ['add devices', 'running', (parts, { vm, spare }) => addDevices(parts, actor, vm, devices(spare))],
  ['destroy TPM', 'off', (parts, { vm }) => destroyVmTpm(parts, actor, vm)],
  [
    'destroy and create TPM',
    'off',
    async (parts, { vm }) => {
      await destroyVmTpm(parts, actor, vm);
      await createVmTpm(parts, actor, vm);
    },
  ],
  ['create volume', 'off', (parts) => createVolume(parts, actor, 'one more', 512)],
];

async function prepare(from: VmState): Promise<{ readonly host: TestHost; readonly scene: Scene }> {
  const host = await openHost();
  const { parts } = host;
  await enforceSample(parts);
  await createVlan(parts, actor, 100, 'MA');
  await changeLabel(parts, actor, { kind: 'vlan', id: 100 }, 'MA');
  const volume = await createVolume(parts, actor, 'disk', 512);
  const spare = await createVolume(parts, actor, 'spare', 512);
  for (const { uuid } of [volume, spare]) await changeLabel(parts, actor, { kind: 'volume', uuid }, 'MA');
  const vm = await define(parts, 'ma', 'MA', { volumes: [volume.uuid], vlans: [100] });
  const scene: Scene = {
    vm: vm.uuid,
    disk: vm.disks[0]?.id ?? '',
    port: vm.ports[0]?.id ?? '',
    spare: spare.uuid,
  };
  await bring[from](parts, scene);
  return { host, scene };
}

async function stepsOf(from: VmState, act: Act): Promise<number> {
  const { host, scene } = await prepare(from);
  const gate = new Gate(0, 'kill');
  await act(gatedParts(host.parts, gate), scene);
  expect(await faultsOf(host)).toEqual([]);
  return gate.steps;
}

describe.each(transitions)('%s of a virtual machine that is %s', (_name, from, act) => {
  test('leaves one story when the process is killed at any of its steps', async () => {
    const steps = await stepsOf(from, act);
    expect(steps).toBeGreaterThan(0);
    for (let at = 1; at <= steps; at++) {
      const { host, scene } = await prepare(from);
      await expect(act(gatedParts(host.parts, new Gate(at, 'kill')), scene)).rejects.toThrow();
      const after = await crash(host);
      await recover(after.parts);
      expect({ at, faults: await faultsOf(after) }).toEqual({ at, faults: [] });
      expect(await after.parts.journal.verify()).toMatchObject({ kind: 'intact' });
    }
  });

  test('leaves one story when any of its steps fails, and the next transition finds it so', async () => {
    const steps = await stepsOf(from, act);
    for (let at = 1; at <= steps; at++) {
      for (const mode of ['fail before', 'fail after'] as const) {
        const { host, scene } = await prepare(from);
        await act(gatedParts(host.parts, new Gate(at, mode)), scene).catch(() => undefined);
        expect({ at, mode, faults: await faultsOf(host) }).toEqual({ at, mode, faults: [] });
      }
    }
  });
});

test('a transition killed while it recovers is recovered by the next start', async () => {
  const steps = await stepsOf('running', (parts, { vm }) => saveVm(parts, actor, vm));
  for (let first = 1; first <= steps; first++) {
    for (let second = 1; second <= 4; second++) {
      const { host, scene } = await prepare('running');
      await expect(saveVm(gatedParts(host.parts, new Gate(first, 'kill')), actor, scene.vm)).rejects.toThrow();
      const between = await crash(host);
      await recover(gatedParts(between.parts, new Gate(second, 'kill'))).catch(() => undefined);
      const after = await crash(between);
      await recover(after.parts);
      expect(await faultsOf(after)).toEqual([]);
    }
  }
});

test('recovery changes nothing on a sound host', async () => {
  const { host } = await prepare('saved');
  const after = await crash(host);
  const head = after.parts.journal.head();
  expect((await recover(after.parts)).violations).toEqual([]);
  expect(after.parts.journal.head()).toEqual(head);
  expect(await faultsOf(after)).toEqual([]);
});

test('a volume is removed with what a failed removal left', async () => {
  const { host, scene } = await prepare('off');
  await expect(deleteVolume(gatedParts(host.parts, new Gate(2, 'kill')), actor, scene.spare)).rejects.toThrow();
  const after = await crash(host);
  await recover(after.parts);
  await deleteVolume(after.parts, actor, scene.spare);
  expect(await faultsOf(after)).toEqual([]);
});

test.each([
  ['start', 'off', (parts: HostParts, { vm }: Scene) => startVm(parts, actor, vm)],
  ['attach', 'running', (parts: HostParts, { vm, spare }: Scene) => attachDisk(parts, actor, vm, spare)],
] as const)(
  'a volume that a guest could have written before the crash counts as written: %s',
  async (name, from, act) => {
    const steps = await stepsOf(from, act);
    let reached = 0;
    for (let at = 1; at <= steps; at++) {
      const { host, scene } = await prepare(from);
      const killed = gatedParts(host.parts, new Gate(at, 'kill'));
      const call = name === 'start' ? 'start' : 'attachDisk';
      let given = false;
      const watched = new Proxy(killed.hypervisor, {
        get: (target, key) => {
          const value: unknown = Reflect.get(target, key);
          if (key !== call || typeof value !== 'function') return value;
          return async (...args: unknown[]) => {
            await (value.apply(target, args) as Promise<unknown>);
            given = true;
          };
        },
      });
      await act({ ...killed, hypervisor: watched }, scene).catch(() => undefined);
      if (!given) continue;
      reached++;
      const after = await crash(host);
      await recover(after.parts);
      const volume = name === 'start' ? host.parts.inventory.vm(scene.vm)?.disks[0]?.volume : scene.spare;
      expect(after.parts.inventory.volume(volume ?? '')?.used).toBe(true);
    }
    expect(reached).toBeGreaterThan(0);
  },
);

test('a guest stands still while its virtual TPM is saved', async () => {
  const { host, scene } = await prepare('running');
  const seen: string[] = [];
  const vtpms = new Proxy(host.vtpms, {
    get: (target, key) => {
      if (key !== 'suspend') return Reflect.get(target, key) as unknown;
      return async (vm: string) => {
        seen.push(await host.parts.hypervisor.stateOf(vm));
        await target.suspend(vm);
      };
    },
  });
  await saveVm({ ...host.parts, vtpms }, actor, scene.vm);
  expect(seen).toEqual(['paused']);
});
