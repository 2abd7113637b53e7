import { createSeededRandomness, ManualClock, MemoryLog } from '../../src/base/index.js';
import { createJournal, createMemoryStore, type Store } from '../../src/store/index.js';
import {
  type Job,
  type JobAnswer,
  type JobChange,
  type JobControl,
  type JobHandler,
  type JobRequest,
  Jobs,
  VmmError,
} from '../../src/vmm/index.js';
import { codeOf } from './support/host.js';

const minute = 60_000;
const element = { kind: 'volume', id: 'v' } as const;
const request: JobRequest = {
  kind: 'work',
  name: 'work on v',
  user: 'tester',
  owner: { kind: 'service', id: 'storage' },
  affected: [element],
  input: { volume: 'v' },
};

/** Work that has this does not hear that it is to stop. */
const deaf: JobControl = {
  signal: new AbortController().signal,
  progress: () => undefined,
  report: async () => undefined,
  affects: () => undefined,
};

interface Scene {
  readonly jobs: Jobs;
  readonly store: Store;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly changes: JobChange[];
  journal(): readonly unknown[];
}

let seeds = 0;

function open(store = createMemoryStore(), patience = 0, clock = new ManualClock(1_000_000)): Scene {
  const log = new MemoryLog();
  const changes: JobChange[] = [];
  const journal = createJournal(store, { host: 'host', clock });
  const randomness = createSeededRandomness(`jobs ${seeds++}`);
  const jobs = new Jobs({ store, journal, clock, log, randomness, patience, onChange: (item) => changes.push(item) });
  const entries = (): readonly unknown[] =>
    journal.read({ after: 0, limit: 100 }).entries.map(({ actor, facts }) => [actor, facts['change']]);
  return { jobs, store, clock, log, changes, journal: entries };
}

/** Work that settles when the test says so. */
function slowWork<T = string>() {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<T>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  let control: JobControl | undefined;
  const work = (given: JobControl): Promise<T> => {
    control = given;
    given.signal.addEventListener('abort', () => reject(given.signal.reason as Error));
    return promise;
  };
  return {
    work,
    resolve: (value: T) => resolve(value),
    reject: (error: Error) => reject(error),
    get control(): JobControl {
      if (control === undefined) throw new Error('the work has not begun');
      return control;
    },
  };
}

function jobOf(answer: JobAnswer<unknown>): Job {
  if (answer.kind !== 'job') throw new Error('it was finished in time');
  return answer.job;
}

