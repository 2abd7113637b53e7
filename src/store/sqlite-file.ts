import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'libsql';
import { toStoreError } from './sqlite-error.js';
import { type StoreArea, storeAreas, StoreError } from './store.js';

/** Marks the file as ours: SQLite's `application_id`, the letters TVDC. */
export const applicationId = 0x54564443;
/** Layout of the tables themselves; the areas count their formats apart. */
export const tableLayout = 1;

const tables = `
  CREATE TABLE area (name TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, format INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE entry (area INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (area, key)) WITHOUT ROWID;
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${tableLayout};
`;

export function databaseFile(folder: string): string {
  return join(folder, 'tvdc.db');
}

/** Makes the folder, for its owner only, where it is missing. @throws StoreError `store_unreadable` */
export function prepareFolder(folder: string): void {
  try {
    makeFolder(resolve(folder));
    // SQLite gives its other files the mode of this one.
    closeSync(openSync(databaseFile(folder), 'a', 0o600));
  } catch (error) {
    throw toStoreError(error, folder);
  }
}

// Node's recursive mkdir never returns in file systems that answer ENOENT, as /proc does.
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function numberOf(database: Database.Database, pragma: string): number {
  const row = database.prepare(`PRAGMA ${pragma}`).raw().get([]) as readonly [number];
  return row[0];
}

/** @throws StoreError `store_unreadable`, `store_too_new` */
export function checkTables(database: Database.Database, where: string): void {
  if (numberOf(database, 'application_id') !== applicationId) {
    throw new StoreError('store_unreadable', `${where}: the data file is not one of tvdc`);
  }
  const layout = numberOf(database, 'user_version');
  if (layout > tableLayout) {
    throw new StoreError(
      'store_too_new',
      `${where}: written by a newer tvdc (layout ${layout}, known: ${tableLayout})`,
    );
  }
}

/** Opens the database of a folder for durable writing and makes its tables where it is new. */
export function openDatabase(folder: string, maxBytes: number | null): Database.Database {
  const database = new Database(databaseFile(folder), { timeout: 2000 });
  // `prepare` reads the schema, so that a file which is no database is refused here.
  const fresh = (database.prepare('SELECT count(*) FROM sqlite_master').raw().get([]) as readonly [number])[0] === 0;
  if (!fresh) checkTables(database, folder);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -16384;
  `);
  if (maxBytes !== null) {
    const pageSize = numberOf(database, 'page_size');
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
  }
  if (fresh) database.exec(`BEGIN IMMEDIATE; ${tables} COMMIT;`);
  return database;
}

export interface StoredAreas {
  readonly numbers: ReadonlyMap<StoreArea, number>;
  /** Format of each area that was stored before. */
  readonly formats: ReadonlyMap<string, number>;
}

/** Reads the table of areas; areas that are new get a number that no other has. */
export function readAreas(database: Database.Database): StoredAreas {
  const rows = database.prepare('SELECT name, number, format FROM area').raw().all([]) as [string, number, number][];
  const known = new Map(rows.map(([name, number]) => [name, number]));
  let last = Math.max(0, ...known.values());
  const numbers = new Map(storeAreas.map((area) => [area, known.get(area) ?? ++last]));
  return { numbers, formats: new Map(rows.map(([name, , format]) => [name, format])) };
}
