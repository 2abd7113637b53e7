import { type Clock, type Log, messageOf, type Randomness } from '../../base/index.js';
import { VmmError } from '../errors.js';
import { errorOfParts, jobErrorOf } from './error.js';
import { type JobControl, type JobStopped, LiveJob } from './live-job.js';
import { Sweeper } from './sweeper.js';
import { JobTable, type JobTableParts } from './table.js';
import { isEnded, type Job, type JobRequest } from './types.js';

/** Milliseconds that a caller waits for work before it becomes a job. */
export const jobPatience = 2000;
/** Milliseconds that a job stays after its end unless somebody says otherwise (CIM_ConcreteJob.TimeBeforeRemoval). */
const defaultKeep = 300_000;
/** Beyond as many jobs in progress callers wait for their work: whoever asks too much is slowed down. */
const mostRunning = 1000;

export interface JobsParts extends JobTableParts {
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Milliseconds; {@link jobPatience} if left out. */
  readonly patience?: number;
}

/** What became of work within the caller's patience. */
export type JobAnswer<T> =
  | { readonly kind: 'finished'; readonly value: T }
  /** It goes on. */
  | { readonly kind: 'job'; readonly job: Job };

/** Takes up work that the end of a process interrupted; resolves or throws as the work itself would have. */
export type JobHandler = (job: Job, control: JobControl) => Promise<unknown>;

/** Whether work settles before a time is over; what it settles with is left to its own promise. */
function settlesWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    const settled = (): void => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settled, settled);
  });
}

/**
 * Work of a host that may take longer than a caller likes to wait.
 *
 * A use case that may take long is called through {@link Jobs.run}:
 *
 * ```ts
 * const answer = await jobs.run(
 *   {
 *     kind: 'erase',                              // names the handler that takes it up after a restart
 *     name: `erase ${volume.name}`,
 *     user: actor.user,
 *     owner: { kind: 'service', id: 'storage' },
 *     affected: [{ kind: 'volume', id: volume.uuid }],
 *     input: { volume: volume.uuid },             // what the handler needs
 *     stoppable: true,                            // the work looks at control.signal
 *   },
 *   (control) => eraseVolume(parts, actor, volume.uuid, control),
 * );
 * ```
 *
 * Work that settles within the patience (2 s) leaves no job behind: its value comes back as `finished`, its error is thrown.
 * Otherwise a job is written and comes back, and goes on without its caller; only what became a job is ever taken up again,
 * for nobody was told of anything else. Work carries out what it has begun, unless it is `stoppable`.
 *
 * After a start of the process, once transitions are recovered, {@link Jobs.resume} runs the handler of each job's `kind`
 * as the job's work: it carries on, undoes, or finds out what became of it, and resolves or throws accordingly, so that the
 * job shows its true outcome. A kind without a handler fails as interrupted. Handlers stand in `vmm/resume-jobs.ts`.
 *
 * A provider does all of this with `startedOrDone` (`providers/kit`), which answers 4096 with the job's path.
 */
export class Jobs {
  readonly #parts: JobsParts;
  readonly #table: JobTable;
  readonly #sweeper: Sweeper;
  readonly #live = new Map<string, LiveJob>();
  readonly #working = new Set<Promise<void>>();
  #isClosing = false;

  constructor(parts: JobsParts) {
    this.#parts = parts;
    this.#table = new JobTable(parts);
    this.#sweeper = new Sweeper(this.#table, parts.clock, parts.log);
  }

