import fc from 'fast-check';
import {
  attachDisk,
  changeLabel,
  createVolume,
  destroyVm,
  detachDisk,
  eraseVolume,
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
} from '../../src/vmm/index.js';
import { actor, codeOf, crash, define, enforceSample, faultsOf, openHost, type TestHost } from './support/host.js';

type Label = 'MA' | 'SU' | 'MS';

interface ModelVm {
  state: VmState;
  label: Label;
  disk: number | null;
  memoryMiB: number;
}

interface ModelVolume {
  label: Label;
  used: boolean;
}

/** What the simplest host would do under policy 1.1: system label {MA, SU}, MA and SU in conflict. */
interface Model {
  readonly vms: Map<number, ModelVm>;
  readonly volumes: ModelVolume[];
}

interface Real {
  host: TestHost;
  readonly vms: Map<number, string>;
  readonly volumes: string[];
}

const alive = (vm: ModelVm): boolean => vm.state === 'running' || vm.state === 'paused';
const userOf = (model: Model, volume: number): ModelVm | undefined =>
  [...model.vms.values()].find((vm) => vm.disk === volume);

function admitted(model: Model, vm: ModelVm): boolean {
  if (vm.label === 'MS') return false;
  if (vm.disk !== null && model.volumes[vm.disk]?.label !== vm.label) return false;
  return ![...model.vms.values()].some((other) => alive(other) && other.label !== vm.label);
}

/** Does it to the model; the code that the host must answer with. */
type Judge = (model: Model) => string;

class Action implements fc.AsyncCommand<Model, Real> {
  readonly #name: string;
  readonly #judge: Judge;
  readonly #act: (real: Real) => Promise<unknown>;

