import type Database from 'libsql';
import type { Medium } from './group-commit.js';
import type { Change } from './overlay.js';
import { toStoreError } from './sqlite-error.js';
import { type StoreArea, type StoreEntry, StoreError, type StoreValue } from './store.js';

type Row = readonly [string, string | Uint8Array];

// SQLite's binding ends a text at NUL: keys are escaped so that their order stays, texts with NUL travel as bytes.
const escapedCharacters = /[\u0000\u0001]/;
const bytesTag = 0;
const textTag = 1;

export function toColumnKey(key: string): string {
  if (!escapedCharacters.test(key)) return key;
  return key.replace(/[\u0000\u0001]/g, (one) => (one === '\u0000' ? '\u0001\u0001' : '\u0001\u0002'));
}

function fromColumnKey(key: string): string {
  if (!key.includes('\u0001')) return key;
  return key.replace(/\u0001[\u0001\u0002]/g, (two) => (two === '\u0001\u0001' ? '\u0000' : '\u0001'));
}

function tagged(tag: number, bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  out[0] = tag;
  out.set(bytes, 1);
  return out;
}

export function toColumn(value: StoreValue): string | Uint8Array {
  if (typeof value !== 'string') return tagged(bytesTag, value);
  return value.includes('\u0000') ? tagged(textTag, Buffer.from(value)) : value;
}

function fromColumn(column: string | Uint8Array): StoreValue {
  if (typeof column === 'string') return column;
  return column[0] === textTag
    ? Buffer.from(column.buffer, column.byteOffset + 1, column.length - 1).toString()
    : new Uint8Array(column.subarray(1));
}

/** Point access and atomic changes on one connection by prepared statements. */
export class SqliteMedium implements Medium {
  readonly #folder: string;
  readonly #database: Database.Database;
  readonly #numbers: ReadonlyMap<StoreArea, number>;
  readonly #statements;

  constructor(folder: string, database: Database.Database, numbers: ReadonlyMap<StoreArea, number>) {
    this.#folder = folder;
    this.#database = database;
    this.#numbers = numbers;
    const prepare = (sql: string): Database.Statement => database.prepare(sql);
    this.#statements = {
      get: prepare('SELECT value FROM entry WHERE area = ? AND key = ?').raw(),
      range: prepare('SELECT key, value FROM entry WHERE area = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?').raw(),
      rest: prepare('SELECT key, value FROM entry WHERE area = ? AND key >= ? ORDER BY key LIMIT ?').raw(),
      put: prepare(
        'INSERT INTO entry (area, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
      ),
      delete: prepare('DELETE FROM entry WHERE area = ? AND key = ?'),
      begin: prepare('BEGIN IMMEDIATE'),
      commit: prepare('COMMIT'),
      rollback: prepare('ROLLBACK'),
    };
  }

  #try<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw toStoreError(error, this.#folder);
    }
  }

  #number(area: StoreArea): number {
    const number = this.#numbers.get(area);
    if (number === undefined) throw new StoreError('store_failed', `unknown area ${area}`);
    return number;
  }

  get(area: StoreArea, key: string): StoreValue | undefined {
    const parameters = [this.#number(area), toColumnKey(key)];
    const row = this.#try(() => this.#statements.get.get(parameters)) as readonly [string | Uint8Array] | undefined;
    return row === undefined ? undefined : fromColumn(row[0]);
  }

  range(area: StoreArea, from: string, to: string | null, limit: number): StoreEntry[] {
    const number = this.#number(area);
    const { range, rest } = this.#statements;
    const rows = this.#try(() =>
      to === null
        ? rest.all([number, toColumnKey(from), limit])
        : range.all([number, toColumnKey(from), toColumnKey(to), limit]),
    ) as readonly Row[];
    return rows.map(([key, value]) => ({ key: fromColumnKey(key), value: fromColumn(value) }));
  }

  change(work: () => Iterable<Change>): void {
    const { begin, commit, put, delete: remove } = this.#statements;
    this.#try(() => begin.run([]));
    try {
      const changes = work();
      this.#try(() => {
        for (const { area, key, value } of changes) {
          if (value === null) remove.run([this.#number(area), toColumnKey(key)]);
          else put.run([this.#number(area), toColumnKey(key), toColumn(value)]);
        }
        commit.run([]);
      });
    } catch (error) {
      this.#rollback();
      throw error;
    }
  }

  #rollback(): void {
    try {
      if (this.#database.inTransaction) this.#statements.rollback.run([]);
    } catch {
      // The failure that is told is the first one.
    }
  }
}
