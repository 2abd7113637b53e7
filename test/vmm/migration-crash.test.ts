import { pauseVm, startVm } from '../../src/vmm/index.js';
import { Gate, type Mode } from './support/gate.js';
import { actor } from './support/host.js';
import { openScene, type Scene } from './support/two-hosts.js';

const states = ['off', 'running', 'paused'] as const;
type From = (typeof states)[number];
const sides = ['a', 'b'] as const;

async function prepare(from: From): Promise<Scene> {
  const scene = await openScene();
  const { parts } = scene.hosts.a.host;
  if (from !== 'off') await startVm(parts, actor, scene.vm.uuid);
  if (from === 'paused') await pauseVm(parts, actor, scene.vm.uuid);
  return scene;
}

function migrate({ hosts, vm }: Scene): Promise<unknown> {
  return hosts.a.migrations.migrate(actor, vm.uuid, 'host-b');
}

async function stepsOf(from: From, side: (typeof sides)[number]): Promise<number> {
  const scene = await prepare(from);
  const gate = new Gate(0, 'kill');
  scene.hosts.arm(side, gate);
  await migrate(scene);
  expect(await scene.hosts.faults(scene.vm.uuid)).toEqual([]);
  return gate.steps;
}

/** Where the machine is after all, and that it is there as it was. */
async function endOf({ hosts, vm }: Scene, from: From): Promise<string> {
  const [home] = hosts.homesOf(vm.uuid);
  if (home === undefined) return 'none';
  const { inventory, monitor } = hosts[home].host.parts;
  expect(inventory.vm(vm.uuid)).toMatchObject({ uuid: vm.uuid, name: 'ma', state: from, memoryMiB: 64, tpm: true });
  expect(monitor.labels.vm(vm.uuid)?.label).toBe('MA');
  return home;
}

describe.each(states)('a migration of a machine that is %s', (from) => {
  describe.each(sides)('killed on side %s', (side) => {
    test.each(['kill', 'kill after'] as const)(
      'at each of its steps (%s) leaves it on exactly one host',
      async (mode) => {
        const steps = await stepsOf(from, side);
        expect(steps).toBeGreaterThan(5);
        const ends = new Set<string>();
        for (let at = 1; at <= steps; at++) {
          const scene = await prepare(from);
          scene.hosts.arm(side, new Gate(at, mode));
          await migrate(scene).catch(() => undefined);
          await scene.hosts.restart(side);
          await scene.hosts.resolve();
          expect({ at, faults: await scene.hosts.faults(scene.vm.uuid) }).toEqual({ at, faults: [] });
          ends.add(await endOf(scene, from));
        }
        expect([...ends].sort()).toEqual(['a', 'b']);
      },
    );

    test.each(['fail before', 'fail after'] as const satisfies readonly Mode[])(
      'each step that fails (%s) leaves it on exactly one host',
      async (mode) => {
        const steps = await stepsOf(from, side);
        for (let at = 1; at <= steps; at++) {
          const scene = await prepare(from);
          scene.hosts.arm(side, new Gate(at, mode));
          await migrate(scene).catch(() => undefined);
          await scene.hosts.resolve();
          expect({ at, faults: await scene.hosts.faults(scene.vm.uuid) }).toEqual({ at, faults: [] });
          await endOf(scene, from);
        }
      },
    );
  });

  test('both hosts killed, one after the other, at each pair of steps near the decision', async () => {
    const steps = { a: await stepsOf(from, 'a'), b: await stepsOf(from, 'b') };
    for (let first = Math.max(1, steps.a - 8); first <= steps.a; first++) {
      for (let second = Math.max(1, steps.b - 6); second <= steps.b; second++) {
        const scene = await prepare(from);
        scene.hosts.arm('a', new Gate(first, 'kill after'));
        scene.hosts.arm('b', new Gate(second, 'kill after'));
        await migrate(scene).catch(() => undefined);
        for (const side of sides) await scene.hosts.restart(side);
        await scene.hosts.resolve();
        const where = { first, second };
        expect({ where, faults: await scene.hosts.faults(scene.vm.uuid) }).toEqual({ where, faults: [] });
        await endOf(scene, from);
      }
    }
  });

  test('an end that is itself killed is carried on by the next start', async () => {
    const steps = await stepsOf(from, 'a');
    for (let at = 1; at <= steps; at++) {
      for (const side of sides) {
        const scene = await prepare(from);
        scene.hosts.arm('a', new Gate(at, 'kill'));
        await migrate(scene).catch(() => undefined);
        await scene.hosts.restart('a');
        scene.hosts.arm(side, new Gate(2, 'kill'));
        await scene.hosts.resolve().catch(() => undefined);
        await scene.hosts.restart(side);
        await scene.hosts.resolve();
        expect({ at, side, faults: await scene.hosts.faults(scene.vm.uuid) }).toEqual({ at, side, faults: [] });
      }
    }
  });

  test('while the other host cannot be reached a machine in doubt starts on none', async () => {
    const steps = await stepsOf(from, 'a');
    let doubtful = 0;
    for (let at = 1; at <= steps; at++) {
      const scene = await prepare(from);
      const { hosts, vm } = scene;
      hosts.arm('a', new Gate(at, 'kill after'));
      await migrate(scene).catch(() => undefined);
      hosts.isConnected = false;
      for (const side of sides) await hosts.restart(side);
      await hosts.resolve();
      const running: string[] = [];
      for (const side of sides) {
        const { parts } = hosts[side].host;
        if (parts.inventory.migration(vm.uuid) !== undefined) {
          doubtful++;
          await expect(startVm(parts, actor, vm.uuid)).rejects.toMatchObject({ code: 'migrating' });
        }
        if ((await parts.hypervisor.stateOf(vm.uuid)) === 'running') running.push(side);
      }
      expect(running.length).toBeLessThanOrEqual(1);
      hosts.isConnected = true;
      await hosts.resolve();
      expect({ at, faults: await hosts.faults(vm.uuid) }).toEqual({ at, faults: [] });
    }
    expect(doubtful).toBeGreaterThan(3);
  });
});
