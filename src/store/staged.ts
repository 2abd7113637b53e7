import { type Engine, GroupCommit } from './group-commit.js';
import { compareKeys } from './order.js';
import { SortedMap } from './sorted-map.js';
import { type Store, type StoreArea, storeAreas, type StoreEntry, type StoreReader, StoreError } from './store.js';
import type { StoreTransaction, StoreValue } from './store.js';

/** A store in memory laid over another one, which it does not change. */
export interface StagedStore extends Store {
  /** Writes what was staged, within a transaction of the store below. */
  applyTo(tx: StoreTransaction): void;
}

class StagedArea {
  readonly written = new SortedMap();
  /** Keys that were deleted and are not written again. */
  readonly deleted = new Set<string>();
}

/** Before a change: what stood in the layer. */
interface Before {
  readonly layer: StagedArea;
  readonly key: string;
  readonly value: StoreValue | undefined;
  readonly deleted: boolean;
}

class StagedEngine implements Engine {
  readonly #below: StoreReader;
  readonly #areas = new Map<StoreArea, StagedArea>(storeAreas.map((area) => [area, new StagedArea()]));
  #undo: Before[] = [];
  #mark = 0;

  constructor(below: StoreReader) {
    this.#below = below;
  }

  #layer(area: StoreArea): StagedArea {
    const layer = this.#areas.get(area);
    if (layer === undefined) throw new StoreError('store_failed', `unknown area ${area}`);
    return layer;
  }

  get(area: StoreArea, key: string): StoreValue | undefined {
    const layer = this.#layer(area);
    return layer.written.get(key) ?? (layer.deleted.has(key) ? undefined : this.#below.get(area, key));
  }

  range(area: StoreArea, from: string, to: string | null, limit: number): StoreEntry[] {
    const { written, deleted } = this.#layer(area);
    const own = written.range(from, to, limit);
    const out: StoreEntry[] = [];
    let at = 0;
    for (let start = from; out.length < limit; ) {
      const page = this.#below.range(area, start, to, limit);
      for (const entry of page) {
        while (at < own.length && compareKeys((own[at] as StoreEntry).key, entry.key) < 0)
          out.push(own[at++] as StoreEntry);
        if (!deleted.has(entry.key) && written.get(entry.key) === undefined) out.push(entry);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < limit) {
        out.push(...own.slice(at));
        break;
      }
      start = `${last.key}\u0000`;
    }
    return out.slice(0, limit);
  }

  #remember(layer: StagedArea, key: string): void {
    this.#undo.push({ layer, key, value: layer.written.get(key), deleted: layer.deleted.has(key) });
  }

  put(area: StoreArea, key: string, value: StoreValue): void {
    const layer = this.#layer(area);
    this.#remember(layer, key);
    layer.written.set(key, typeof value === 'string' ? value : new Uint8Array(value));
    layer.deleted.delete(key);
  }

  delete(area: StoreArea, key: string): boolean {
    if (this.get(area, key) === undefined) return false;
    const layer = this.#layer(area);
    this.#remember(layer, key);
    layer.written.delete(key);
    layer.deleted.add(key);
    return true;
  }

  begin(): void {
    this.#undo = [];
    this.#mark = 0;
  }

  commit(): void {
    this.#undo = [];
  }

  rollback(): void {
    this.#undoTo(0);
  }

  mark(): void {
    this.#mark = this.#undo.length;
  }

  release(): void {
    this.#mark = this.#undo.length;
  }

  undo(): void {
    this.#undoTo(this.#mark);
  }

  #undoTo(length: number): void {
    for (let before = this.#undo.length; before > length; before--) {
      const { layer, key, value, deleted } = this.#undo.pop() as Before;
      if (value === undefined) layer.written.delete(key);
      else layer.written.set(key, value);
      if (deleted) layer.deleted.add(key);
      else layer.deleted.delete(key);
    }
  }

  applyTo(tx: StoreTransaction): void {
    for (const [area, { written, deleted }] of this.#areas) {
      for (const key of deleted) tx.delete(area, key);
      for (const { key, value } of written.range('', null, Number.POSITIVE_INFINITY)) tx.put(area, key, value);
    }
  }
}

/**
 * A place to prepare a large change: reads what `below` holds and keeps what is written to itself, until `applyTo` carries it
 * over in one transaction. Nobody else may change what it reads in the meantime: there is no check for it.
 */
export function createStagedStore(below: StoreReader): StagedStore {
  const engine = new StagedEngine(below);
  const commits = new GroupCommit(engine);
  return {
    get: (area, key) => engine.get(area, key),
    range: (area, from, to, limit) => engine.range(area, from, to, limit),
    transaction: (work) => commits.transaction(work),
    applyTo: (tx) => engine.applyTo(tx),
    close: async () => commits.close(),
  };
}
