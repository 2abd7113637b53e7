import { concatBytes, TvdcError } from '../../base/index.js';
import { mostCargo } from '../../vmm/index.js';

interface Pile {
  readonly parts: Uint8Array[];
  readonly wanted: number;
  size: number;
}

/** Transfers that are put together at the same time. */
const mostPiles = 16;

/** Puts together what comes in parts, in their order; a first part begins anew. */
export class PartPiles {
  readonly #piles = new Map<string, Pile>();

  /**
   * @returns all of it once the last part is there, otherwise null
   * @throws TvdcError `bad_part` out of order, or too much
   */
  add(key: string, at: number, wanted: number, part: Uint8Array): Uint8Array | null {
    const before = at === 0 ? { parts: [], wanted, size: 0 } : this.#piles.get(key);
    this.#piles.delete(key);
    if (before === undefined || before.parts.length !== at || before.wanted !== wanted || at >= wanted)
      throw new TvdcError('bad_part', `part ${at} of ${wanted} is not the next one: begin again with part 0`);
    before.parts.push(part);
    before.size += part.length;
    if (before.size > mostCargo) throw new TvdcError('bad_part', `expected at most ${mostCargo} bytes`);
    if (at === wanted - 1) return concatBytes(...before.parts);
    this.#piles.set(key, before);
    // The one that waits longest for its next part goes first: a map keeps the order of insertion.
    if (this.#piles.size > mostPiles) this.#piles.delete(this.#piles.keys().next().value as string);
    return null;
  }
}
