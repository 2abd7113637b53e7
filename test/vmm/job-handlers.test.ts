import type { ManualClock } from '../../src/base/index.js';
import {
  additionJob,
  attachDisk,
  changeDomainState,
  changeLabel,
  connectVlan,
  createVlan,
  createVolume,
  definitionJob,
  Domains,
  erasureJob,
  type HostParts,
  type Job,
  type JobControl,
  type JobElement,
  jobHandlers,
  type JobRequest,
  type JobResult,
  membersJob,
  Migrations,
  modificationJob,
  removalJob,
  removeDevice,
  resetVm,
  restoredMark,
  startVm,
  transitionJob,
  type VirtualMachine,
  type WantedDevice,
} from '../../src/vmm/index.js';
import { actor, codeOf, define, enforceSample, openHost, type TestHost } from './support/host.js';

let host: TestHost;
let parts: HostParts;
let domains: Domains;
let vm: VirtualMachine;
let affected: JobElement[];

beforeEach(async () => {
  host = await openHost();
  ({ parts } = host);
  await enforceSample(parts);
  domains = new Domains(parts);
  affected = [];
  await createVlan(parts, actor, 100, 'MA');
  await changeLabel(parts, actor, { kind: 'vlan', id: 100 }, 'MA');
  vm = await define(parts, 'ma', 'MA');
});

const noPeer = (): never => {
  throw new Error('this host has no peers');
};

/** Runs the handler of a job, as the process does that finds it after a start. */
async function takeUp(request: JobRequest, results: readonly JobResult[] = []): Promise<unknown> {
  // What is kept has gone through JSON.
  const kept = JSON.parse(JSON.stringify(request)) as Required<JobRequest>;
  const time = parts.clock.now();
  const times = { begunAt: time, changedAt: time, endedAt: null, keptFor: 0, removedWhenDone: true };
  const job: Job = { ...kept, ...times, id: 'job', state: 'running', percent: 0, results, error: null };
  const control: JobControl = {
    signal: new AbortController().signal,
    progress: () => undefined,
    report: async () => undefined,
    affects: (element) => void affected.push(element),
  };
  const peers = { names: () => [], find: () => undefined, ofAccount: () => undefined, attest: noPeer };
  const migrations = new Migrations(parts, peers);
  const handler = jobHandlers(parts, domains, migrations)[job.kind];
  if (handler === undefined) throw new Error(`nobody takes up ${job.kind}`);
  return handler(job, control);
}

function now(): VirtualMachine {
  const found = parts.inventory.vm(vm.uuid);
  if (found === undefined) throw new Error('the machine is gone');
  return found;
}

function tick(): void {
  (parts.clock as ManualClock).advance(1);
}

async function newVolume(name: string): Promise<string> {
  const { uuid } = await createVolume(parts, actor, name, 512);
  await changeLabel(parts, actor, { kind: 'volume', uuid }, 'MA');
  return uuid;
}

describe('a transition', () => {
  test('was done where the machine is where it was to go, and failed where it is not', async () => {
    const start = transitionJob(actor, 'start', now(), 'running');
    await expect(takeUp(start)).rejects.toMatchObject({
      code: 'interrupted',
      message: expect.stringContaining('ma is off') as string,
    });
    tick();
    await startVm(parts, actor, vm.uuid);
    await takeUp(start);
    const destroy = transitionJob(actor, 'destroy', now(), 'destroyed');
    expect(await codeOf(takeUp(destroy))).toBe('interrupted');
    await expect(takeUp({ ...destroy, input: { ...destroy.input, vm: 'gone' } })).resolves.toBeUndefined();
  });

  test('that leads back to where the machine was counts only if something happened', async () => {
    await startVm(parts, actor, vm.uuid);
    const reset = transitionJob(actor, 'reset', now(), 'running');
    expect(await codeOf(takeUp(reset))).toBe('interrupted');
    tick();
    await resetVm(parts, actor, vm.uuid);
    await takeUp(reset);
  });
});