async function ended({ jobs }: Scene, id: string): Promise<Job> {
  for (;;) {
    const job = jobs.find(id);
    if (job === undefined) throw new Error('it is gone');
    if (job.endedAt !== null) return job;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('work within the patience', () => {
  test('leaves no job behind: its value or its error comes back', async () => {
    const scene = open(createMemoryStore(), 60_000);
    expect(await scene.jobs.run(request, async () => 'done')).toEqual({ kind: 'finished', value: 'done' });
    const failing = scene.jobs.run(request, async () => {
      throw new VmmError('in_use', ['v', 'w']);
    });
    expect(await codeOf(failing)).toBe('in_use');
    expect([...scene.jobs.list()]).toEqual([]);
    expect(scene.changes).toEqual([]);
    expect(scene.journal()).toEqual([]);
  });

  test('what it reported is forgotten', async () => {
    const scene = open(createMemoryStore(), 60_000);
    const work = (control: JobControl) => control.report({ element, name: 'v', sentence: 'x', error: null });
    await scene.jobs.run(request, work);
    expect(open(scene.store).jobs.list().next().done).toBe(true);
  });
});

describe('work that takes longer', () => {
  test('becomes a job, is told, is recorded, and ends as its work does', async () => {
    const scene = open();
    const slow = slowWork();
    const job = jobOf(await scene.jobs.run(request, slow.work));
    expect(job).toMatchObject({ ...request, state: 'running', percent: 0, stoppable: false, endedAt: null });
    slow.control.progress(0.425);
    expect(scene.jobs.find(job.id)?.percent).toBe(42);
    scene.clock.advance(minute);
    slow.control.affects({ kind: 'vm', id: 'new' });
    slow.resolve('done');
    const end = await ended(scene, job.id);
    expect(end).toMatchObject({ state: 'completed', percent: 100, error: null, begunAt: 1_000_000 });
    expect(end).toMatchObject({ endedAt: 1_000_000 + minute, changedAt: 1_000_000 + minute });
    expect(end.affected).toEqual([element, { kind: 'vm', id: 'new' }]);
    expect(scene.changes).toMatchObject([
      { kind: 'job-changed', before: null, job: { state: 'running' } },
      { kind: 'job-changed', before: { state: 'running' }, job: { state: 'completed' } },
    ]);
    expect(scene.journal()).toEqual([
      ['tester', 'begun'],
      ['tester', 'completed'],
    ]);
  });

  test('keeps why it failed; what was not meant for others stays in the log', async () => {
    const scene = open();
    const first = slowWork();
    const second = slowWork();
    const one = jobOf(await scene.jobs.run(request, first.work));
    const two = jobOf(await scene.jobs.run(request, second.work));
    first.reject(new VmmError('in_use', ['v', 'w']));
    second.reject(new Error('secret'));
    expect(await ended(scene, one.id)).toMatchObject({
      state: 'failed',
      error: { code: 'in_use', messageId: 'TVDC0104', arguments: ['v', 'w'], sentence: 'v is in use by w' },
    });
    const { error } = await ended(scene, two.id);
    expect(error).toMatchObject({ code: 'internal' });
    expect(JSON.stringify(error)).not.toContain('secret');
    expect(JSON.stringify(scene.log.entries)).toContain('secret');
  });

  test('fails if one of its parts failed, and keeps what came of each', async () => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run(request, slow.work));
    await slow.control.report({ element, name: 'v', sentence: 'running', error: null });
    const error = {
      code: 'refused',
      reason: 'conflict',
      messageId: null,
      arguments: [],
      sentence: 'no',
      decisionId: null,
    };
    await slow.control.report({ element: { kind: 'vm', id: 'w' }, name: 'w', sentence: 'no', error });
    expect(open(scene.store).jobs.find(id)?.results).toHaveLength(2);
    slow.resolve('done');
    const job = await ended(scene, id);
    expect(job.state).toBe('failed');
    expect(job.error?.sentence).toBe('1 of 2 parts failed');
    expect(job.results.map(({ name, sentence }) => [name, sentence])).toEqual([
      ['v', 'running'],
      ['w', 'no'],
    ]);
  });

  test('of an older folder, which has the parts in the job itself, is read and moved', async () => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run(request, slow.work));
    await slow.control.report({ element, name: 'v', sentence: 'done', error: null });
    const { results } = scene.jobs.find(id) as Job;
    const older = createMemoryStore();
    const record = JSON.parse(scene.store.get('vmm', `job/${id}`) as string) as Job;
    await older.transaction((tx) => tx.put('vmm', `job/${id}`, JSON.stringify({ ...record, results })));
    const reopened = open(older);
    expect(reopened.jobs.find(id)?.results).toEqual(results);
    await reopened.jobs.resume({});
    expect((await ended(reopened, id)).results).toEqual(results);
    expect(open(older).jobs.find(id)?.results).toEqual(results);
    expect(JSON.parse(older.get('vmm', `job/${id}`) as string)).toMatchObject({ results: [] });
    slow.resolve('done');
  });

  test('with many parts writes each once, tells them in their order, and leaves none of them', async () => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run(request, slow.work));
    const record = scene.store.get('vmm', `job/${id}`);
    const names = Array.from({ length: 25 }, (_, at) => `part-${at}`);
    let written = 0;
    for (const name of names) {
      await slow.control.report({ element, name, sentence: 'done', error: null });
      const now = scene.store.range('vmm', 'job', 'job\u{10ffff}', 999).length;
      expect(now - written).toBe(written === 0 ? 2 : 1);
      written = now;
    }
    expect(scene.store.get('vmm', `job/${id}`)).toBe(record);
    expect(
      open(scene.store)
        .jobs.find(id)
        ?.results.map(({ name }) => name),
    ).toEqual(names);
    slow.resolve('done');
    await ended(scene, id);
    expect(open(scene.store).jobs.find(id)?.results).toHaveLength(25);
    await scene.jobs.remove(id);
    expect(scene.store.range('vmm', 'job', 'job\u{10ffff}', 999)).toEqual([]);
  });

  test('is waited for where no record can be written', async () => {
    const store = createMemoryStore();
    const full: Store = {
      ...{ get: store.get.bind(store), range: store.range.bind(store), close: store.close.bind(store) },
      transaction: () => Promise.reject(new Error('the disk is full')),
    };
    const scene = open(full);
    const slow = slowWork();
    const answer = scene.jobs.run(request, slow.work);
    setTimeout(() => slow.resolve('done'), 10);
    expect(await answer).toEqual({ kind: 'finished', value: 'done' });
    expect(scene.log.entries).toMatchObject([{ event: 'job not recorded' }]);
  });
});

