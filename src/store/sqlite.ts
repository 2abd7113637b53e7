import type Database from 'libsql';
import { type FolderLock, lockFolder } from './folder-lock.js';
import { type AreaFormats, currentFormat, planMigrations } from './formats.js';
import { GroupCommit } from './group-commit.js';
import { compactDatabase, copyDatabase } from './maintenance.js';
import { Overlay } from './overlay.js';
import { toStoreError } from './sqlite-error.js';
import { databaseFile, openDatabase, prepareFolder, readAreas } from './sqlite-file.js';
import { SqliteMedium } from './sqlite-medium.js';
import { type Store, type StoreArea, storeAreas, type StoreEntry, StoreError, type StoreTransaction } from './store.js';
import type { StoreValue } from './store.js';

export interface SqliteStoreOptions {
  /** Today's formats of the areas; an area that is not named has format 1. */
  readonly formats?: AreaFormats;
  /** Upper bound of the data file; above it transactions fail with `store_full`. Left out: the disk. */
  readonly maxBytes?: number;
}

/** A store on disk: what can be done with the file while it is in use. */
export interface SqliteStore extends Store {
  readonly folder: string;
  /**
   * Writes a copy of everything that is committed into a new file, which appears complete or not at all. Reads and writes
   * go on meanwhile.
   * @throws StoreError `store_unreadable` the file exists already or cannot be written, `store_full`
   */
  backupTo(file: string): Promise<void>;
  /** Gives free space back to the file system. Reads go on, transactions wait. Bytes of the data file and its log before and after. */
  compact(): Promise<{ readonly before: number; readonly after: number }>;
}

/**
 * Opens the data folder (made where it is missing) for this process alone: SQLite in `tvdc.db`, write-ahead log, a sync
 * for every commit. Reads and writes run in the calling thread: point access costs microseconds.
 *
 * @throws StoreError `store_locked` another process has it (named), `store_too_new`, `store_unreadable`, `store_full`
 */
export function openSqliteStore(folder: string, options: SqliteStoreOptions = {}): SqliteStore {
  prepareFolder(folder);
  const lock = lockFolder(folder);
  let database: Database.Database | null = null;
  try {
    database = openDatabase(folder, options.maxBytes ?? null);
    const areas = readAreas(database);
    const medium = new SqliteMedium(folder, database, areas.numbers);
    migrate(medium, database, areas, options.formats ?? {}, folder);
    return new FolderStore(folder, database, medium, lock);
  } catch (error) {
    database?.close();
    lock.release();
    throw toStoreError(error, folder);
  }
}

function migrate(
  medium: SqliteMedium,
  database: Database.Database,
  areas: ReturnType<typeof readAreas>,
  formats: AreaFormats,
  folder: string,
): void {
  const steps = planMigrations(areas.formats, formats, folder);
  const settled = storeAreas.every((area) => areas.formats.get(area) === currentFormat(area, formats));
  if (settled) return;
  const overlay = new Overlay(medium);
  const committed: (() => void)[] = [];
  const tx: StoreTransaction = {
    get: (area, key) => overlay.get(area, key),
    range: (area, from, to, limit) => overlay.range(area, from, to, limit),
    put: (area, key, value) => void overlay.set(area, key, value),
    delete: (area, key) => {
      const present = overlay.get(area, key) !== undefined;
      if (present) overlay.set(area, key, null);
      return present;
    },
    wrote: (area, key) => overlay.has(area, key),
    afterCommit: (listener) => void committed.push(listener),
  };
  const record = database.prepare('INSERT OR REPLACE INTO area (name, number, format) VALUES (?, ?, ?)');
  medium.change(() => {
    for (const step of steps) step.run(tx);
    for (const area of storeAreas) record.run([area, areas.numbers.get(area), currentFormat(area, formats)]);
    return overlay.changes();
  });
  for (const listener of committed) listener();
}

class FolderStore implements SqliteStore {
  readonly folder: string;
  readonly #database: Database.Database;
  readonly #medium: SqliteMedium;
  readonly #lock: FolderLock;
  readonly #commits: GroupCommit;
  #maintenance: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(folder: string, database: Database.Database, medium: SqliteMedium, lock: FolderLock) {
    this.folder = folder;
    this.#database = database;
    this.#medium = medium;
    this.#lock = lock;
    this.#commits = new GroupCommit(medium);
  }

  #open(): SqliteMedium {
    if (this.#closing !== null) throw new StoreError('store_closed', `${this.folder} is closed`);
    return this.#medium;
  }

  get(area: StoreArea, key: string): StoreValue | undefined {
    return this.#open().get(area, key);
  }

  range(area: StoreArea, from: string, to: string | null, limit: number): readonly StoreEntry[] {
    return this.#open().range(area, from, to, limit);
  }

  transaction<T>(work: (tx: StoreTransaction) => T): Promise<T> {
    return this.#commits.transaction(work);
  }

  backupTo(file: string): Promise<void> {
    return this.#maintain(() => copyDatabase(databaseFile(this.folder), file));
  }

  compact(): Promise<{ readonly before: number; readonly after: number }> {
    return this.#maintain(async () => {
      this.#commits.pause();
      try {
        return await compactDatabase(databaseFile(this.folder));
      } finally {
        this.#commits.resume();
      }
    });
  }

  #maintain<T>(work: () => Promise<T>): Promise<T> {
    this.#open();
    const done = this.#maintenance.then(work);
    this.#maintenance = done.catch(() => undefined);
    return done;
  }

  close(): Promise<void> {
    this.#closing ??= this.#maintenance.then(() => {
      this.#commits.close();
      try {
        this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      } catch {
        // What is committed stands in the log, which the next opening carries over: a full disk loses nothing.
      } finally {
        this.#database.close();
        this.#lock.release();
      }
    });
    return this.#closing;
  }
}
