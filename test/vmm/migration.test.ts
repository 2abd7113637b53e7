import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { samplePolicies } from '../../src/acm/index.js';
import {
  attachDisk,
  changeLabel,
  createVlan,
  createVolume,
  deleteVlan,
  deleteVolume,
  type HostParts,
  MigrationRefusedError,
  pauseVm,
  saveVm,
  startVm,
  stopVm,
} from '../../src/vmm/index.js';
import { Gate } from './support/gate.js';
import { actor, codeOf, define } from './support/host.js';
import { openScene, type Scene, type TwoHosts } from './support/two-hosts.js';

const there = 'host-b';

function migrate({ hosts, vm }: Scene): Promise<unknown> {
  return hosts.a.migrations.migrate(actor, vm.uuid, there);
}

/** Why a migration was refused, and what a check says beforehand. */
async function refusalOf(scene: Scene): Promise<readonly string[]> {
  const { hosts, vm } = scene;
  const state = await hosts.a.host.parts.hypervisor.stateOf(vm.uuid);
  const checked = (await hosts.a.migrations.check(vm.uuid, there)).map(({ reason }) => reason);
  const error = await migrate(scene).then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(MigrationRefusedError);
  const { objections } = error as MigrationRefusedError;
  expect(objections.map(({ reason }) => reason)).toEqual(checked);
  for (const { sentence } of objections) expect(sentence).toMatch(/[A-Z/].*\.$/);
  // Nothing has happened, on either side.
  expect(await hosts.faults(vm.uuid)).toEqual([]);
  expect(hosts.homesOf(vm.uuid)).toEqual(['a']);
  expect(await hosts.a.host.parts.hypervisor.stateOf(vm.uuid)).toBe(state);
  return checked;
}

async function running(options: Parameters<typeof openScene>[0] = {}): Promise<Scene> {
  const scene = await openScene(options);
  await startVm(scene.hosts.a.host.parts, actor, scene.vm.uuid);
  return scene;
}

describe('a machine that runs', () => {
  test('goes over with label, devices, TPM and what it measured, and is gone where it was', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    await hosts.a.host.vtpms.extend(vm.uuid, [
      { pcr: 10, digests: [{ algorithm: 'sha256', digest: new Uint8Array(32) }] },
    ]);
    const measured = hosts.a.host.vtpms.extended(vm.uuid);
    const memory = await hosts.a.host.parts.hypervisor.sendOut(vm.uuid, '');
    await hosts.a.host.parts.hypervisor.unpause(vm.uuid);
    expect(await migrate(scene)).toMatchObject({ outcome: 'moved', host: hosts.b.parts.identity.uuid });
    const { parts, vtpms, events } = hosts.b.host;
    const volume = parts.inventory.volumeByResource('shared');
    expect(parts.inventory.vm(vm.uuid)).toMatchObject({
      ...vm,
      state: 'running',
      disks: [{ id: vm.disks[0]?.id, volume: volume?.uuid }],
      changedAt: parts.clock.now(),
    });
    expect(volume?.used).toBe(true);
    expect(parts.monitor.labels.vm(vm.uuid)).toMatchObject({ label: 'MA' });
    expect(vtpms.extended(vm.uuid)).toEqual(measured);
    expect(await parts.hypervisor.sendOut(vm.uuid, '')).toEqual(memory);
    await parts.hypervisor.unpause(vm.uuid);
    expect(events.map(({ kind }) => kind)).toContain('vm-defined');
    expect(hosts.a.host.events.map(({ kind }) => kind)).toContain('vm-destroyed');
    expect(await hosts.faults(vm.uuid)).toEqual([]);
    for (const side of [hosts.a, hosts.b])
      expect(await side.host.parts.journal.verify()).toMatchObject({ kind: 'intact' });
  });

  test('comes back, and goes again: each time with an identifier of its own', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    for (let n = 0; n < 2; n++) {
      await migrate(scene);
      expect(hosts.homesOf(vm.uuid)).toEqual(['b']);
      await hosts.b.migrations.migrate(actor, vm.uuid, 'host-a');
      expect(hosts.homesOf(vm.uuid)).toEqual(['a']);
    }
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('counts at the destination from the promise on, and no longer at the source afterwards', async () => {
    const scene = await running({ version: '1.1' });
    const { hosts, vm } = scene;
    const rival = await define(hosts.b.host.parts, 'su', 'SU');
    const answers: unknown[] = [];
    hosts.onCall = async (_from, call) => {
      if (call === 'transfer') answers.push(await codeOf(startVm(hosts.b.host.parts, actor, rival.uuid)));
    };
    await migrate(scene);
    expect(answers).toEqual(['refused']);
    expect(await codeOf(startVm(hosts.b.host.parts, actor, rival.uuid))).toBe('refused');
    const other = await define(hosts.a.host.parts, 'su', 'SU');
    await startVm(hosts.a.host.parts, actor, other.uuid);
    expect(hosts.a.host.parts.monitor.running().map((system) => system.vm)).toEqual([other.uuid]);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });
});

