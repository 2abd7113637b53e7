import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import Database from 'libsql';
import AsyncDatabase from 'libsql/promise';
import { lockFolder } from './folder-lock.js';
import { type AreaFormats, planMigrations } from './formats.js';
import { toStoreError } from './sqlite-error.js';
import { checkTables, databaseFile, openDatabase, prepareFolder, readAreas } from './sqlite-file.js';
import { toColumn, toColumnKey } from './sqlite-medium.js';
import { type StoreArea, type StoreEntry, StoreError } from './store.js';

interface BackgroundConnection {
  exec(sql: string): Promise<unknown>;
  close(): void;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Runs a long statement in a thread of its own, on a connection of its own. */
async function inBackground(file: string, ...statements: readonly string[]): Promise<void> {
  const connection = new AsyncDatabase(file, { timeout: 60_000 }) as BackgroundConnection;
  try {
    for (const statement of statements) await connection.exec(statement);
  } finally {
    connection.close();
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A consistent copy of a database in use, as a new file: written aside, synced, then named. */
export async function copyDatabase(source: string, file: string): Promise<void> {
  const target = resolve(file);
  if (existsSync(target)) throw new StoreError('store_unreadable', `${target} exists already`);
  const partial = `${target}.partial`;
  try {
    rmSync(partial, { force: true });
    // SQLite fills an empty file and leaves its mode: a backup has the secrets of accounts in it.
    closeSync(openSync(partial, 'wx', 0o600));
    await inBackground(source, `VACUUM INTO ${quoted(partial)}`);
    await sync(partial);
    renameSync(partial, target);
    await sync(dirname(target));
  } catch (error) {
    rmSync(partial, { force: true });
    throw toStoreError(error, target);
  }
}

/** Bytes of a database and of the log of what is not yet carried over into it. */
function sizeOf(file: string): number {
  return [file, `${file}-wal`].reduce((sum, name) => sum + (statSync(name, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Rewrites a database without its free pages. */
export async function compactDatabase(file: string): Promise<{ readonly before: number; readonly after: number }> {
  try {
    const before = sizeOf(file);
    await inBackground(file, 'VACUUM', 'PRAGMA wal_checkpoint(TRUNCATE)');
    return { before, after: sizeOf(file) };
  } catch (error) {
    throw toStoreError(error, file);
  }
}

/** What a restored folder is to say beside the backup. */
export interface RestoreMark extends StoreEntry {
  readonly area: StoreArea;
}

function checkBackup(file: string, formats: AreaFormats): void {
  if (!existsSync(file)) throw new StoreError('store_unreadable', `${file} does not exist`);
  const backup = new Database(file);
  try {
    checkTables(backup, file);
    planMigrations(readAreas(backup).formats, formats, file);
    const rows = backup.prepare('PRAGMA integrity_check(1)').raw().all([]) as readonly (readonly [string])[];
    if (rows[0]?.[0] !== 'ok') throw new StoreError('store_unreadable', `${file} is damaged: ${rows[0]?.[0] ?? ''}`);
  } finally {
    backup.close();
  }
}

/**
 * Makes a data folder what a backup says, in one transaction: whenever it is interrupted, the folder holds either the old
 * state or the backup's. The folder is made where it is missing and must not be in use; a data file that cannot be read is
 * kept as `tvdc.db.damaged-…`.
 *
 * @param marks written in the same transaction, over what the backup says
 * @param formats today's formats of the areas, as for `openSqliteStore`: a newer backup is refused
 * @throws StoreError `store_locked`, `store_unreadable` (backup missing, damaged or foreign), `store_too_new`, `store_full`
 */
export function restoreSqliteStore(
  folder: string,
  file: string,
  marks: readonly RestoreMark[] = [],
  formats: AreaFormats = {},
): void {
  const backup = resolve(file);
  try {
    checkBackup(backup, formats);
  } catch (error) {
    throw toStoreError(error, backup);
  }
  prepareFolder(folder);
  const lock = lockFolder(folder);
  try {
    try {
      replaceContent(folder, backup, marks);
    } catch (error) {
      if (!isDamage(toStoreError(error, folder))) throw error;
      const putBack = setAside(folder);
      try {
        replaceContent(folder, backup, marks);
      } catch (again) {
        putBack();
        throw again;
      }
    }
  } catch (error) {
    throw toStoreError(error, databaseFile(folder));
  } finally {
    lock.release();
  }
}

function replaceContent(folder: string, backup: string, marks: readonly RestoreMark[]): void {
  const database = openDatabase(folder, null);
  try {
    database.exec(`
      ATTACH ${quoted(backup)} AS backup;
      BEGIN IMMEDIATE;
      DELETE FROM entry;
      DELETE FROM area;
      INSERT INTO area (name, number, format) SELECT name, number, format FROM backup.area;
      INSERT INTO entry (area, key, value) SELECT area, key, value FROM backup.entry ORDER BY area, key;
    `);
    const mark = database.prepare('INSERT OR REPLACE INTO entry SELECT number, ?, ? FROM area WHERE name = ?');
    for (const { area, key, value } of marks) mark.run([toColumnKey(key), toColumn(value), area]);
    database.exec(`
      COMMIT;
      DETACH backup;
      PRAGMA wal_checkpoint(TRUNCATE);
    `);
  } finally {
    // A connection that closes within a transaction keeps its locks while statements of it live.
    if (database.inTransaction) database.exec('ROLLBACK');
    database.close();
  }
}

/** Whether the data file itself is at fault: damaged, or not one of ours. */
function isDamage({ code, details }: StoreError): boolean {
  const cause = details['sqlite'];
  const ofFile = typeof cause === 'string' && (cause.startsWith('SQLITE_CORRUPT') || cause.startsWith('SQLITE_NOTADB'));
  return code === 'store_unreadable' && (cause === undefined || ofFile);
}

const databaseParts = ['', '-wal', '-shm'] as const;

/** Keeps a damaged or foreign file under another name, with its log, and leaves a new one. @returns what takes that back */
function setAside(folder: string): () => void {
  const file = databaseFile(folder);
  const aside = `${file}.damaged-${Date.now()}`;
  const present = databaseParts.filter((part) => existsSync(file + part));
  for (const part of present) renameSync(file + part, aside + part);
  prepareFolder(folder);
  return () => {
    for (const part of databaseParts) rmSync(file + part, { force: true });
    for (const part of present) renameSync(aside + part, file + part);
  };
}
