import { nextTurn } from '../../src/base/index.js';
import {
  createVolume,
  destroyVm,
  Domains,
  erasureJob,
  eraseVolume,
  type HostParts,
  type Job,
  type JobControl,
  jobHandlers,
  type JobRequest,
  Jobs,
  Migrations,
  pauseVm,
  recover,
  resetVm,
  restoreVm,
  saveVm,
  startVm,
  stopVm,
  transitionJob,
  type VirtualMachine,
  type VmState,
} from '../../src/vmm/index.js';
import { Gate, gatedParts, type Mode } from './support/gate.js';
import { actor, crash, define, enforceSample, faultsOf, openHost, type TestHost } from './support/host.js';

/** No two moments are the same. */
let time = 1_000;
const clock = { now: () => ++time, monotonic: () => time };

function openJobs(parts: HostParts): Jobs {
  return new Jobs({ ...parts, patience: 0, onChange: () => undefined });
}

interface Scene {
  readonly host: TestHost;
  readonly vm: VirtualMachine;
  readonly volume: string;
}

interface Trial {
  readonly name: string;
  readonly from: VmState;
  /** Where the machine is when it is done; an erasure leaves it alone. */
  readonly goal: VmState | 'destroyed' | 'erased';
  work(parts: HostParts, scene: Scene, control: JobControl): Promise<unknown>;
}

const trials: readonly Trial[] = [
  { name: 'start', from: 'off', goal: 'running', work: (parts, { vm }) => startVm(parts, actor, vm.uuid) },
  { name: 'stop', from: 'running', goal: 'off', work: (parts, { vm }) => stopVm(parts, actor, vm.uuid) },
  {
    name: 'shut down',
    from: 'running',
    goal: 'off',
    work: (parts, { vm }) => stopVm(parts, actor, vm.uuid, 'shutDown'),
  },
  { name: 'pause', from: 'running', goal: 'paused', work: (parts, { vm }) => pauseVm(parts, actor, vm.uuid) },
  { name: 'save', from: 'running', goal: 'saved', work: (parts, { vm }) => saveVm(parts, actor, vm.uuid) },
  { name: 'restore', from: 'saved', goal: 'running', work: (parts, { vm }) => restoreVm(parts, actor, vm.uuid) },
  { name: 'reset', from: 'running', goal: 'running', work: (parts, { vm }) => resetVm(parts, actor, vm.uuid) },
  { name: 'destroy', from: 'off', goal: 'destroyed', work: (parts, { vm }) => destroyVm(parts, actor, vm.uuid) },
  {
    name: 'erase',
    from: 'off',
    goal: 'erased',
    work: (parts, { volume }, control) => eraseVolume(parts, actor, volume, control),
  },
];

async function prepare(from: VmState): Promise<Scene> {
  const host = await openHost({}, { change: () => ({ clock }) });
  const { parts } = host;
  await enforceSample(parts);
  const vm = await define(parts, 'ma', 'MA');
  const spare = await createVolume(parts, actor, 'spare', 512);
  await parts.inventory.change((change) => change.putVolume({ ...spare, used: true }));
  if (from !== 'off') await startVm(parts, actor, vm.uuid);
  if (from === 'saved') await saveVm(parts, actor, vm.uuid);
  return { host, vm: parts.inventory.vm(vm.uuid) ?? vm, volume: spare.uuid };
}

function requestOf(trial: Trial, { host, vm, volume }: Scene): JobRequest {
  const record = host.parts.inventory.volume(volume);
  if (trial.goal !== 'erased') return transitionJob(actor, trial.name, vm, trial.goal);
  if (record === undefined) throw new Error('no volume');
  return erasureJob(actor, record);
}

/** Whether what the trial is for is so. */
function isDone(trial: Trial, parts: HostParts, scene: Scene): boolean {
  if (trial.goal === 'erased') return parts.inventory.volume(scene.volume)?.used === false;
  const now = parts.inventory.vm(scene.vm.uuid);
  return (now?.state ?? 'destroyed') === trial.goal && now?.changedAt !== scene.vm.changedAt;
}

async function allEnded(jobs: Jobs): Promise<readonly Job[]> {
  for (;;) {
    const all = [...jobs.list()];
    if (all.every(({ endedAt }) => endedAt !== null)) return all;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const noPeers = {
  names: () => [],
  find: () => undefined,
  ofAccount: () => undefined,
  attest: (): never => {
    throw new Error('this host has no peers');
  },
};

/** Runs a trial that ends at one step; whether that step was reached, and how the jobs ended that were left. */
async function tryStep(
  trial: Trial,
  mode: Mode,
  limit: number,
): Promise<{ readonly isReached: boolean; readonly ends: readonly string[] }> {
  const scene = await prepare(trial.from);
  const { host } = scene;
  const gate = new Gate(limit, mode);
  const parts = gatedParts(host.parts, gate);
  const jobs = openJobs(parts);
  const request = requestOf(trial, scene);
  /** The job is there when the work begins. */
  const begun = async (): Promise<void> => {
    while (jobs.list().next().done === true && !gate.isDead) await nextTurn();
  };
  let work: Promise<unknown> = Promise.resolve();
  const answer = await jobs
    .run(request, (control) => {
      work = begun().then(() => trial.work(parts, scene, control));
      return work;
    })
    .catch((error: unknown) => error);
  const given = typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'job';
  await work.catch(() => undefined);
  await nextTurn();
  await nextTurn();
  const next = await crash(host, { change: () => ({ clock }) });
  await recover(next.parts);
  const again = openJobs(next.parts);
  await again.resume(jobHandlers(next.parts, new Domains(next.parts), new Migrations(next.parts, noPeers)));
  const where = `${trial.name}, ${mode} at step ${limit}`;
  const ended = await allEnded(again);
  // Whoever was given a job finds it; whoever was not leaves none, but for one that was written as the process ended.
  if (given) expect([where, ended.length]).toEqual([where, 1]);
  for (const job of ended) {
    const told = [where, job.state, job.error?.sentence ?? ''];
    expect([told, job.state === 'completed']).toEqual([told, isDone(trial, next.parts, scene)]);
  }
  expect([where, await faultsOf(next)]).toEqual([where, []]);
  return { isReached: gate.steps >= limit, ends: ended.map(({ state }) => state) };
}

describe('whatever step is the last of the process, the job tells what became of the work', () => {
  test.each(trials.flatMap((trial) => (['kill', 'kill after'] as const).map((mode) => ({ ...trial, mode }))))(
    '$name, $mode',
    async ({ mode, ...trial }) => {
      const ends = new Set<string>();
      let limit = 1;
      for (; ; limit++) {
        const tried = await tryStep(trial, mode, limit);
        if (!tried.isReached) break;
        for (const end of tried.ends) ends.add(end);
      }
      expect(limit).toBeGreaterThan(3);
      expect(ends).toContain('completed');
      // An erasure is carried on in any case.
      if (trial.goal !== 'erased') expect(ends).toContain('failed');
    },
  );
});
