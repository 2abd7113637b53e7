import type { Clock } from '../base/index.js';

/** Equal denials within a window that are recorded one by one; those after them are counted in the next record. */
const mostInWindow = 5;
/** Milliseconds. */
const window = 10_000;
const mostKeys = 1000;

interface Denials {
  readonly since: number;
  written: number;
  counted: number;
  last: Promise<string> | null;
}

/** What became of a denial. */
export interface RecordedDenial {
  /** Id of the journal's record: its own, or the one of an equal denial shortly before. */
  readonly recordId: string;
  /** False: it was only counted, and nobody needs to be told again. */
  readonly isNew: boolean;
}

/** Keeps a caller who tries the same again and again from filling the journal: nothing is forgotten, but it is counted. */
export class DenialLimit {
  readonly #clock: Clock;
  readonly #denials = new Map<string, Denials>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Records a denial, or counts it.
   * @param key who was denied what, and why
   * @param write writes the record with the number of equal denials that were only counted since the one before; its id
   */
  async record(key: string, write: (repeated: number) => Promise<string>): Promise<RecordedDenial> {
    const denials = this.#enter(key);
    if (denials.last !== null && denials.written >= mostInWindow) {
      denials.counted++;
      return { recordId: await denials.last, isNew: false };
    }
    const repeated = denials.counted;
    denials.written++;
    denials.counted = 0;
    denials.last = write(repeated);
    try {
      return { recordId: await denials.last, isNew: true };
    } catch (error) {
      denials.counted += repeated;
      throw error;
    }
  }

  #enter(key: string): Denials {
    const now = this.#clock.monotonic();
    const known = this.#denials.get(key);
    if (known !== undefined && now - known.since < window) return known;
    const fresh: Denials = { since: now, written: 0, counted: known?.counted ?? 0, last: null };
    this.#denials.delete(key);
    this.#denials.set(key, fresh);
    // The oldest windows go first: a map keeps the order of insertion.
    if (this.#denials.size > mostKeys) this.#denials.delete(this.#denials.keys().next().value as string);
    return fresh;
  }
}
