import { VmmError } from '../errors.js';
import type { Job, JobElement, JobResult } from './types.js';

/** What work knows of the job that it may become, and tells it. */
export interface JobControl {
  /**
   * Aborted when somebody asks for the end of a job that is `stoppable`, or when this process ends. The work then leaves
   * things in order and throws the signal's reason; when the process ends the job is taken up again by the next.
   */
  readonly signal: AbortSignal;
  /** @param share of the work that is done, 0 to 1 */
  progress(share: number): void;
  /** What came of one element: kept with the job, so that work taken up after a restart need not do it again. */
  report(result: JobResult): Promise<void>;
  /** An element that came into being. */
  affects(element: JobElement): void;
}

/** Somebody asked for the end of a job. */
export class JobStopped extends VmmError {
  /** `closing`: the process ends, and the next one takes the job up. */
  readonly why: 'terminated' | 'killed' | 'closing';

  constructor(why: JobStopped['why']) {
    super('stopped', []);
    this.why = why;
  }
}

/** Work in progress, whether or not a job has been made of it yet. */
export class LiveJob implements JobControl {
  // Made when somebody looks: work in time seldom does, and making one costs as much as the rest.
  #stop: AbortController | null = null;
  readonly #keepResults: (job: Job) => Promise<void>;
  /** Ahead of what is on disk while that is being written; how far it is goes to disk only with another change. */
  job: Job;
  /** Whether there is a record. */
  isKept = false;

  constructor(job: Job, keepResults: (job: Job) => Promise<void>) {
    this.job = job;
    this.#keepResults = keepResults;
  }

  get signal(): AbortSignal {
    this.#stop ??= new AbortController();
    return this.#stop.signal;
  }

  stop(why: JobStopped['why']): void {
    if (!this.signal.aborted) this.#stop?.abort(new JobStopped(why));
  }

  progress(share: number): void {
    this.job = { ...this.job, percent: Math.floor(Math.min(1, Math.max(0, share)) * 100) };
  }

  async report(result: JobResult): Promise<void> {
    this.job = { ...this.job, results: [...this.job.results, result] };
    if (this.isKept) await this.#keepResults(this.job);
  }

  /** Written with the job's next change. */
  affects(element: JobElement): void {
    this.job = { ...this.job, affected: [...this.job.affected, element] };
  }
}
