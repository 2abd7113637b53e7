import { compareKeys } from './order.js';
import { SortedMap } from './sorted-map.js';
import { type StoreArea, storeAreas, type StoreEntry, StoreError, type StoreReader, type StoreValue } from './store.js';

/** A key that is written; null: that is deleted. */
export interface Change {
  readonly area: StoreArea;
  readonly key: string;
  readonly value: StoreValue | null;
}

function copyOf(value: StoreValue): StoreValue {
  return typeof value === 'string' ? value : new Uint8Array(value);
}

/** What is to change, laid over what is there: reads see both, what lies below stays as it is. */
export class Overlay implements StoreReader {
  readonly #below: StoreReader;
  readonly #areas = new Map<StoreArea, SortedMap<StoreValue | null>>();
  #size = 0;

  constructor(below: StoreReader) {
    this.#below = below;
  }

  /** Keys that are to change. */
  get size(): number {
    return this.#size;
  }

  get(area: StoreArea, key: string): StoreValue | undefined {
    const own = this.#areas.get(area)?.get(key);
    if (own === undefined) return this.#below.get(area, key);
    return own === null ? undefined : copyOf(own);
  }

  /** Whether the key is to change. */
  has(area: StoreArea, key: string): boolean {
    return this.#areas.get(area)?.get(key) !== undefined;
  }

  range(area: StoreArea, from: string, to: string | null, limit: number): readonly StoreEntry[] {
    const layer = this.#areas.get(area);
    if (layer === undefined) return this.#below.range(area, from, to, limit);
    const own = layer.walk(from, to);
    const out: StoreEntry[] = [];
    let next = own.next();
    const takeBelow = (end: string | null): void => {
      while (next.done !== true && (end === null || compareKeys(next.value.key, end) < 0)) {
        const { key, value } = next.value;
        if (value !== null) out.push({ key, value: copyOf(value) });
        if (out.length >= limit) return;
        next = own.next();
      }
    };
    for (let start = from; out.length < limit; ) {
      const page = this.#below.range(area, start, to, limit);
      for (const entry of page) {
        takeBelow(entry.key);
        if (out.length >= limit) return out;
        if (layer.get(entry.key) === undefined) out.push(entry);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < limit) {
        if (out.length < limit) takeBelow(null);
        break;
      }
      start = `${last.key}\u0000`;
    }
    return out;
  }

  /** @returns what stood in this layer: null for a deletion, undefined for nothing */
  set(area: StoreArea, key: string, value: StoreValue | null): StoreValue | null | undefined {
    const before = this.#layer(area).set(key, value === null ? null : copyOf(value));
    if (before === undefined) this.#size++;
    return before;
  }

  /** Lets what lies below show through again. */
  unset(area: StoreArea, key: string): void {
    if (this.#areas.get(area)?.delete(key) !== undefined) this.#size--;
  }

  /** By area, each in the order of keys. */
  *changes(): Generator<Change, void> {
    for (const [area, layer] of this.#areas) {
      for (const { key, value } of layer.walk('', null)) yield { area, key, value };
    }
  }

  #layer(area: StoreArea): SortedMap<StoreValue | null> {
    let layer = this.#areas.get(area);
    if (layer === undefined) {
      if (!storeAreas.includes(area)) throw new StoreError('store_failed', `unknown area ${area}`);
      layer = new SortedMap();
      this.#areas.set(area, layer);
    }
    return layer;
  }
}
