import { TvdcError } from '../../base/index.js';
import { foldName, parseNamespace } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { createStagedStore, deletePrefix, prefixEnd, type Store, type StoreTransaction } from '../../store/index.js';
import { Catalogue, takeNumber } from './catalogue.js';
import { Gate } from './gate.js';
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
/** Bound of the memory of a copy, which lives for one change. */
const stagedCacheBytes = 8 * 1024 * 1024;

class StoredRepository implements Repository {
  readonly #store: Store;
  readonly #cache: InstanceCache;
  readonly #gate = new Gate();
  #spaces = new Map<string, Space>();

  constructor(store: Store, cacheBytes: number) {
    this.#store = store;
    this.#cache = new InstanceCache(cacheBytes);
    for (const [name, id] of this.#rows()) this.#add(name, id);
  }

  /** Names and numbers, in the order of creation. */
  #rows(): (readonly [string, string])[] {
    return this.#store
      .range(area, namespacePrefix, prefixEnd(namespacePrefix), mostNamespaces)
      .map(({ value }) => parseStored(value) as readonly [string, string])
      .sort((a, b) => Number.parseInt(a[1], 36) - Number.parseInt(b[1], 36));
  }

  #reload(): void {
    const before = this.#spaces;
    this.#spaces = new Map();
    this.#cache.clear();
    for (const [name, id] of this.#rows()) {
      const known = before.get(foldName(name));
      if (known?.id !== id) {
        this.#add(name, id);
        continue;
      }
      known.reload();
      this.#spaces.set(foldName(name), known);
    }
  }

  async atomically<T>(
    work: (staged: Repository) => Promise<T>,
    seal?: (tx: StoreTransaction, result: T) => void,
  ): Promise<T> {
    const open = await this.#gate.close();
    try {
      // Changes that were asked for before are on disk when this is.
      await this.#store.transaction(() => undefined);
      const staged = createStagedStore(this.#store);
      const result = await work(new StoredRepository(staged, stagedCacheBytes));
      await this.#store.transaction((tx) => {
        staged.applyTo(tx);
        seal?.(tx, result);
        tx.afterCommit(() => this.#reload());
      });
      return result;
    } finally {
      open();
    }
  }

  async #unheld(): Promise<void> {
    while (this.#gate.closed !== null) await this.#gate.closed;
  }

  #add(name: string, id: string): Space {
    const neighbours = (other: string): Space | undefined => this.#spaces.get(foldName(other));
    const space = new Space({
      store: this.#store,
      cache: this.#cache,
      gate: this.#gate,
      name,
      id,
      neighbours,
    });
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
    await this.#unheld();
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
    await this.#unheld();
    const space = this.#spaces.get(foldName(name));
    if (space === undefined) throw new CimError(3, `namespace ${name} does not exist`);
    const key = namespaceKey(foldName(space.name));
    await this.#store.transaction((tx) => {
      if (tx.get(area, key) === undefined) throw new CimError(3, `namespace ${name} does not exist`);
      if (Catalogue.hasClasses(tx, space.id)) throw new CimError(20, `namespace ${space.name} has classes`);
      tx.delete(area, key);
      deletePrefix(tx, area, qualifierPrefix(space.id));
      work?.(tx, { kind: 'namespace', namespace: space.name, created: false });
      tx.afterCommit(() => void this.#spaces.delete(foldName(space.name)));
    });
  }
}