  constructor(name: string, judge: Judge, act: (real: Real) => Promise<unknown>) {
    this.#name = name;
    this.#judge = judge;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    const expected = this.#judge(model);
    expect({ action: this.#name, code: await codeOf(this.#act(real)) }).toEqual({ action: this.#name, code: expected });
    await compare(model, real);
  }

  toString(): string {
    return this.#name;
  }
}

async function compare(model: Model, real: Real): Promise<void> {
  const { inventory, monitor } = real.host.parts;
  expect(await faultsOf(real.host)).toEqual([]);
  expect([...inventory.vms()].length).toBe(model.vms.size);
  for (const [n, vm] of model.vms) {
    const found = inventory.vm(real.vms.get(n) ?? '');
    expect({ n, state: found?.state, memoryMiB: found?.memoryMiB, disks: found?.disks.length }).toEqual({
      n,
      state: vm.state,
      memoryMiB: vm.memoryMiB,
      disks: vm.disk === null ? 0 : 1,
    });
    expect(monitor.labels.vm(found?.uuid ?? '')?.label).toBe(vm.label);
  }
  for (const [n, volume] of model.volumes.entries()) {
    const found = inventory.volume(real.volumes[n] ?? '');
    expect({ n, used: found?.used }).toEqual({ n, used: volume.used });
    expect(monitor.labels.resource(found?.resource ?? '')?.label).toBe(volume.label);
  }
}

const idOf = (real: Real, vm: number): string => real.vms.get(vm) ?? 'nobody';

function onVm(
  name: string,
  n: number,
  judge: (vm: ModelVm, model: Model) => string,
  act: (real: Real, uuid: string) => Promise<unknown>,
): Action {
  return new Action(
    `${name} ${n}`,
    (model) => {
      const vm = model.vms.get(n);
      return vm === undefined ? 'not_found' : judge(vm, model);
    },
    (real) => act(real, idOf(real, n)),
  );
}

/** A transition that the state alone decides. */
function step(
  name: string,
  n: number,
  from: readonly VmState[],
  to: VmState,
  act: (real: Real, uuid: string) => Promise<unknown>,
): Action {
  const judge = (vm: ModelVm): string => {
    if (!from.includes(vm.state)) return 'wrong_state';
    vm.state = to;
    return 'no error';
  };
  return onVm(name, n, judge, act);
}

function enter(vm: ModelVm, model: Model): string {
  if (!admitted(model, vm)) return 'refused';
  vm.state = 'running';
  const volume = vm.disk === null ? undefined : model.volumes[vm.disk];
  if (volume !== undefined) volume.used = true;
  return 'no error';
}

const define1 = (n: number, label: Label): Action =>
  new Action(
    `define ${n} ${label}`,
    (model) => {
      if (model.vms.has(n)) return 'name_in_use';
      model.vms.set(n, { state: 'off', label, disk: null, memoryMiB: 64 });
      return 'no error';
    },
    async (real) => {
      const vm = await define(real.host.parts, `vm-${n}`, label);
      real.vms.set(n, vm.uuid);
    },
  );

const destroy = (n: number): Action =>
  onVm(
    'destroy',
    n,
    (vm, model) => {
      if (vm.state !== 'off') return 'wrong_state';
      model.vms.delete(n);
      return 'no error';
    },
    (real, uuid) => destroyVm(real.host.parts, actor, uuid),
  );

const start = (n: number): Action =>
  onVm(
    'start',
    n,
    (vm, model) => (vm.state === 'off' ? enter(vm, model) : 'wrong_state'),
    (real, uuid) => startVm(real.host.parts, actor, uuid),
  );

const restore = (n: number): Action =>
  onVm(
    'restore',
    n,
    (vm, model) => (vm.state === 'saved' ? enter(vm, model) : 'wrong_state'),
    (real, uuid) => restoreVm(real.host.parts, actor, uuid),
  );

const reset = (n: number): Action =>
  onVm(
    'reset',
    n,
    (vm, model) => {
      vm.state = 'off';
      return enter(vm, model);
    },
    (real, uuid) => stopThenStart(real, uuid),
  );

/** A reset of what is off is a start in the model; the host calls that a wrong state. */
async function stopThenStart(real: Real, uuid: string): Promise<unknown> {
  const { parts } = real.host;
  return parts.inventory.vm(uuid)?.state === 'off' ? startVm(parts, actor, uuid) : resetVm(parts, actor, uuid);
}

const attach = (n: number, volume: number): Action =>
  onVm(
    `attach ${volume} to`,
    n,
    (vm, model) => {
      if (vm.state === 'saved') return 'wrong_state';
      if (userOf(model, volume) !== undefined) return 'in_use';
      if (vm.disk !== null) return 'no error';
      if (alive(vm) && model.volumes[volume]?.label !== vm.label) return 'refused';
      vm.disk = volume;
      if (alive(vm) && model.volumes[volume] !== undefined) model.volumes[volume].used = true;
      return 'no error';
    },
    async (real, uuid) => {
      const { parts } = real.host;
      const vm = parts.inventory.vm(uuid);
      const free = parts.inventory.usersOf(real.volumes[volume] ?? '').length === 0;
      // The model has one disk for each VM.
      if (vm !== undefined && vm.disks.length > 0 && vm.state !== 'saved' && free) return;
      await attachDisk(parts, actor, uuid, real.volumes[volume] ?? '');
    },
  );

const detach = (n: number): Action =>
  onVm(
    'detach from',
    n,
    (vm) => {
      if (vm.state === 'saved') return 'wrong_state';
      if (vm.disk === null) return 'not_found';
      vm.disk = null;
      return 'no error';
    },
    (real, uuid) => {
      const { parts } = real.host;
      return detachDisk(parts, actor, uuid, parts.inventory.vm(uuid)?.disks[0]?.id ?? 'none');
    },
  );

const relabelVolume = (n: number, label: Label): Action =>
  new Action(
    `label volume ${n} ${label}`,
    (model) => {
      const volume = model.volumes[n];
      if (volume === undefined) return 'not_found';
      if (volume.used && volume.label !== label) return 'sanitization_required';
      const user = userOf(model, n);
      if (user !== undefined && alive(user)) return 'refused';
      volume.label = label;
      return 'no error';
    },
    (real) => changeLabel(real.host.parts, actor, { kind: 'volume', uuid: real.volumes[n] ?? '' }, label),
  );

const erase = (n: number): Action =>
  new Action(
    `erase ${n}`,
    (model) => {
      const user = userOf(model, n);
      if (user !== undefined && user.state !== 'off') return 'in_use';
      const volume = model.volumes[n];
      if (volume !== undefined) volume.used = false;
      return 'no error';
    },
    (real) => eraseVolume(real.host.parts, actor, real.volumes[n] ?? ''),
  );

/** One that runs would have to pass every check again beside the others. */
function mayRelabel(vm: ModelVm, model: Model, label: Label): boolean {
  if (!alive(vm) || vm.label === label) return true;
  const others = [...model.vms.values()].some((other) => other !== vm && alive(other));
  const fits = vm.disk === null || model.volumes[vm.disk]?.label === label;
  return label !== 'MS' && !others && fits;
}

const relabelVm = (n: number, label: Label): Action =>
  onVm(
    `label ${label} for`,
    n,
    (vm, model) => {
      if (!mayRelabel(vm, model, label)) return 'refused';
      vm.label = label;
      return 'no error';
    },
    (real, uuid) => changeLabel(real.host.parts, actor, { kind: 'vm', uuid }, label),
  );

const modify = (n: number, label: Label, memoryMiB: number): Action =>
  onVm(
    `label ${label} and ${memoryMiB} MiB for`,
    n,
    (vm, model) => {
      if (vm.state !== 'off' && vm.memoryMiB !== memoryMiB) return 'wrong_state';
      if (!mayRelabel(vm, model, label)) return 'refused';
      Object.assign(vm, { label, memoryMiB });
      return 'no error';
    },
    (real, uuid) => modifyVm(real.host.parts, actor, uuid, { label, memoryMiB }),
  );

const restart = new Action(
  'restart',
  () => 'no error',
  async (real) => {
    const lost = real.host.events.filter((event) => event.kind === 'vtpm-failed');
    real.host = await crash(real.host);
    // Losses told before the restart stay known to the operator.
    real.host.events.push(...lost);
    await recover(real.host.parts);
  },
);

const vm = fc.nat({ max: 3 });
const volume = fc.nat({ max: 1 });
const label = fc.constantFrom<Label>('MA', 'MA', 'SU', 'SU', 'MS');
const parts = (real: Real) => real.host.parts;

const actions = [
  fc.tuple(vm, label).map(([n, l]) => define1(n, l)),
  vm.map(start),
  vm.map(start),
  vm.map((n) =>
    step('stop', n, ['running', 'paused', 'saved'], 'off', (real, uuid) => stopVm(parts(real), actor, uuid)),
  ),
  fc.tuple(vm, label, fc.constantFrom(64, 65)).map(([n, l, memory]) => modify(n, l, memory)),
  vm.map((n) => step('pause', n, ['running'], 'paused', (real, uuid) => pauseVm(parts(real), actor, uuid))),
  vm.map((n) => step('resume', n, ['paused'], 'running', (real, uuid) => unpauseVm(parts(real), actor, uuid))),
  vm.map((n) => step('save', n, ['running', 'paused'], 'saved', (real, uuid) => saveVm(parts(real), actor, uuid))),
  vm.map(restore),
  vm.map(reset),
  vm.map(destroy),
  fc.tuple(vm, volume).map(([n, v]) => attach(n, v)),
  vm.map(detach),
  fc.tuple(volume, label).map(([n, l]) => relabelVolume(n, l)),
  volume.map(erase),
  fc.tuple(vm, label).map(([n, l]) => relabelVm(n, l)),
  fc.constant(restart),
];

test('a host does what the simple model does, restarts included', async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(actions, { maxCommands: 60 }), async (commands) => {
      const host = await openHost();
      await enforceSample(host.parts, '1.1');
      const volumes: string[] = [];
      for (const name of ['one', 'two']) {
        const { uuid } = await createVolume(host.parts, actor, name, 512);
        await changeLabel(host.parts, actor, { kind: 'volume', uuid }, 'MA');
        volumes.push(uuid);
      }
      const model: Model = { vms: new Map(), volumes: volumes.map(() => ({ label: 'MA', used: false })) };
      await fc.asyncModelRun(() => ({ model, real: { host, vms: new Map(), volumes } }), commands);
    }),
    { numRuns: 60, interruptAfterTimeLimit: 8_000 },
  );
});