describe('the end on request', () => {
  test.each(['terminated', 'killed'] as const)('a job that can stop is %s at the next place', async (why) => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run({ ...request, stoppable: true }, slow.work));
    slow.control.progress(0.5);
    expect(await scene.jobs.stop('chief', id, why)).toBe('stopping');
    expect(await ended(scene, id)).toMatchObject({ state: why, percent: 50, error: { code: 'stopped' } });
    expect(await scene.jobs.stop('chief', id, why)).toBe('ended');
    expect(scene.journal()).toEqual([
      ['tester', 'begun'],
      ['chief', 'stopping'],
      ['tester', why],
    ]);
  });

  test('work that has to be carried out is not stopped, and says so', async () => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run(request, slow.work));
    expect(await scene.jobs.stop('chief', id, 'killed')).toBe('fixed');
    expect(slow.control.signal.aborted).toBe(false);
    slow.resolve('done');
    expect((await ended(scene, id)).state).toBe('completed');
  });

  test('work that was finished before it saw the request is completed', async () => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run({ ...request, stoppable: true }, slow.work));
    const told = scene.jobs.stop('chief', id, 'terminated');
    slow.resolve('done');
    expect(await told).toBe('stopping');
    expect((await ended(scene, id)).state).toBe('completed');
    expect(open(scene.store).jobs.find(id)?.state).toBe('completed');
  });
});

describe('removal', () => {
  async function endedJob(scene: Scene): Promise<string> {
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run(request, slow.work));
    slow.resolve('done');
    await ended(scene, id);
    return id;
  }

  test('an ended job goes when its time is over, at once or after a restart', async () => {
    const scene = open();
    const id = await endedJob(scene);
    scene.clock.advance(5 * minute - 1);
    await scene.jobs.removeExpired();
    expect(scene.jobs.find(id)).toBeDefined();
    scene.clock.advance(1);
    const later = open(scene.store, 0, scene.clock);
    await later.jobs.resume({});
    expect(later.jobs.find(id)).toBeUndefined();
    await scene.jobs.removeExpired();
    expect(scene.jobs.find(id)).toBeUndefined();
    expect(scene.changes.at(-1)).toMatchObject({ kind: 'job-removed', job: { id, state: 'completed' } });
    expect(open(scene.store).jobs.find(id)).toBeUndefined();
  });

  test('a timer removes by itself', async () => {
    const scene = open();
    const id = await endedJob(scene);
    await scene.jobs.keep('tester', id, { keptFor: 0 });
    while (scene.jobs.find(id) !== undefined) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(open(scene.store).jobs.find(id)).toBeUndefined();
  });

  test('how long it stays can be changed, before and after its end', async () => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run(request, slow.work));
    await scene.jobs.keep('tester', id, { removedWhenDone: false });
    slow.resolve('done');
    await ended(scene, id);
    scene.clock.advance(60 * minute);
    await scene.jobs.removeExpired();
    expect(scene.jobs.find(id)).toBeDefined();
    await scene.jobs.keep('tester', id, { removedWhenDone: true, keptFor: 61 * minute });
    await scene.jobs.removeExpired();
    expect(scene.jobs.find(id)).toBeDefined();
    scene.clock.advance(minute);
    await scene.jobs.removeExpired();
    expect(scene.jobs.find(id)).toBeUndefined();
  });

  test('one in progress cannot be removed; an ended one only once', async () => {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run(request, slow.work));
    expect(await codeOf(scene.jobs.remove(id))).toBe('job_running');
    slow.resolve('done');
    await ended(scene, id);
    await Promise.all([scene.jobs.remove(id), scene.jobs.remove(id), scene.jobs.removeExpired()]);
    expect(scene.changes.filter(({ kind }) => kind === 'job-removed')).toHaveLength(1);
    expect(await codeOf(scene.jobs.remove(id))).toBe('not_found');
  });

  test('a change in the same moment as the removal does not bring it back', async () => {
    const scene = open();
    const id = await endedJob(scene);
    const removal = scene.jobs.remove(id);
    expect(await codeOf(scene.jobs.keep('tester', id, { keptFor: minute }))).toBe('not_found');
    await removal;
    expect(scene.jobs.find(id)).toBeUndefined();
    expect(open(scene.store).jobs.find(id)).toBeUndefined();
  });

  test('a list that is being read survives removals', async () => {
    const scene = open();
    const ids = [await endedJob(scene), await endedJob(scene), await endedJob(scene)];
    const list = scene.jobs.list();
    expect(list.next().value?.id).toBe(ids[0]);
    await scene.jobs.remove(ids[1] ?? '');
    expect([...list].map(({ id }) => id)).toEqual([ids[2]]);
  });
});

