import Database from 'libsql';
import { type Clock, messageOf, systemClock } from '../../../base/index.js';
import { type ReferenceDatabase, ReferenceError } from '../database.js';
import { migrateFromFirst } from './first-layout.js';
import { createSqlReferences } from './references.js';
import { layout, layoutStatements } from './schema.js';
import { createSqlitePort } from './sqlite-port.js';

/** The letters TVDR: marks a file as a reference database. */
const applicationId = 0x54564452;
const types = { key: 'INTEGER PRIMARY KEY', integer: 'INTEGER', octets: 'BLOB' } as const;
// A checkpoint of 16 MiB at a time; 64 MiB of pages for whoever writes, of which little is used unless much is imported.
const settings = `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;
  PRAGMA wal_autocheckpoint = 4000;`;

function pragma(database: Database.Database, name: string): number {
  return (database.prepare(`PRAGMA ${name}`).raw().get([]) as readonly [number])[0];
}

function migrate(database: Database.Database, found: number): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been here first.
    const now = pragma(database, 'user_version');
    if (now === 1) migrateFromFirst(database, layoutStatements(types));
    else if (now === 0) for (const statement of layoutStatements(types)) database.exec(statement);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${layout}; COMMIT;`);
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    throw new ReferenceError('database_failed', `layout ${found}: ${messageOf(error)}`, { cause: error });
  }
}

/** Opens a connection; a file of an older layout is migrated in one transaction. @throws ReferenceError */
function openFile(file: string): Database.Database {
  let database: Database.Database;
  try {
    database = new Database(file, { timeout: 5000 });
    database.exec(settings);
  } catch (error) {
    throw new ReferenceError('database_failed', `${file}: ${messageOf(error)}`, { cause: error });
  }
  const found = pragma(database, 'user_version');
  const foreign = found > 0 && pragma(database, 'application_id') !== applicationId;
  if (foreign || found > layout) {
    database.close();
    if (foreign) throw new ReferenceError('database_failed', `${file} is no reference database`);
    throw new ReferenceError('database_too_new', `${file} has layout ${found}, known are ${layout}`);
  }
  if (found < layout) migrate(database, found);
  // From here on transactions wait by themselves, so that the event loop turns meanwhile.
  database.exec('PRAGMA busy_timeout = 10');
  return database;
}

/** Reference measurements in a SQLite file of their own. Reads do not wait for a writer. @throws ReferenceError */
export function openSqliteReferences(file: string, clock: Clock = systemClock): ReferenceDatabase {
  return createSqlReferences(createSqlitePort(openFile(file), openFile(file)), clock);
}
