import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { toStoreError } from './sqlite-error.js';
import { StoreError } from './store.js';

export interface FolderLock {
  release(): void;
}

function holder(folder: string): number | null {
  try {
    const pid = Number(readFileSync(join(folder, 'tvdc.pid'), 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

/**
 * Takes a data folder for this process. The lock is the kernel's (held through SQLite on a file of its own), so it ends with
 * the process however that ends; the file with the process id is only for the message.
 * @throws StoreError `store_locked` names the folder and the process, `store_unreadable`
 */
export function lockFolder(folder: string): FolderLock {
  const lock = openLock(folder);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    const failure = toStoreError(error, folder);
    if (failure.code !== 'store_locked') throw failure;
    const pid = holder(folder);
    const who = pid === null ? 'another process' : `process ${pid}`;
    throw new StoreError('store_locked', `${folder} is in use by ${who}`, { cause: error, details: { folder, pid } });
  }
  const pidFile = join(folder, 'tvdc.pid');
  const release = (): void => {
    rmSync(pidFile, { force: true });
    lock.exec('ROLLBACK');
    lock.close();
  };
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o644 });
  } catch (error) {
    release();
    throw toStoreError(error, folder);
  }
  return { release };
}

function openLock(folder: string): Database.Database {
  try {
    return new Database(join(folder, 'tvdc.lock'));
  } catch (error) {
    throw toStoreError(error, folder);
  }
}
