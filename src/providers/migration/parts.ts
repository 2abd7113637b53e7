import { concatBytes, TvdcError } from '../../base/index.js';
import { mostCargo } from '../../vmm/index.js';

interface Pile {
  readonly parts: Uint8Array[];
  readonly wanted: number;
  size: number;
  /** Set while it waits for its next part. */
  timer?: NodeJS.Timeout;
}

/** Transfers that are put together at the same time. */
const mostPiles = 16;
/** Milliseconds: longer than a host waits for an answer, after which it begins again or gives up. */
const longestPause = 300_000;

/** Puts together what comes in parts, in their order; a first part begins anew. */
export class PartPiles {
  readonly #piles = new Map<string, Pile>();
  readonly #patience: number;

  /** @param patience milliseconds that parts are kept without a further one */
  constructor(patience = longestPause) {
    this.#patience = patience;
  }

  /**
   * @returns all of it once the last part is there, otherwise null
   * @throws TvdcError `bad_part` out of order, or too much
   */
  add(key: string, at: number, wanted: number, part: Uint8Array): Uint8Array | null {
    const before = at === 0 ? { parts: [], wanted, size: 0 } : this.#piles.get(key);
    this.drop(key);
    if (before === undefined || before.parts.length !== at || before.wanted !== wanted || at >= wanted)
      throw new TvdcError('bad_part', `part ${at} of ${wanted} is not the next one: begin again with part 0`);
    before.parts.push(part);
    before.size += part.length;
    if (before.size > mostCargo) throw new TvdcError('bad_part', `expected at most ${mostCargo} bytes`);
    if (at === wanted - 1) return concatBytes(...before.parts);
    this.#piles.set(key, before);
    // What its source has given up must not fill the memory.
    before.timer = setTimeout(() => this.#piles.delete(key), this.#patience).unref();
    // The one that waits longest for its next part goes first: a map keeps the order of insertion.
    if (this.#piles.size > mostPiles) this.drop(this.#piles.keys().next().value as string);
    return null;
  }

  /** Forgets what has come so far. */
  drop(key: string): void {
    clearTimeout(this.#piles.get(key)?.timer);
    this.#piles.delete(key);
  }

  /** Transfers of which parts are kept. */
  get size(): number {
    return this.#piles.size;
  }
}