  #now(job: Job): Job {
    const live = this.#live.get(job.id);
    return live === undefined || isEnded(job) ? job : { ...job, percent: live.job.percent };
  }

  *list(): IterableIterator<Job> {
    for (const job of this.#table.values()) yield this.#now(job);
  }

  find(id: string): Job | undefined {
    const job = this.#table.get(id);
    return job === undefined ? undefined : this.#now(job);
  }

  /** Runs work, and makes a job of it if it takes long: see the class. @throws whatever the work throws in time */
  async run<T>(request: JobRequest, work: (control: JobControl) => Promise<T>): Promise<JobAnswer<T>> {
    const { clock, randomness, patience = jobPatience } = this.#parts;
    const now = clock.now();
    const live = this.#liven({
      stoppable: false,
      ...request,
      id: randomness.uuid(),
      state: 'running',
      percent: 0,
      begunAt: now,
      changedAt: now,
      endedAt: null,
      results: [],
      error: null,
      keptFor: defaultKeep,
      removedWhenDone: true,
    });
    const done = work(live);
    const waits = this.#live.size >= mostRunning || (await settlesWithin(done, patience)) || this.#isClosing;
    if (waits || !(await this.#begin(live))) return { kind: 'finished', value: await done };
    this.#follow(live, done);
    return { kind: 'job', job: live.job };
  }

  #liven(job: Job): LiveJob {
    return new LiveJob(job, (now) => this.#table.putResults(now));
  }

  /** @returns false if no record can be written: the caller waits then */
  async #begin(live: LiveJob): Promise<boolean> {
    const { id, user, name } = live.job;
    this.#live.set(id, live);
    live.isKept = true;
    try {
      await this.#table.put(live.job, { actor: user, change: 'begun' });
      return true;
    } catch (error) {
      live.isKept = false;
      this.#live.delete(id);
      this.#parts.log.error('job not recorded', { job: name, error: messageOf(error) });
      return false;
    }
  }

  #follow(live: LiveJob, done: Promise<unknown>): void {
    const end = done
      .then(
        () => this.#end(live, null),
        (error: unknown) => this.#end(live, { error }),
      )
      .catch((error: unknown) => {
        this.#parts.log.error('end of a job not recorded', { job: live.job.id, error: messageOf(error) });
      })
      .finally(() => {
        this.#live.delete(live.job.id);
        this.#working.delete(end);
      });
    this.#working.add(end);
  }

  // Nothing asynchronous stands between the end of the work and this write: no later change of the element is on disk
  // without the outcome of this job.
  async #end(live: LiveJob, thrown: { readonly error: unknown } | null): Promise<void> {
    const stopped = thrown !== null && thrown.error === live.signal.reason ? (thrown.error as JobStopped) : null;
    if (stopped?.why === 'closing') return;
    const error = thrown === null ? errorOfParts(live.job.results) : jobErrorOf(thrown.error);
    if (error?.code === 'internal') {
      const { id, name } = live.job;
      this.#parts.log.error('job failed', { job: id, name, error: messageOf(thrown?.error) });
    }
    const state = stopped?.why ?? (error === null ? 'completed' : 'failed');
    const now = this.#parts.clock.now();
    const percent = error === null ? 100 : live.job.percent;
    live.job = { ...live.job, state, percent, changedAt: now, endedAt: now, error };
    await this.#table.put(live.job, { actor: live.job.user, change: state });
    this.#sweeper.plan();
  }

  /**
   * Takes up what the end of a process interrupted: each job in progress by the handler of its kind. To be called once,
   * when transitions are recovered, nobody begins new ones yet, and changes are told.
   */
  async resume(handlers: Readonly<Record<string, JobHandler>>): Promise<void> {
    for (const job of [...this.#table.values()]) {
      // What callers of this process have begun meanwhile is at work already.
      if (isEnded(job) || this.#live.has(job.id)) continue;
      const live = this.#liven(job);
      live.isKept = true;
      this.#live.set(job.id, live);
      this.#parts.log.info('job taken up', { job: job.id, name: job.name });
      this.#follow(live, this.#takeUp(live, handlers[job.kind]));
    }
    await this.#sweeper.sweep();
  }

  async #takeUp(live: LiveJob, handler: JobHandler | undefined): Promise<void> {
    const { job } = live;
    if (job.state === 'stopping') {
      live.stop('terminated');
      live.signal.throwIfAborted();
    }
    if (handler === undefined) throw new VmmError('interrupted', [job.name, 'it is not taken up again']);
    await handler(job, live);
  }

  /**
   * Asks for the end of a job: it comes at the next place where its work can end in order.
   * @param why whether the job shows as terminated or as killed afterwards
   * @returns `fixed`: its work is carried out, whatever anybody asks
   * @throws VmmError `not_found`
   */
  async stop(user: string, id: string, why: 'terminated' | 'killed'): Promise<'stopping' | 'fixed' | 'ended'> {
    this.#require(id);
    const live = this.#live.get(id);
    if (live === undefined || isEnded(live.job)) return 'ended';
    if (!live.job.stoppable) return 'fixed';
    if (live.job.state === 'running') {
      live.job = { ...live.job, state: 'stopping', changedAt: this.#parts.clock.now() };
      await this.#table.put(live.job, { actor: user, change: 'stopping' });
      live.stop(why);
    }
    return 'stopping';
  }

  /** How long a job stays after its end. @throws VmmError `not_found` */
  async keep(user: string, id: string, change: Partial<Pick<Job, 'keptFor' | 'removedWhenDone'>>): Promise<void> {
    const live = this.#live.get(id);
    const job = { ...(live?.job ?? this.#require(id)), ...change };
    if (live !== undefined) live.job = job;
    await this.#table.put(job, { actor: user, change: 'kept' });
    this.#sweeper.plan();
  }

  /** Removes a job that has ended. @throws VmmError `not_found`, `job_running` */
  async remove(id: string): Promise<void> {
    const job = this.#require(id);
    if (!isEnded(job)) throw new VmmError('job_running', [job.name]);
    await this.#table.delete([job]);
  }

  /** Removes the ended jobs whose time is over, as a timer does by itself. */
  removeExpired(): Promise<void> {
    return this.#sweeper.sweep();
  }

  #require(id: string): Job {
    const job = this.#table.get(id);
    if (job === undefined) throw new VmmError('not_found', [id]);
    return job;
  }

  /** Waits for work that is carried out whatever happens; what heeds its signal stops, and is taken up by the next process. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const live of this.#live.values()) live.stop('closing');
    await Promise.all(this.#working);
    this.#sweeper.close();
  }
}