describe('changes of the management service', () => {
  test('a definition was made, or nothing of it is left', async () => {
    expect(await codeOf(takeUp(definitionJob(actor, 'fresh')))).toBe('interrupted');
    const fresh = await define(parts, 'fresh', 'MA');
    await takeUp(definitionJob(actor, 'fresh'));
    expect(affected).toEqual([{ kind: 'vm', id: fresh.uuid }]);
    // One of that name that was there before is not what the job made.
    tick();
    expect(await codeOf(takeUp(definitionJob(actor, 'fresh')))).toBe('interrupted');
  });

  test('a modification is made again, which changes nothing where it was made', async () => {
    const job = modificationJob(actor, now(), { name: 'other', memoryMiB: 128, label: null });
    for (let n = 0; n < 2; n++) {
      await takeUp(job);
      expect(now()).toMatchObject({ name: 'other', memoryMiB: 128 });
      expect(parts.monitor.labels.vm(vm.uuid)).toBeUndefined();
    }
  });

  test('of the devices to be added those come that are missing', async () => {
    await connectVlan(parts, actor, vm.uuid, 100);
    const [first, second] = [await newVolume('first'), await newVolume('second')];
    const wanted: readonly WantedDevice[] = [
      { kind: 'disk', volume: first },
      { kind: 'disk', volume: second },
      { kind: 'port', vlan: 100 },
      { kind: 'port', vlan: 100 },
      { kind: 'tpm' },
    ];
    const job = additionJob(actor, now(), wanted);
    await attachDisk(parts, actor, vm.uuid, first);
    await connectVlan(parts, actor, vm.uuid, 100);
    for (let n = 0; n < 2; n++) {
      await takeUp(job);
      expect(now().disks.map(({ volume }) => volume)).toEqual([first, second]);
      expect(now().ports.map(({ vlanId }) => vlanId)).toEqual([100, 100, 100]);
    }
  });

  test('of the devices to be removed those go that are still there', async () => {
    const disk = await attachDisk(parts, actor, vm.uuid, await newVolume('disk'));
    const port = await connectVlan(parts, actor, vm.uuid, 100);
    const removals = [
      { vm: vm.uuid, device: { kind: 'disk', id: disk.id } },
      { vm: vm.uuid, device: { kind: 'port', id: port.id } },
      { vm: vm.uuid, device: { kind: 'tpm', id: 'tpm' } },
    ] as const;
    await removeDevice(parts, actor, vm.uuid, removals[0].device);
    const job = removalJob(actor, [now()], removals);
    for (let n = 0; n < 2; n++) {
      await takeUp(job);
      expect(now()).toMatchObject({ disks: [], ports: [], tpm: false });
    }
  });

  test('of a machine that is gone nothing is left to change', async () => {
    const gone = { ...now(), uuid: 'gone' };
    expect(await codeOf(takeUp(modificationJob(actor, gone, { memoryMiB: 1 })))).toBe('not_found');
    expect(await codeOf(takeUp(additionJob(actor, gone, [{ kind: 'tpm' }])))).toBe('not_found');
  });
});

test('an erasure begins anew', async () => {
  const uuid = await newVolume('disk');
  const volume = parts.inventory.volume(uuid);
  if (volume === undefined) throw new Error('no volume');
  await parts.inventory.change((change) => change.putVolume({ ...volume, used: true }));
  host.storage.contents.set(volume.resource, 'half of it');
  await takeUp(erasureJob(actor, volume));
  expect(host.storage.contents.get(volume.resource)).toBe('');
  expect(parts.inventory.volume(uuid)).toMatchObject({ used: false, erasedAt: parts.clock.now() });
});

test('members that were changed are left alone', async () => {
  await domains.createDatacenter(actor, 'dc');
  const domain = await domains.createDomain(actor, 'Analysis', 'dc', ['MA']);
  const other = await define(parts, 'other', 'MA');
  const job = membersJob(actor, domains, domain, 'running');
  expect(job.affected).toHaveLength(3);
  await takeUp(job, [{ element: { kind: 'vm', id: vm.uuid }, name: 'ma', sentence: 'running', error: null }]);
  expect([now().state, parts.inventory.vm(other.uuid)?.state]).toEqual(['off', 'running']);
  expect(await changeDomainState(parts, actor, domains, domain.uuid, 'running')).toMatchObject([
    { name: 'ma', outcome: 'changed' },
    { name: 'other', outcome: 'unchanged' },
  ]);
});

describe('after the data of the host were restored from a backup', () => {
  beforeEach(async () => {
    tick();
    const { area, key, value } = restoredMark(parts.clock.now());
    await parts.store.transaction((tx) => tx.put(area, key, value));
  });

  /** As a job that was begun so many milliseconds after the restore. */
  const takeUpLater = (request: JobRequest, later: number): Promise<unknown> => {
    (parts.clock as ManualClock).advance(later);
    return takeUp(request);
  };

  test('work of before is not done anew, and the job says why', async () => {
    const uuid = await newVolume('data');
    const volume = parts.inventory.volume(uuid);
    if (volume === undefined) throw new Error('no volume');
    for (const request of [
      erasureJob(actor, volume),
      additionJob(actor, now(), [{ kind: 'disk', volume: uuid }]),
      modificationJob(actor, now(), { memoryMiB: 512 }),
    ]) {
      await expect(takeUpLater(request, -1)).rejects.toMatchObject({
        code: 'interrupted',
        message: expect.stringContaining('restored from a backup') as string,
      });
      (parts.clock as ManualClock).advance(1);
    }
    expect(parts.inventory.volume(uuid)?.erasedAt).toBeNull();
    expect(now()).toMatchObject({ memoryMiB: vm.memoryMiB, disks: vm.disks });
  });

  test('what recovery made of work of before is told, and later work goes on', async () => {
    const start = transitionJob(actor, 'start', now(), 'running');
    tick();
    await startVm(parts, actor, vm.uuid);
    await takeUpLater(start, -1);
    const volume = parts.inventory.volume(await newVolume('data'));
    if (volume === undefined) throw new Error('no volume');
    await takeUpLater(erasureJob(actor, volume), 1);
    expect(parts.inventory.volume(volume.uuid)?.erasedAt).not.toBeNull();
  });
});
