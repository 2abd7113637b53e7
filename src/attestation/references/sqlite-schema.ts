import Database from 'libsql';
import { messageOf } from '../../base/index.js';
import { ReferenceError } from './database.js';

/** The letters TVDR: marks a file as a reference database. */
const applicationId = 0x54564452;

/**
 * Each step brings a file from layout n to n + 1. `digest_key` and `path_key` are the first 48 bits of digest and of the
 * path's SHA-256: indexes of small integers stay fast and small at ten million rows; rows are compared in full afterwards.
 */
const migrations: readonly string[] = [
  `CREATE TABLE reference_set (
     id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
     created INTEGER NOT NULL, changed INTEGER NOT NULL, revision INTEGER NOT NULL, entries INTEGER NOT NULL);
   CREATE TABLE reference (
     id INTEGER PRIMARY KEY, set_id INTEGER NOT NULL REFERENCES reference_set (id), digest_key INTEGER NOT NULL,
     path_key INTEGER NOT NULL, algorithm TEXT NOT NULL, digest BLOB NOT NULL, path TEXT, status TEXT NOT NULL,
     package TEXT, source TEXT, facts TEXT);
   CREATE TABLE reference_revision (last INTEGER NOT NULL);
   INSERT INTO reference_revision VALUES (0);
   CREATE UNIQUE INDEX reference_identity ON reference (digest_key, set_id, path_key, algorithm);
   CREATE INDEX reference_path ON reference (set_id, path_key);`,
];

function pragma(database: Database.Database, name: string): number {
  return (database.prepare(`PRAGMA ${name}`).raw().get([]) as readonly [number])[0];
}

/** Opens a connection; a file of an older layout is migrated in one transaction. @throws ReferenceError */
export function openReferenceFile(file: string): Database.Database {
  let database: Database.Database;
  try {
    database = new Database(file, { timeout: 5000 });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;');
  } catch (error) {
    throw new ReferenceError('database_failed', `${file}: ${messageOf(error)}`, { cause: error });
  }
  const layout = pragma(database, 'user_version');
  const foreign = layout > 0 && pragma(database, 'application_id') !== applicationId;
  if (foreign || layout > migrations.length) {
    database.close();
    if (foreign) throw new ReferenceError('database_failed', `${file} is no reference database`);
    throw new ReferenceError('database_too_new', `${file} has layout ${layout}, known are ${migrations.length}`);
  }
  const steps = migrations.slice(layout);
  if (steps.length > 0) {
    const marks = `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length};`;
    database.exec(`BEGIN IMMEDIATE; ${steps.join('\n')} ${marks} COMMIT;`);
  }
  return database;
}
