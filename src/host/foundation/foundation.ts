import { type Clock, type Log, type Randomness, silentLog, systemClock, systemRandomness } from '../../base/index.js';
import { type Accounts, createAccounts, createGrants, type Grants } from '../../cimom/index.js';
import { createRepository, type Repository } from '../../cimom/repository/index.js';
import type { DataMaintenance } from '../../cimom/schema-service/index.js';
import { createJournal, createMemoryStore, type Journal, openSqliteStore, type Store } from '../../store/index.js';
import type { HostIdentity } from '../../vmm/index.js';
import { createMaintenance } from './maintenance.js';
import { openIdentity } from './identity.js';
import { loadShippedSchema, type Personality } from './schema.js';

export interface FoundationOptions {
  /** null: everything in memory, gone with the process. */
  readonly folder: string | null;
  /** Name of a new host; the machine's if left out. */
  readonly name?: string;
  readonly personality: Personality;
  /** Bound of the instances that are kept in memory, in bytes; 64 MiB if left out. */
  readonly cacheBytes?: number;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
  readonly log?: Log;
}

/** What every object manager of ours stands on. */
export interface Foundation {
  readonly folder: string | null;
  readonly store: Store;
  /** null: everything is in memory. */
  readonly maintenance: DataMaintenance | null;
  readonly identity: HostIdentity;
  readonly journal: Journal;
  readonly repository: Repository;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/**
 * Opens the state of a host, with the shipped classes in it.
 * @throws StoreError
 */
export async function openFoundation(options: FoundationOptions): Promise<Foundation> {
  const clock = options.clock ?? systemClock;
  const randomness = options.randomness ?? systemRandomness;
  const log = options.log ?? silentLog;
  const onDisk = options.folder === null ? null : openSqliteStore(options.folder);
  const store = onDisk ?? createMemoryStore();
  try {
    const identity = await openIdentity(store, randomness, options.name ?? null);
    const { cacheBytes } = options;
    const repository = createRepository(store, cacheBytes === undefined ? {} : { cacheBytes });
    await loadShippedSchema(store, repository, options.personality);
    return {
      folder: options.folder,
      store,
      maintenance: onDisk === null ? null : createMaintenance(onDisk),
      identity,
      journal: createJournal(store, { host: identity.uuid, clock }),
      repository,
      accounts: createAccounts(store, { clock, randomness }),
      grants: createGrants(store),
      clock,
      randomness,
      log,
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
