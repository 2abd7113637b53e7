import { compareKeys } from './order.js';

const largestRun = 256;

export interface KeyedValue<V> {
  readonly key: string;
  readonly value: V;
}

/** Values by key, walked in the order of the keys' UTF-8 bytes; insertion costs the length of one run, not of the map. */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #runs: string[][] = [];

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  /** The value that stood there before. */
  set(key: string, value: V): V | undefined {
    const before = this.#values.get(key);
    this.#values.set(key, value);
    if (before === undefined) this.#insert(key);
    return before;
  }

  /** The value that stood there. */
  delete(key: string): V | undefined {
    const before = this.#values.get(key);
    if (before === undefined) return undefined;
    this.#values.delete(key);
    const at = this.#runOf(key);
    const run = this.#runs[at] as string[];
    run.splice(firstNotBelow(run, key), 1);
    if (run.length === 0) this.#runs.splice(at, 1);
    return before;
  }

  range(from: string, to: string | null, limit: number): KeyedValue<V>[] {
    const out: KeyedValue<V>[] = [];
    if (limit <= 0) return out;
    for (const entry of this.walk(from, to)) {
      out.push(entry);
      if (out.length >= limit) break;
    }
    return out;
  }

  /** Entries with `from` <= key < `to` (null: no end). The map must not change meanwhile. */
  *walk(from: string, to: string | null): Generator<KeyedValue<V>, void> {
    for (let at = this.#runOf(from); at < this.#runs.length; at++) {
      const run = this.#runs[at] as string[];
      for (let place = firstNotBelow(run, from); place < run.length; place++) {
        const key = run[place] as string;
        if (to !== null && compareKeys(key, to) >= 0) return;
        yield { key, value: this.#values.get(key) as V };
      }
    }
  }

  #insert(key: string): void {
    if (this.#runs.length === 0) this.#runs.push([]);
    const at = this.#runOf(key);
    const run = this.#runs[at] as string[];
    run.splice(firstNotBelow(run, key), 0, key);
    if (run.length > largestRun) this.#runs.splice(at + 1, 0, run.splice(largestRun / 2));
  }

  /** The last run that begins at or before the key; the first where none does. */
  #runOf(key: string): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.#runs[middle]?.[0] as string, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function firstNotBelow(run: readonly string[], key: string): number {
  let low = 0;
  let high = run.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(run[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
