import { type Engine, GroupCommit } from './group-commit.js';
import { SortedMap } from './sorted-map.js';
import {
  type Store,
  type StoreArea,
  storeAreas,
  type StoreEntry,
  StoreError,
  type StoreTransaction,
  type StoreValue,
} from './store.js';

function copyOf(value: StoreValue): StoreValue {
  return typeof value === 'string' ? value : new Uint8Array(value);
}

/** Takes writes at once and remembers how to undo them. */
class MemoryEngine implements Engine {
  readonly #areas: ReadonlyMap<StoreArea, SortedMap> = new Map(storeAreas.map((area) => [area, new SortedMap()]));
  #undo: (() => void)[] = [];
  #mark = 0;

  #area(area: StoreArea): SortedMap {
    const map = this.#areas.get(area);
    if (map === undefined) throw new StoreError('store_failed', `unknown area ${area}`);
    return map;
  }

  get(area: StoreArea, key: string): StoreValue | undefined {
    const value = this.#area(area).get(key);
    return value === undefined ? undefined : copyOf(value);
  }

  range(area: StoreArea, from: string, to: string | null, limit: number): StoreEntry[] {
    return this.#area(area)
      .range(from, to, limit)
      .map(({ key, value }) => ({ key, value: copyOf(value) }));
  }

  put(area: StoreArea, key: string, value: StoreValue): void {
    const map = this.#area(area);
    const before = map.set(key, copyOf(value));
    this.#undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)));
  }

  delete(area: StoreArea, key: string): boolean {
    const map = this.#area(area);
    const before = map.delete(key);
    if (before === undefined) return false;
    this.#undo.push(() => map.set(key, before));
    return true;
  }

  begin(): void {
    this.#undo = [];
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
    while (this.#undo.length > length) this.#undo.pop()?.();
  }
}

/** A store that forgets everything with the process: for tests, and for hosts without a data folder. */
export function createMemoryStore(): Store {
  const engine = new MemoryEngine();
  const commits = new GroupCommit(engine);
  let closed = false;
  const open = (): MemoryEngine => {
    if (closed) throw new StoreError('store_closed', 'the store is closed');
    return engine;
  };
  return {
    get: (area: StoreArea, key: string) => open().get(area, key),
    range: (area: StoreArea, from: string, to: string | null, limit: number) => open().range(area, from, to, limit),
    transaction: <T>(work: (tx: StoreTransaction) => T) => commits.transaction(work),
    close: async () => {
      commits.close();
      closed = true;
    },
  };
}
