import type { Clock } from '../../base/index.js';

export interface ThrottleLimits {
  /** Failures in a row that cost nothing. */
  readonly freeFailures: number;
  /** Milliseconds after the first failure that is not free; doubles with each further one. */
  readonly firstDelay: number;
  /** Milliseconds, the longest delay. */
  readonly longestDelay: number;
  /** Milliseconds without a failure after which a source is forgotten. */
  readonly memory: number;
  /** Sources remembered; the oldest is forgotten first. */
  readonly sources: number;
  /** Attempts of one source that may wait at the same time; more are refused without looking. */
  readonly waiting: number;
}

export const defaultThrottleLimits: ThrottleLimits = {
  freeFailures: 3,
  firstDelay: 250,
  longestDelay: 8000,
  memory: 900_000,
  sources: 10_000,
  waiting: 4,
};

interface Source {
  failures: number;
  last: number;
  waiting: number;
}

/** Counts failed attempts by source and says how long the next answer has to wait. */
export class Throttle {
  readonly #sources = new Map<string, Source>();
  readonly #clock: Clock;
  readonly #limits: ThrottleLimits;

  constructor(clock: Clock, limits: ThrottleLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  #current(key: string): Source | undefined {
    const source = this.#sources.get(key);
    if (source === undefined || source.waiting > 0) return source;
    if (this.#clock.monotonic() - source.last < this.#limits.memory) return source;
    this.#sources.delete(key);
    return undefined;
  }

  /** Takes a place for an attempt; false: too many of this source are waiting already. */
  enter(key: string): boolean {
    const source = this.#current(key);
    if (source === undefined) {
      this.#remember(key, { failures: 0, last: this.#clock.monotonic(), waiting: 1 });
      return true;
    }
    if (source.failures > this.#limits.freeFailures && source.waiting >= this.#limits.waiting) return false;
    source.waiting++;
    return true;
  }

  leave(key: string): void {
    const source = this.#sources.get(key);
    if (source === undefined) return;
    source.waiting = Math.max(0, source.waiting - 1);
    if (source.waiting === 0 && source.failures === 0) this.#sources.delete(key);
  }

  /** Counts a failure. @returns milliseconds that its answer has to wait */
  failed(key: string): number {
    const source = this.#current(key) ?? { failures: 0, last: 0, waiting: 0 };
    source.failures++;
    source.last = this.#clock.monotonic();
    this.#remember(key, source);
    const costly = source.failures - this.#limits.freeFailures;
    if (costly <= 0) return 0;
    return Math.min(this.#limits.longestDelay, this.#limits.firstDelay * 2 ** Math.min(costly - 1, 30));
  }

  succeeded(key: string): void {
    const source = this.#sources.get(key);
    if (source !== undefined) source.failures = 0;
  }

  failuresOf(key: string): number {
    return this.#current(key)?.failures ?? 0;
  }

  #remember(key: string, source: Source): void {
    this.#sources.delete(key);
    this.#sources.set(key, source);
    if (this.#sources.size <= this.#limits.sources) return;
    const oldest = this.#sources.keys().next();
    if (oldest.done !== true) this.#sources.delete(oldest.value);
  }
}
