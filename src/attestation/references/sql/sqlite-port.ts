import type Database from 'libsql';
import { setTimeout as wait } from 'node:timers/promises';
import type { SqlPort, SqlRow, SqlSession, SqlValue } from './port.js';

const maxStatements = 64;
/** The binding gives and takes memory of its own kind for octets. */
const toDriver = (value: SqlValue): unknown =>
  value instanceof Uint8Array && !Buffer.isBuffer(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value;

type DriverRow = Readonly<Record<string, SqlValue | ArrayBuffer>>;

function fromDriver(row: DriverRow): SqlRow {
  const { digest } = row;
  // Octets stand in one column of the layout; looking at all of them would double the cost of reading.
  return digest instanceof ArrayBuffer ? { ...row, digest: new Uint8Array(digest) } : (row as SqlRow);
}

/** Statements of one connection, made once. */
class Connection implements SqlSession {
  readonly database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();

  constructor(database: Database.Database) {
    this.database = database;
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      const [oldest] = this.#statements.keys();
      if (this.#statements.size >= maxStatements && oldest !== undefined) this.#statements.delete(oldest);
      this.#statements.set(sql, (statement = this.database.prepare(sql)));
    }
    return statement;
  }

  async query(sql: string, values: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return (this.#statement(sql).all(values.map(toDriver)) as DriverRow[]).map(fromDriver);
  }

  async run(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    return this.#statement(sql).run(values.map(toDriver)).changes;
  }
}

/** How long a transaction waits for that of another connection, and how often it asks; milliseconds. */
const patience = 30_000;
const askEvery = 20;

const isBusy = (error: unknown): boolean =>
  String((error as { readonly code?: unknown }).code).startsWith('SQLITE_BUSY');

/** Begins a transaction; waits for others without keeping the event loop. */
async function begin(database: Database.Database): Promise<void> {
  const until = performance.now() + patience;
  for (;;) {
    try {
      database.exec('BEGIN IMMEDIATE');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error;
      await wait(askEvery);
    }
  }
}

/** SQLite by two connections: reads do not wait for a writer. */
export function createSqlitePort(reads: Database.Database, writes: Database.Database): SqlPort {
  const reader = new Connection(reads);
  const writer = new Connection(writes);
  let last: Promise<unknown> = Promise.resolve();
  return {
    query: (sql, values) => reader.query(sql, values),
    transaction(work) {
      const mine = last.then(async () => {
        await begin(writes);
        try {
          const result = await work(writer);
          writes.exec('COMMIT');
          return result;
        } catch (error) {
          if (writes.inTransaction) writes.exec('ROLLBACK');
          throw error;
        }
      });
      last = mine.catch(() => undefined);
      return mine;
    },
    async close() {
      await last;
      reads.close();
      writes.close();
    },
  };
}