test('any transitions of a few virtual machines at once leave one story and no conflict', async () => {
  const racing = fc.array(fc.tuple(fc.nat({ max: 9 }), vm), { minLength: 2, maxLength: 24 });
  await fc.assert(
    fc.asyncProperty(racing, async (moves) => {
      const host = await openHost();
      const { parts: at } = host;
      await enforceSample(at, '1.1');
      const disk = await createVolume(at, actor, 'disk', 512);
      await changeLabel(at, actor, { kind: 'volume', uuid: disk.uuid }, 'MA');
      const ids: string[] = [];
      for (const [n, name] of (['MA', 'SU', 'MA', 'SU'] as const).entries())
        ids.push((await define(at, `vm-${n}`, name)).uuid);
      const acts: readonly ((uuid: string) => Promise<unknown>)[] = [
        (uuid) => startVm(at, actor, uuid),
        (uuid) => startVm(at, actor, uuid),
        (uuid) => stopVm(at, actor, uuid),
        (uuid) => saveVm(at, actor, uuid),
        (uuid) => restoreVm(at, actor, uuid),
        (uuid) => resetVm(at, actor, uuid),
        (uuid) => attachDisk(at, actor, uuid, disk.uuid),
        (uuid) => changeLabel(at, actor, { kind: 'vm', uuid }, 'SU'),
        () => eraseVolume(at, actor, disk.uuid),
        (uuid) => destroyVm(at, actor, uuid),
      ];
      await Promise.all(
        moves.map(([act, n]) => codeOf((acts[act] as (uuid: string) => Promise<unknown>)(ids[n] ?? ''))),
      );
      expect(await faultsOf(host)).toEqual([]);
      const labels = new Set(at.monitor.running().map((system) => at.monitor.labels.vm(system.vm)?.label));
      expect(labels.size).toBeLessThanOrEqual(1);
    }),
    { numRuns: 60, interruptAfterTimeLimit: 8_000 },
  );
});