describe('after the end of the process', () => {
  async function interrupted(more: Partial<JobRequest> = {}): Promise<{ readonly store: Store; readonly id: string }> {
    const scene = open();
    const slow = slowWork();
    const { id } = jobOf(await scene.jobs.run({ ...request, ...more }, slow.work));
    await slow.control.report({ element, name: 'v', sentence: 'done', error: null });
    return { store: scene.store, id };
  }

  test('the handler of its kind takes a job up with what is known of it, and its outcome counts', async () => {
    const { store, id } = await interrupted();
    const next = open(store);
    const slow = slowWork();
    const seen: Job[] = [];
    const handler: JobHandler = (job, control) => {
      seen.push(job);
      return slow.work(control);
    };
    await next.jobs.resume({ work: handler });
    expect(seen).toMatchObject([{ id, input: { volume: 'v' }, results: [{ name: 'v' }] }]);
    expect(next.jobs.find(id)?.state).toBe('running');
    slow.control.progress(0.5);
    expect(next.jobs.find(id)?.percent).toBe(50);
    slow.resolve('done');
    expect(await ended(next, id)).toMatchObject({ state: 'completed', results: [{ name: 'v' }] });
  });

  test('what the handler finds out is the outcome; without a handler it was interrupted', async () => {
    for (const handlers of [
      {},
      { work: () => Promise.reject(new VmmError('interrupted', ['work on v', 'v is half done'])) },
    ]) {
      const { store, id } = await interrupted();
      const next = open(store);
      await next.jobs.resume(handlers);
      const { state, error } = await ended(next, id);
      expect([state, error?.messageId]).toEqual(['failed', 'TVDC0501']);
    }
  });

  test('a job that was being stopped is terminated', async () => {
    const scene = open();
    const { id } = jobOf(await scene.jobs.run({ ...request, stoppable: true }, () => new Promise(() => undefined)));
    await scene.jobs.stop('chief', id, 'terminated');
    const next = open(scene.store);
    await next.jobs.resume({ work: () => Promise.resolve() });
    expect((await ended(next, id)).state).toBe('terminated');
  });

  test('an end in order waits for what has to be carried out and leaves the rest to the next process', async () => {
    const scene = open();
    const fixed = slowWork();
    const loose = slowWork();
    const one = jobOf(await scene.jobs.run(request, () => fixed.work(deaf)));
    const two = jobOf(await scene.jobs.run(request, loose.work));
    const closed = scene.jobs.close();
    setTimeout(() => fixed.resolve('done'), 10);
    await closed;
    expect(scene.jobs.find(one.id)?.state).toBe('completed');
    const next = open(scene.store);
    expect(next.jobs.find(two.id)?.state).toBe('running');
    await next.jobs.resume({ work: () => Promise.resolve() });
    expect((await ended(next, two.id)).state).toBe('completed');
    expect(next.jobs.find(one.id)?.state).toBe('completed');
  });
});
