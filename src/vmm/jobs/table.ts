import { type Journal, prefixEnd, type Store } from '../../store/index.js';
import { VmmError } from '../errors.js';
import type { Job } from './types.js';

const prefix = 'job/';

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

  constructor(parts: JobTableParts) {
    this.#parts = parts;
    const entries = parts.store.range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER);
    this.#jobs = new Map(
      entries.map(({ key, value }) => [key.slice(prefix.length), JSON.parse(value as string) as Job]),
    );
  }

  values(): IterableIterator<Job> {
    return this.#jobs.values();
  }

  get(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** @param note null: nothing that the journal cares for @throws VmmError `not_found` it was removed meanwhile */
  async put(job: Job, note: JobNote | null): Promise<void> {
    const { store, journal, onChange } = this.#parts;
    const before = this.#jobs.get(job.id) ?? null;
    const key = prefix + job.id;
    await store.transaction((tx) => {
      // Somebody may have removed it in the same moment.
      if (before !== null && tx.get('vmm', key) === undefined) throw new VmmError('not_found', [job.id]);
      tx.put('vmm', key, JSON.stringify(job));
      if (note !== null) {
        const { kind, name, error } = job;
        const facts = { change: note.change, kind, name, ...(error === null ? {} : { error: error.sentence }) };
        journal.append(tx, { kind: 'job', actor: note.actor, subject: job.id, facts });
      }
      tx.afterCommit(() => this.#jobs.set(job.id, job));
    });
    onChange({ kind: 'job-changed', job, before });
  }

  async delete(jobs: readonly Job[]): Promise<void> {
    await this.#parts.store.transaction((tx) => {
      for (const job of jobs) tx.delete('vmm', prefix + job.id);
    });
    for (const job of jobs) {
      // Whoever asked for the same at the same time was quicker.
      if (!this.#jobs.has(job.id)) continue;
      this.#parts.onChange({ kind: 'job-removed', job });
      this.#jobs.delete(job.id);
    }
  }
}
