import type { Batches } from '../../cim/operations/index.js';

/**
 * Objects that arrive bit by bit. One `for await`, or `batches()` where each turn of the loop counts, or `toArray()`.
 * Leaving the loop early ends the operation on the server.
 */
export class ObjectStream<T> implements AsyncIterable<T> {
  readonly #batches: () => Batches<T>;

  constructor(batches: () => Batches<T>) {
    this.#batches = batches;
  }

  /** The objects as the server sent them together. Starts the operation. */
  batches(): Batches<T> {
    return this.#batches();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const batch of this.#batches()) for (const object of batch) yield object;
  }

  /** @param limit stop (and close) after so many */
  async toArray(limit = Number.POSITIVE_INFINITY): Promise<T[]> {
    const all: T[] = [];
    if (limit <= 0) return all;
    for await (const batch of this.#batches()) {
      for (const object of batch) {
        all.push(object);
        if (all.length >= limit) return all;
      }
    }
    return all;
  }

  /** The first object, or undefined. */
  async first(): Promise<T | undefined> {
    return (await this.toArray(1))[0];
  }
}

/** Everything of a stream in one array. */
export async function collect<T>(batches: Batches<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) for (const object of batch) all.push(object);
  return all;
}
