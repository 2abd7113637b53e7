import { GroupCommit, type Medium } from './group-commit.js';
import type { Change } from './overlay.js';
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

class MemoryMedium implements Medium {
  readonly #areas: ReadonlyMap<StoreArea, SortedMap<StoreValue>> = new Map(
    storeAreas.map((area) => [area, new SortedMap()]),
  );

  #area(area: StoreArea): SortedMap<StoreValue> {
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

  change(work: () => Iterable<Change>): void {
    for (const { area, key, value } of work()) {
      if (value === null) this.#area(area).delete(key);
      else this.#area(area).set(key, value);
    }
  }
}

/** A store that forgets everything with the process: for tests, and for hosts without a data folder. */
export function createMemoryStore(): Store {
  const medium = new MemoryMedium();
  const commits = new GroupCommit(medium);
  let closed = false;
  const open = (): MemoryMedium => {
    if (closed) throw new StoreError('store_closed', 'the store is closed');
    return medium;
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
