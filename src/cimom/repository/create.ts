import { TvdcError } from '../../base/index.js';
import { foldName, parseNamespace } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { prefixEnd, type Store } from '../../store/index.js';
import { Catalogue, deletePrefix, takeNumber } from './catalogue.js';
import { InstanceCache } from './instance-cache.js';
import { parseStored } from './json.js';
import { area, namespaceKey, namespacePrefix, qualifierPrefix } from './keys.js';
import type { ChangeWork, NamespaceRepository, Repository } from './repository.js';
import { Space } from './space.js';

export interface RepositoryOptions {
  /** Bound of what is kept in memory, in bytes; 64 MiB if left out. */
  readonly cacheBytes?: number;
}

/** Opens the repository of a store. Only names are read at first; classes and instances when they are asked for. */
export function createRepository(store: Store, options: RepositoryOptions = {}): Repository {
  return new StoredRepository(store, options.cacheBytes ?? 64 * 1024 * 1024);
}

function checkedNamespace(name: string): string {
  try {
    return parseNamespace(name);
  } catch (cause) {
    throw cause instanceof TvdcError ? new CimError(4, cause.message, { cause }) : cause;
  }
}

const mostNamespaces = 100_000;

class StoredRepository implements Repository {
  readonly #store: Store;
  readonly #cache: InstanceCache;
  readonly #spaces = new Map<string, Space>();

  constructor(store: Store, cacheBytes: number) {
    this.#store = store;
    this.#cache = new InstanceCache(cacheBytes);
    const rows = store
      .range(area, namespacePrefix, prefixEnd(namespacePrefix), mostNamespaces)
      .map(({ value }) => parseStored(value) as readonly [string, string])
      .sort((a, b) => Number.parseInt(a[1], 36) - Number.parseInt(b[1], 36));
    for (const [name, id] of rows) this.#add(name, id);
  }

  #add(name: string, id: string): Space {
    const neighbours = (other: string): Space | undefined => this.#spaces.get(foldName(other));
    const space = new Space({ store: this.#store, cache: this.#cache, name, id, neighbours });
    this.#spaces.set(foldName(name), space);
    return space;
  }

  namespaces(): readonly string[] {
    return [...this.#spaces.values()].map((space) => space.name);
  }

  hasNamespace(name: string): boolean {
    return this.#spaces.has(foldName(name));
  }

  space(name: string): NamespaceRepository | undefined {
    return this.#spaces.get(foldName(name));
  }

  async createNamespace(name: string, work?: ChangeWork): Promise<NamespaceRepository> {
    const spelt = checkedNamespace(name);
    const key = namespaceKey(foldName(spelt));
    await this.#store.transaction((tx) => {
      if (tx.get(area, key) !== undefined) throw new CimError(11, `namespace ${spelt} exists already`);
      const id = takeNumber(tx);
      tx.put(area, key, JSON.stringify([spelt, id]));
      work?.(tx, { kind: 'namespace', namespace: spelt, created: true });
      tx.afterCommit(() => void this.#add(spelt, id));
    });
    return this.#spaces.get(foldName(spelt)) as Space;
  }

  async deleteNamespace(name: string, work?: ChangeWork): Promise<void> {
    const space = this.#spaces.get(foldName(name));
    if (space === undefined) throw new CimError(3, `namespace ${name} does not exist`);
    const key = namespaceKey(foldName(space.name));
    await this.#store.transaction((tx) => {
      if (tx.get(area, key) === undefined) throw new CimError(3, `namespace ${name} does not exist`);
      if (Catalogue.hasClasses(tx, space.id)) throw new CimError(20, `namespace ${space.name} has classes`);
      tx.delete(area, key);
      deletePrefix(tx, qualifierPrefix(space.id));
      work?.(tx, { kind: 'namespace', namespace: space.name, created: false });
      tx.afterCommit(() => void this.#spaces.delete(foldName(space.name)));
    });
  }
}
