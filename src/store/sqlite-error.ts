import { messageOf } from '../base/index.js';
import { StoreError, type StoreErrorCode } from './store.js';

function sqliteCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

const codes: readonly (readonly [string, StoreErrorCode, string])[] = [
  ['SQLITE_FULL', 'store_full', 'the disk or the quota is full'],
  ['ENOSPC', 'store_full', 'the disk is full'],
  ['EDQUOT', 'store_full', 'the quota is used up'],
  ['SQLITE_READONLY', 'store_unreadable', 'it is read-only'],
  ['EROFS', 'store_unreadable', 'the file system is read-only'],
  ['SQLITE_CANTOPEN', 'store_unreadable', 'it cannot be opened'],
  ['SQLITE_PERM', 'store_unreadable', 'access is not allowed'],
  ['SQLITE_AUTH', 'store_unreadable', 'access is not allowed'],
  ['EACCES', 'store_unreadable', 'access is not allowed'],
  ['EPERM', 'store_unreadable', 'access is not allowed'],
  ['ENOTDIR', 'store_unreadable', 'a part of the path is not a folder'],
  ['EEXIST', 'store_unreadable', 'it is not a folder'],
  ['ENOENT', 'store_unreadable', 'it does not exist and cannot be made'],
  ['SQLITE_CORRUPT', 'store_unreadable', 'the data file is damaged; restore a backup'],
  ['SQLITE_NOTADB', 'store_unreadable', 'the data file is not one of tvdc'],
  ['SQLITE_BUSY', 'store_locked', 'another program uses the data file'],
  ['SQLITE_LOCKED', 'store_locked', 'another program uses the data file'],
];

/** An error of SQLite or of the file system in our words. */
export function toStoreError(error: unknown, where: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = sqliteCode(error);
  // libsql reports a file that it cannot open without a code.
  const known = codes.find(([prefix]) =>
    code === '' ? prefix === 'SQLITE_CANTOPEN' && messageOf(error).includes('Unable to open') : code.startsWith(prefix),
  );
  if (known === undefined) return new StoreError('store_failed', `${where}: ${messageOf(error)}`, { cause: error });
  return new StoreError(known[1], `${where}: ${known[2]}`, { cause: error, details: { sqlite: code } });
}
