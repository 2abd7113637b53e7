import { deletePrefix, type Journal, prefixEnd, type Store, type StoreTransaction } from '../../store/index.js';
import { VmmError } from '../errors.js';
import type { Job, JobResult } from './types.js';

const prefix = 'job/';
// What came of elements has records of its own: a job with many of them is not written anew for each.
const resultPrefix = 'job-result/';

const resultsOf = (id: string): string => `${resultPrefix}${id}/`;
const resultKey = (id: string, at: number): string => `${resultsOf(id)}${String(at).padStart(9, '0')}`;

export type JobChange =
  | { readonly kind: 'job-changed'; readonly job: Job; readonly before: Job | null }
  | { readonly kind: 'job-removed'; readonly job: Job };

/** What the journal says of a change of a job. */
export interface JobNote {
  readonly actor: string;
  readonly change: string;
}

export interface JobTableParts {
  readonly store: Store;
  readonly journal: Journal;
  /** Told after a change is on disk; of a removal while the job can still be found. */
  readonly onChange: (change: JobChange) => void;
}

/** The jobs that are on disk. */
export class JobTable {
  readonly #parts: JobTableParts;
  readonly #jobs: Map<string, Job>;
  /** How many results of each job are on disk. */
  readonly #written = new Map<string, number>();

  constructor(parts: JobTableParts) {
    this.#parts = parts;
    const entries = parts.store.range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER);
    this.#jobs = new Map(
      entries.map(({ key, value }) => {
        const id = key.slice(prefix.length);
        const job = JSON.parse(value as string) as Job;
        const own = parts.store.range('vmm', resultsOf(id), prefixEnd(resultsOf(id)), Number.MAX_SAFE_INTEGER);
        this.#written.set(id, own.length);
        // Older folders have them in the job itself; its next record moves them.
        const results =
          own.length === 0 ? job.results : own.map((entry) => JSON.parse(entry.value as string) as JobResult);
        return [id, { ...job, results }];
      }),
    );
  }

  /** Results that are not on disk yet. */
  #putResults(tx: StoreTransaction, { id, results }: Job): void {
    const written = this.#written.get(id) ?? 0;
    for (let at = written; at < results.length; at++) tx.put('vmm', resultKey(id, at), JSON.stringify(results[at]));
    tx.afterCommit(() => this.#written.set(id, results.length));
  }

  values(): IterableIterator<Job> {
    return this.#jobs.values();
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** @throws VmmError `not_found` it was removed meanwhile */
  async put(job: Job, note: JobNote): Promise<void> {
    const { store, journal, onChange } = this.#parts;
    const before = this.#jobs.get(job.id) ?? null;
    const key = prefix + job.id;
    await store.transaction((tx) => {
      // Somebody may have removed it in the same moment.
      if (before !== null && tx.get('vmm', key) === undefined) throw new VmmError('not_found', [job.id]);
      tx.put('vmm', key, JSON.stringify({ ...job, results: [] }));
      this.#putResults(tx, job);
      const { kind, name, error } = job;
      const facts = { change: note.change, kind, name, ...(error === null ? {} : { error: error.sentence }) };
      journal.append(tx, { kind: 'job', actor: note.actor, subject: job.id, facts });
      tx.afterCommit(() => this.#jobs.set(job.id, job));
    });
    onChange({ kind: 'job-changed', job, before });
  }

  /** What came of further elements, and nothing else of the job. @throws VmmError `not_found` it was removed meanwhile */
  async putResults(job: Job): Promise<void> {
    const { store, onChange } = this.#parts;
    const before = this.#jobs.get(job.id) ?? null;
    await store.transaction((tx) => {
      if (!this.#jobs.has(job.id)) throw new VmmError('not_found', [job.id]);
      this.#putResults(tx, job);
      tx.afterCommit(() => this.#jobs.set(job.id, job));
    });
    onChange({ kind: 'job-changed', job, before });
  }

  async delete(jobs: readonly Job[]): Promise<void> {
    await this.#parts.store.transaction((tx) => {
      for (const { id } of jobs) {
        tx.delete('vmm', prefix + id);
        deletePrefix(tx, 'vmm', resultsOf(id));
      }
    });
    for (const job of jobs) {
      // Whoever asked for the same at the same time was quicker.
      if (!this.#jobs.has(job.id)) continue;
      this.#parts.onChange({ kind: 'job-removed', job });
      this.#jobs.delete(job.id);
      this.#written.delete(job.id);
    }
  }
}