test.each([true, false])('a machine that is off goes over, with a TPM: %s', async (tpm) => {
  const scene = await openScene({ tpm });
  await migrate(scene);
  const { hosts, vm } = scene;
  expect(await hosts.faults(vm.uuid)).toEqual([]);
  expect(hosts.homesOf(vm.uuid)).toEqual(['b']);
  await startVm(hosts.b.host.parts, actor, vm.uuid);
  expect(await hosts.faults(vm.uuid)).toEqual([]);
});

test('a volume that was written to counts as written where the machine comes to, also if it is off', async () => {
  for (const written of [true, false]) {
    const scene = await openScene();
    const { hosts, vm } = scene;
    if (written) {
      await startVm(hosts.a.host.parts, actor, vm.uuid);
      await stopVm(hosts.a.host.parts, actor, vm.uuid);
    }
    await migrate(scene);
    expect(hosts.b.host.parts.inventory.volumeByResource('shared')?.used).toBe(written);
  }
});

describe('the destination decides first, and says all that stands against it', () => {
  const relabel = (parts: HostParts, target: Parameters<typeof changeLabel>[2], label: string | null) =>
    changeLabel(parts, actor, target, label);

  test.each([
    ['its policy has another version', '1.1'],
    ['it enforces nothing of that name', null],
  ] as const)('%s', async (_name, version) => {
    const scene = await running();
    const { monitor } = scene.hosts.b.host.parts;
    if (version === null) await monitor.reset();
    else await monitor.update(samplePolicies[`tvdc-sample ${version}`]);
    expect(await refusalOf(scene)).toContain('policy_mismatch');
  });

  test('its policy has the same name and version and says something else', async () => {
    const scene = await running();
    const { monitor } = scene.hosts.b.host.parts;
    await monitor.update(samplePolicies['tvdc-sample 1.1']);
    const same = { ...samplePolicies['tvdc-sample 1.1'], conflictSets: [] };
    await scene.hosts.a.host.parts.monitor.update(same);
    expect(await refusalOf(scene)).toEqual(['policy_mismatch']);
  });

  test('mode xen asks for the name alone', async () => {
    const scene = await running({ mode: 'xen' });
    await scene.hosts.b.host.parts.monitor.update(samplePolicies['tvdc-sample 1.1']);
    await migrate(scene);
    expect(scene.hosts.homesOf(scene.vm.uuid)).toEqual(['b']);
  });

  test('the host may not run its types', async () => {
    const scene = await running();
    await scene.hosts.b.host.parts.monitor.setSystemLabel('SU');
    expect(await refusalOf(scene)).toEqual(['not_authorized']);
    const cold = await openScene();
    await cold.hosts.b.host.parts.monitor.setSystemLabel('SU');
    expect(await refusalOf(cold)).toEqual(['not_authorized']);
  });

  test('a machine runs there that stands in conflict; one that is off may come all the same', async () => {
    const scene = await running({ version: '1.1' });
    const rival = await define(scene.hosts.b.host.parts, 'su', 'SU');
    await startVm(scene.hosts.b.host.parts, actor, rival.uuid);
    expect(await refusalOf(scene)).toEqual(['conflict']);
    await stopVm(scene.hosts.a.host.parts, actor, scene.vm.uuid);
    await migrate(scene);
    expect(scene.hosts.homesOf(scene.vm.uuid)).toEqual(['b']);
    expect(await codeOf(startVm(scene.hosts.b.host.parts, actor, scene.vm.uuid))).toBe('refused');
  });

  test('it is not labelled', async () => {
    const scene = await openScene();
    await relabel(scene.hosts.a.host.parts, { kind: 'vm', uuid: scene.vm.uuid }, null);
    expect(await refusalOf(scene)).toHaveLength(1);
  });

  test('a volume is not known, has another label, another size, or is in use', async () => {
    const scene = await running();
    const { parts } = scene.hosts.b.host;
    const { uuid } = parts.inventory.volumeByResource('shared') ?? { uuid: '' };
    const rival = await define(parts, 'rival', 'MA', { volumes: [uuid] });
    expect(await refusalOf(scene)).toEqual(['volume_in_use']);
    await parts.inventory.change((change) => change.deleteVm(rival.uuid));
    await parts.vtpms.destroy(rival.uuid);
    await parts.inventory.change((change) => parts.monitor.forget(change.tx, { kind: 'vm', vm: rival.uuid }));
    await relabel(parts, { kind: 'volume', uuid }, 'SU');
    expect(await refusalOf(scene)).toEqual(['no_common_type', 'volume_label']);
    await deleteVolume(parts, actor, uuid);
    expect(await refusalOf(scene)).toEqual(['volume_unknown']);
    const larger = await createVolume(parts, actor, 'shared', 1024);
    await relabel(parts, { kind: 'volume', uuid: larger.uuid }, 'MA');
    expect(await refusalOf(scene)).toEqual(['volume_differs']);
  });

  test('a VLAN is not known or has another label', async () => {
    const scene = await running();
    const { parts } = scene.hosts.b.host;
    await relabel(parts, { kind: 'vlan', id: 100 }, 'SU');
    expect(await refusalOf(scene)).toEqual(['no_common_type', 'vlan_label']);
    await deleteVlan(parts, actor, 100);
    expect(await refusalOf(scene)).toEqual(['vlan_unknown']);
  });

  test('its name is taken, or itself is there', async () => {
    const scene = await running();
    const { parts } = scene.hosts.b.host;
    const named = await define(parts, 'ma', 'MA');
    expect(await refusalOf(scene)).toEqual(['name_in_use']);
    await parts.inventory.change((change) => {
      change.deleteVm(named.uuid);
      parts.monitor.forget(change.tx, { kind: 'vm', vm: named.uuid });
    });
    await parts.vtpms.destroy(named.uuid);
    const twin = { ...scene.vm, name: 'twin', disks: [], ports: [] };
    await parts.inventory.change((change) => change.putVm(twin));
    const reasons = (await scene.hosts.a.migrations.check(scene.vm.uuid, there)).map(({ reason }) => reason);
    expect(reasons).toEqual(['uuid_in_use']);
  });

  test('what it boots is not there, or is something else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tvdc-image-'));
    try {
      const image = join(folder, 'image');
      await mkdir(image);
      const names = {
        firmware: 'firmware.bin',
        bootLoader: 'loader.bin',
        bootConfiguration: 'loader.cfg',
        kernel: 'kernel.bin',
      };
      for (const name of Object.values(names)) await writeFile(join(image, name), name);
      const manifest = { format: 1, crtm: 'test', ...names, commandLine: '', files: [] };
      await writeFile(join(image, 'image.json'), JSON.stringify(manifest));
      const scene = await openScene({ image });
      const { hosts, vm } = scene;
      // The folder is the same for both hosts here; the destination sees another content.
      hosts.onCall = async (_from, call) => {
        if (call === 'check' || call === 'prepare') await writeFile(join(image, 'kernel.bin'), `${call}`);
      };
      const reasons = (await hosts.a.migrations.check(vm.uuid, there)).map(({ reason }) => reason);
      expect(reasons).toEqual(['image_differs']);
      hosts.onCall = async (_from, call) => {
        if (call === 'prepare') await rm(image, { recursive: true });
      };
      await expect(migrate(scene)).rejects.toMatchObject({ objections: [{ reason: 'image_unknown' }] });
      expect(await hosts.faults(vm.uuid)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('its memory is promised to others, those on their way included; one that is off needs none', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    const memoryBytes = 100 << 20;
    Object.assign(hosts.b.host.parts.hypervisor, { capacity: async () => ({ memoryBytes, processors: 1 }) });
    const second = await define(hosts.a.host.parts, 'second', 'MA');
    await startVm(hosts.a.host.parts, actor, second.uuid);
    const answers: unknown[] = [];
    hosts.onCall = async (_from, call) => {
      if (call !== 'transfer') return;
      answers.push((await hosts.a.migrations.check(second.uuid, there)).map(({ reason }) => reason));
    };
    await migrate(scene);
    expect(answers).toEqual([['capacity']]);
    expect(await refusalOf({ hosts, vm: second })).toEqual(['capacity']);
    await stopVm(hosts.a.host.parts, actor, second.uuid);
    await hosts.a.migrations.migrate(actor, second.uuid, there);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('it is not trusted: nothing is asked of it', async () => {
    const scene = await running();
    scene.hosts.trust = { trusted: false, sentence: 'Host host-b is not trusted: bad kernel.' };
    await expect(migrate(scene)).rejects.toMatchObject({
      objections: [{ reason: 'host_not_trusted', byPolicy: true }],
    });
    expect(scene.hosts.calls).toEqual(['a identify']);
    const reasons = (await scene.hosts.a.migrations.check(scene.vm.uuid, there)).map(({ reason }) => reason);
    expect(reasons).toEqual(['host_not_trusted']);
  });

  test('several reasons at once', async () => {
    const scene = await running();
    const { parts } = scene.hosts.b.host;
    await relabel(parts, { kind: 'vlan', id: 100 }, 'SU');
    await parts.monitor.setSystemLabel('SU');
    await define(parts, 'ma', 'SU');
    expect(new Set(await refusalOf(scene))).toEqual(
      new Set(['name_in_use', 'not_authorized', 'no_common_type', 'vlan_label']),
    );
  });

  test('refusals are recorded there, with an alert for those of the policy, and counted when they repeat', async () => {
    const scene = await running();
    const { parts, events } = scene.hosts.b.host;
    await parts.monitor.setSystemLabel('SU');
    const error = (await migrate(scene).catch((caught: unknown) => caught)) as MigrationRefusedError;
    expect(error.byPolicy).toBe(true);
    expect(parts.journal.get(error.decisionId ?? '')).toMatchObject({ kind: 'decision', actor: 'account-of-a' });
    expect(events.filter(({ kind }) => kind === 'denied')).toHaveLength(1);
    const head = parts.journal.head().sequence;
    for (let n = 0; n < 20; n++) await migrate(scene).catch(() => undefined);
    expect(Number(parts.journal.head().sequence) - Number(head)).toBeLessThan(6);
  });
});

describe('who may ask', () => {
  test('only hosts that are peers, each for its own', async () => {
    const { hosts, vm } = await running();
    const stranger = { user: 'somebody' };
    const { migrations } = hosts.b;
    for (const work of [
      migrations.commitFor(stranger, vm.uuid),
      migrations.abortFor(stranger, vm.uuid),
      migrations.outcomeFor(stranger, vm.uuid),
      migrations.transferFor(stranger, vm.uuid, new Uint8Array(0)),
    ]) {
      expect(await codeOf(work)).toBe('not_a_peer');
    }
  });

  test('a machine is sent only to hosts that are named here', async () => {
    const { hosts, vm } = await running();
    for (const name of ['host-a', 'elsewhere', 'https://elsewhere:5989'])
      expect(await codeOf(hosts.a.migrations.migrate(actor, vm.uuid, name))).toBe('invalid');
    expect(hosts.calls).toEqual([]);
  });

  test('what is saved, on its way or not there is not sent', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    await saveVm(hosts.a.host.parts, actor, vm.uuid);
    expect(await codeOf(migrate(scene))).toBe('wrong_state');
    expect(await codeOf(hosts.a.migrations.check(vm.uuid, there))).toBe('wrong_state');
    expect(await codeOf(hosts.a.migrations.migrate(actor, hosts.a.parts.identity.uuid, there))).toBe('not_found');
  });
});

describe('what is said twice', () => {
  test('two migrations of one machine: the second is refused while the first goes on, and afterwards', async () => {
    const scene = await running();
    const both = await Promise.allSettled([migrate(scene), migrate(scene)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await codeOf(migrate(scene))).toBe('not_found');
    expect(await scene.hosts.faults(scene.vm.uuid)).toEqual([]);
  });

  test('a transfer that is replayed changes nothing', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    const sent: { id: string; cargo: Uint8Array }[] = [];
    const { incoming } = hosts.b.migrations;
    const transfer = incoming.transfer.bind(incoming);
    incoming.transfer = (peer, id, cargo) => {
      sent.push({ id, cargo });
      return transfer(peer, id, cargo);
    };
    await migrate(scene);
    const [first] = sent as [(typeof sent)[number]];
    expect(await codeOf(transfer('host-a', first.id, first.cargo))).toBe('migration_refused');
    await stopVm(hosts.b.host.parts, actor, vm.uuid);
    expect(await codeOf(transfer('host-a', first.id, first.cargo))).toBe('migration_refused');
    await hosts.b.migrations.migrate(actor, vm.uuid, 'host-a');
    expect(await codeOf(transfer('host-a', first.id, first.cargo))).toBe('migration_refused');
    expect(hosts.homesOf(vm.uuid)).toEqual(['a']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('each answer may be lost', async () => {
    for (const lost of ['prepare', 'transfer', 'commit', 'abort'] as const) {
      const scene = await running();
      const { hosts, vm } = scene;
      let once = true;
      hosts.onAnswer = (_from, call) => {
        if (lost === 'abort' && call === 'transfer') throw new Error('lost');
        if (call !== lost || !once) return;
        once = false;
        throw new Error('lost');
      };
      await migrate(scene).catch(() => undefined);
      await hosts.resolve();
      expect({ lost, faults: await hosts.faults(vm.uuid) }).toEqual({ lost, faults: [] });
      expect([lost, hosts.homesOf(vm.uuid)]).toEqual([lost, [lost === 'commit' ? 'b' : 'a']]);
    }
  });

  test('a source that could not say that it gave up may ask anew at once', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    hosts.onCall = (_from, call) => {
      if (call === 'abort') throw new Error('lost');
    };
    hosts.onAnswer = (_from, call) => {
      if (call === 'transfer') throw new Error('lost');
    };
    await expect(migrate(scene)).rejects.toThrow('lost');
    expect([...hosts.b.parts.inventory.migrations()]).toMatchObject([{ phase: 'prepared' }]);
    hosts.onAnswer = () => undefined;
    await migrate(scene);
    expect(hosts.homesOf(vm.uuid)).toEqual(['b']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('a word that comes before its question ends it', async () => {
    const scene = await running();
    const { hosts } = scene;
    hosts.onCall = async (from, call) => {
      if (from === 'a' && call === 'prepare') {
        const [record] = [...hosts.a.host.parts.inventory.migrations()];
        await hosts.b.migrations.abortFor({ user: 'account-of-a' }, record?.id ?? '');
      }
    };
    await expect(migrate(scene)).rejects.toMatchObject({ objections: [{ reason: 'migration_over' }] });
    expect(await hosts.faults(scene.vm.uuid)).toEqual([]);
  });

  test('a cargo of another proposal, or a torn one, is not taken', async () => {
    for (const spoil of [(octets: Uint8Array) => octets.subarray(1), (octets: Uint8Array) => octets.subarray(0, -1)]) {
      const scene = await running();
      const { incoming } = scene.hosts.b.migrations;
      const transfer = incoming.transfer.bind(incoming);
      incoming.transfer = (peer, id, cargo) => transfer(peer, id, spoil(cargo));
      expect(await codeOf(migrate(scene))).toBe('migration_refused');
      expect(await scene.hosts.faults(scene.vm.uuid)).toEqual([]);
      expect(scene.hosts.homesOf(scene.vm.uuid)).toEqual(['a']);
    }
  });
});

describe('races', () => {
  /** Runs something on a host at a call of the migration. */
  const at = (hosts: TwoHosts, wanted: string, work: () => Promise<unknown>): unknown[] => {
    const answers: unknown[] = [];
    hosts.onCall = async (_from, call) => {
      if (call === wanted) answers.push(await codeOf(work()));
    };
    return answers;
  };

  test.each(['prepare', 'transfer', 'commit'])('nothing touches the machine at the source during %s', async (call) => {
    const scene = await running();
    const { hosts, vm } = scene;
    const { parts } = hosts.a.host;
    const spare = await createVolume(parts, actor, 'spare', 512);
    const answers = at(hosts, call, async () => {
      for (const work of [
        () => stopVm(parts, actor, vm.uuid),
        () => pauseVm(parts, actor, vm.uuid),
        () => changeLabel(parts, actor, { kind: 'vm', uuid: vm.uuid }, 'SU'),
        () => attachDisk(parts, actor, vm.uuid, spare.uuid),
      ]) {
        expect(await codeOf(work())).toBe('migrating');
      }
    });
    await migrate(scene);
    expect(answers).toEqual(['no error']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test.each(['transfer', 'commit'])('name, volume and VLAN are taken at the destination during %s', async (call) => {
    const scene = await running();
    const { hosts, vm } = scene;
    const { parts } = hosts.b.host;
    const volume = parts.inventory.volumeByResource('shared')?.uuid ?? '';
    const answers = at(hosts, call, async () => {
      expect(await codeOf(define(parts, 'ma', 'MA'))).toBe('name_in_use');
      expect(await codeOf(define(parts, 'other', 'MA', { volumes: [volume] }))).toBe('in_use');
      expect(await codeOf(deleteVolume(parts, actor, volume))).toBe('in_use');
      expect(await codeOf(deleteVlan(parts, actor, 100))).toBe('in_use');
      expect(await codeOf(startVm(parts, actor, vm.uuid))).toBe('migrating');
    });
    await migrate(scene);
    expect(answers).toEqual(['no error']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test.each([
    ['a', 'prepare'],
    ['a', 'transfer'],
    ['b', 'prepare'],
    ['b', 'transfer'],
  ] as const)('another policy enabled on %s before the decision (%s) keeps it at the source', async (side, call) => {
    const scene = await running();
    const { hosts, vm } = scene;
    at(hosts, call, () => hosts[side].host.parts.monitor.update(samplePolicies['tvdc-sample 1.1']));
    await expect(migrate(scene)).rejects.toThrow(/policy/);
    expect(hosts.homesOf(vm.uuid)).toEqual(['a']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('a start of a rival at the destination and the migration: one of the two', async () => {
    for (let n = 0; n < 10; n++) {
      const scene = await running({ version: '1.1' });
      const { parts } = scene.hosts.b.host;
      const rival = await define(parts, 'su', 'SU');
      const outcomes = await Promise.allSettled([migrate(scene), startVm(parts, actor, rival.uuid)]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await scene.hosts.faults(scene.vm.uuid)).toEqual([]);
    }
  });

  test('a label of volume or VLAN changed at the source before the decision keeps it there', async () => {
    const scene = await openScene();
    const { hosts, vm } = scene;
    const { parts } = hosts.a.host;
    const uuid = parts.inventory.volumeByResource('shared')?.uuid ?? '';
    at(hosts, 'transfer', () => changeLabel(parts, actor, { kind: 'volume', uuid }, 'SU'));
    await expect(migrate(scene)).rejects.toThrow('the label of shared was changed on the way');
    expect(hosts.homesOf(vm.uuid)).toEqual(['a']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('what a machine stands on at the destination keeps its label while it comes; one that is off starts only as labels are then', async () => {
    for (const from of ['running', 'off'] as const) {
      const scene = from === 'off' ? await openScene() : await running();
      const { hosts, vm } = scene;
      const { parts } = hosts.b.host;
      const uuid = parts.inventory.volumeByResource('shared')?.uuid ?? '';
      const answers = at(hosts, 'commit', () => changeLabel(parts, actor, { kind: 'volume', uuid }, 'SU'));
      await migrate(scene);
      expect(hosts.homesOf(vm.uuid)).toEqual(['b']);
      expect(answers).toEqual([from === 'off' ? 'no error' : 'refused']);
      if (from === 'off') expect(await codeOf(startVm(parts, actor, vm.uuid))).toBe('refused');
      expect(await hosts.faults(vm.uuid)).toEqual([]);
    }
  });

  test('a policy enabled at the destination after its promise counts what comes', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    const { parts } = hosts.b.host;
    const rival = await define(parts, 'su', 'SU');
    await startVm(parts, actor, rival.uuid);
    const answers: boolean[] = [];
    hosts.onCall = async (_from, call) => {
      // Version 1.1 forbids MA beside SU: with the machine that comes it would be violated.
      if (call === 'commit') answers.push((await parts.monitor.update(samplePolicies['tvdc-sample 1.1'])).permit);
    };
    await migrate(scene);
    expect(answers).toEqual([false]);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('hosts that send to each other at the same time', async () => {
    const scene = await running();
    const { hosts, vm } = scene;
    await createVlan(hosts.b.host.parts, actor, 200, 'MA two');
    const other = await define(hosts.b.host.parts, 'ma-2', 'MA', { vlans: [100] });
    await startVm(hosts.b.host.parts, actor, other.uuid);
    await Promise.all([migrate(scene), hosts.b.migrations.migrate(actor, other.uuid, 'host-a')]);
    expect([hosts.homesOf(vm.uuid), hosts.homesOf(other.uuid)]).toEqual([['b'], ['a']]);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });
});

describe('where the other host is gone for good', () => {
  /** Brings a migration into doubt: the source has decided and its word is lost, or neither has it decided. */
  const doubt = async (lost: 'commit' | 'transfer'): Promise<Scene> => {
    const scene = await running();
    const { hosts } = scene;
    const gate = new Gate(0, 'kill');
    hosts.arm('a', gate);
    hosts.onAnswer = (from, call) => {
      if (from !== 'a' || call !== lost) return;
      hosts.isConnected = false;
      throw new Error('lost');
    };
    hosts.onCall = (from, call) => {
      if (from === 'a' && call === 'commit' && lost === 'commit') {
        hosts.isConnected = false;
        throw new Error('not reached');
      }
      if (from === 'a' && call === 'abort') gate.isDead = true;
    };
    await migrate(scene).catch(() => undefined);
    hosts.onAnswer = () => undefined;
    hosts.onCall = () => undefined;
    return scene;
  };

  test('the source that has decided waits, and takes the machine back when told to', async () => {
    const { hosts, vm } = await doubt('commit');
    await hosts.resolve();
    expect(hosts.a.parts.inventory.migration(vm.uuid)).toMatchObject({ phase: 'committed' });
    await hosts.a.migrations.decideByHand(actor, vm.uuid, 'take-back');
    expect(await hosts.a.parts.hypervisor.stateOf(vm.uuid)).toBe('running');
    hosts.isConnected = true;
    await hosts.resolve();
    expect(hosts.homesOf(vm.uuid)).toEqual(['a']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('the destination that holds it takes it when told to; a source that comes back gives it up', async () => {
    const { hosts, vm } = await doubt('transfer');
    await hosts.restart('a');
    await hosts.resolve();
    expect(hosts.a.parts.inventory.migration(vm.uuid)).toMatchObject({ phase: 'sending' });
    expect(hosts.b.parts.inventory.migration(vm.uuid)).toMatchObject({ phase: 'prepared' });
    await hosts.b.migrations.decideByHand(actor, vm.uuid, 'accept');
    expect(await hosts.b.parts.hypervisor.stateOf(vm.uuid)).toBe('running');
    hosts.isConnected = true;
    await hosts.resolve();
    expect(hosts.homesOf(vm.uuid)).toEqual(['b']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('the destination drops it when told to; a source that had decided has it again', async () => {
    const { hosts, vm } = await doubt('commit');
    await hosts.b.migrations.decideByHand(actor, vm.uuid, 'discard');
    expect(hosts.b.parts.inventory.migration(vm.uuid)).toBeUndefined();
    hosts.isConnected = true;
    await hosts.resolve();
    expect(hosts.homesOf(vm.uuid)).toEqual(['a']);
    expect(await hosts.a.parts.hypervisor.stateOf(vm.uuid)).toBe('running');
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('nothing is decided by hand while the other host answers', async () => {
    const { hosts, vm } = await doubt('commit');
    hosts.isConnected = true;
    expect(await codeOf(hosts.a.migrations.decideByHand(actor, vm.uuid, 'take-back'))).toBe('in_use');
    expect(hosts.homesOf(vm.uuid)).toEqual(['b']);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
    expect(await codeOf(hosts.a.migrations.decideByHand(actor, vm.uuid, 'take-back'))).toBe('not_found');
  });

  test('a migration that several end at the same time ends once', async () => {
    const { hosts, vm } = await doubt('commit');
    hosts.isConnected = true;
    const { parts, events } = hosts.a.host;
    const gone = (): number => events.filter(({ kind }) => kind === 'vm-destroyed').length;
    hosts.arm('a', new Gate(0, 'kill'));
    await Promise.all([1, 2, 3].map(() => hosts.a.migrations.resolve()));
    expect(gone()).toBe(1);
    const { entries } = parts.journal.read({ kinds: ['migration'] });
    expect(entries.filter(({ facts }) => facts['outcome'] === 'moved')).toHaveLength(1);
    expect(await hosts.faults(vm.uuid)).toEqual([]);
  });

  test('only what is in doubt, and on the side that it is for', async () => {
    const { hosts, vm } = await doubt('commit');
    expect(await codeOf(hosts.a.migrations.decideByHand(actor, vm.uuid, 'accept'))).toBe('wrong_state');
    expect(await codeOf(hosts.b.migrations.decideByHand(actor, vm.uuid, 'take-back'))).toBe('wrong_state');
  });

  test('two machines made by hand are told as a violation when the hosts meet again', async () => {
    const { hosts, vm } = await doubt('commit');
    await hosts.a.migrations.decideByHand(actor, vm.uuid, 'take-back');
    await hosts.b.migrations.decideByHand(actor, vm.uuid, 'accept');
    hosts.isConnected = true;
    await hosts.resolve();
    const told = [hosts.a, hosts.b].flatMap(({ host }) => host.events.filter(({ kind }) => kind === 'violation'));
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ sentence: expect.stringContaining('end one of the two') });
    await hosts.resolve();
    const { journal } = hosts.a.host.parts;
    const byHand = journal.read({ kinds: ['migration'] }).entries.map(({ facts }) => facts);
    expect(byHand.at(-1)).toMatchObject({ outcome: 'taken back by hand' });
  });
});
