import { type Clock, type Log, messageOf } from '../../base/index.js';
import type { JobTable } from './table.js';
import type { Job } from './types.js';

/** The longest that a timer of Node.js takes. */
const longestTimer = 2 ** 31 - 1;

/** When a job goes by itself; Infinity: not by itself, or not yet. */
function expiryOf({ endedAt, removedWhenDone, keptFor }: Job): number {
  return endedAt === null || !removedWhenDone ? Infinity : endedAt + keptFor;
}

/** Removes ended jobs when their time is over. */
export class Sweeper {
  readonly #table: JobTable;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(table: JobTable, clock: Clock, log: Log) {
    this.#table = table;
    this.#clock = clock;
    this.#log = log;
  }

  /** To be called when a job has ended or is to stay for another time. */
  plan(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    let next = Infinity;
    for (const job of this.#table.values()) next = Math.min(next, expiryOf(job));
    if (this.#isClosed || next === Infinity) return;
    const wait = Math.min(Math.max(next - this.#clock.now(), 0), longestTimer);
    this.#timer = setTimeout(() => {
      this.sweep().catch((error: unknown) => {
        this.#log.error('jobs not removed', { error: messageOf(error) });
      });
    }, wait);
    this.#timer.unref();
  }

  async sweep(): Promise<void> {
    const now = this.#clock.now();
    const expired = [...this.#table.values()].filter((job) => expiryOf(job) <= now);
    if (expired.length > 0) await this.#table.delete(expired);
    this.plan();
  }

  close(): void {
    this.#isClosed = true;
    this.plan();
  }
}
