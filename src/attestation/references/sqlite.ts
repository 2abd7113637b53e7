import type Database from 'libsql';
import { type Clock, messageOf, nextTurn, systemClock } from '../../base/index.js';
import { type ReferenceAnswer, type ReferenceDatabase, ReferenceError, type ReferenceFilter } from './database.js';
import { logPath, type ReferenceEntry } from './entry.js';
import { changed, checkEntry, entryKey, setsDigest } from './rules.js';
import { digestKey, type EntryRow, pathKey, type SetRow, toColumns, toEntry, toSet } from './sqlite-rows.js';
import { openReferenceFile } from './sqlite-schema.js';

const batch = 1000;
const insert = `INSERT INTO reference
  (set_id, digest_key, path_key, algorithm, digest, path, status, package, source, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (digest_key, set_id, path_key, algorithm) DO UPDATE SET
  digest = excluded.digest, path = excluded.path, status = excluded.status, package = excluded.package,
  source = excluded.source, facts = excluded.facts`;

function where(filter: ReferenceFilter): { readonly sql: string; readonly values: readonly unknown[] } {
  const parts: (readonly [string, readonly unknown[]])[] = [];
  if (filter.digest !== undefined) {
    const digest = filter.digest.toLowerCase();
    parts.push(['digest_key = ? AND digest = ?', [digestKey(digest), Buffer.from(digest, 'hex')]]);
  }
  if (filter.path !== undefined) {
    const path = logPath(filter.path);
    parts.push(['path_key = ? AND path = ?', [pathKey(path), path]]);
  }
  for (const name of ['package', 'status', 'source'] as const) {
    if (filter[name] !== undefined) parts.push([`${name} = ?`, [filter[name]]]);
  }
  return {
    sql: ['set_id = ?', ...parts.map(([sql]) => sql)].join(' AND '),
    values: parts.flatMap(([, values]) => values),
  };
}

/** Reference measurements in a SQLite file of their own. Reads do not wait for a writer. @throws ReferenceError */
export function openSqliteReferences(file: string, clock: Clock = systemClock): ReferenceDatabase {
  const writer = openReferenceFile(file);
  const reader = openReferenceFile(file);
  let last: Promise<unknown> = Promise.resolve();

  const run = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (error instanceof ReferenceError) throw error;
      throw new ReferenceError('database_failed', messageOf(error), { cause: error });
    }
  };
  const setIn = (database: Database.Database, name: string): SetRow => {
    const row = run(() => database.prepare('SELECT * FROM reference_set WHERE name = ?').get([name]));
    if (row === undefined) throw new ReferenceError('set_not_found', `reference set ${JSON.stringify(name)}`);
    return row as SetRow;
  };

  /** Changes happen one after another, each in one transaction that may last over several turns. */
  const change = <T>(work: () => Promise<T> | T): Promise<T> => {
    const mine = last.then(async () => {
      run(() => writer.exec('BEGIN IMMEDIATE'));
      try {
        const result = await work();
        run(() => writer.exec('COMMIT'));
        return result;
      } catch (error) {
        if (writer.inTransaction) writer.exec('ROLLBACK');
        throw error instanceof ReferenceError
          ? error
          : new ReferenceError('database_failed', messageOf(error), { cause: error });
      }
    });
    last = mine.catch(() => undefined);
    return mine;
  };
  const count = (set: number): number =>
    (writer.prepare('SELECT count(*) FROM reference WHERE set_id = ?').raw().get([set]) as readonly [number])[0];
  // Never used twice, so that a set which is deleted and made again is another one.
  const nextRevision = (): number =>
    (
      writer.prepare('UPDATE reference_revision SET last = last + 1 RETURNING last').raw().get([]) as readonly [number]
    )[0];
  const touch = (set: SetRow): number => {
    const entries = count(set.id);
    writer
      .prepare('UPDATE reference_set SET changed = ?, revision = ?, entries = ? WHERE id = ?')
      .run([clock.now(), nextRevision(), entries, set.id]);
    return entries - set.entries;
  };
  const page = (database: Database.Database, set: number, filter: ReferenceFilter, after: number): EntryRow[] => {
    const { sql, values } = where(filter);
    const statement = database.prepare(`SELECT * FROM reference WHERE ${sql} AND id > ? ORDER BY id LIMIT ${batch}`);
    return run(() => statement.all([set, ...values, after])) as EntryRow[];
  };

  const byDigest = reader.prepare(
    'SELECT id, set_id, algorithm, digest, path, status, package, source, facts FROM reference ' +
      'WHERE digest_key IN (SELECT value FROM json_each(?))',
  );
  const byPath = reader.prepare(
    'SELECT DISTINCT path FROM reference WHERE set_id = ? AND path_key IN (SELECT value FROM json_each(?))',
  );

  return {
    createSet: (name, description = '') =>
      change(() => {
        const taken = writer.prepare('SELECT 1 FROM reference_set WHERE name = ?').get([name]);
        if (taken !== undefined) throw new ReferenceError('set_exists', `reference set ${JSON.stringify(name)}`);
        const now = clock.now();
        writer
          .prepare(
            'INSERT INTO reference_set (name, description, created, changed, revision, entries) VALUES (?, ?, ?, ?, ?, 0)',
          )
          .run([name, description, now, now, nextRevision()]);
        return toSet(setIn(writer, name));
      }),
    deleteSet: (name) =>
      change(() => {
        const set = setIn(writer, name);
        writer.prepare('DELETE FROM reference WHERE set_id = ?').run([set.id]);
        writer.prepare('DELETE FROM reference_set WHERE id = ?').run([set.id]);
      }),
    async sets() {
      return (run(() => reader.prepare('SELECT * FROM reference_set ORDER BY name').all([])) as SetRow[]).map(toSet);
    },
    add: (name, entries) =>
      change(async () => {
        const set = setIn(writer, name);
        const statement = writer.prepare(insert);
        let done = 0;
        for (const entry of entries) {
          statement.run([...toColumns(set.id, checkEntry(entry))]);
          if (++done % batch === 0) await nextTurn();
        }
        return touch(set);
      }),
    async *list(name, filter = {}) {
      const set = setIn(reader, name);
      let after = 0;
      for (;;) {
        const rows = page(reader, set.id, filter, after);
        if (rows.length > 0) yield rows.map(toEntry);
        const end = rows.at(-1);
        if (end === undefined || rows.length < batch) return;
        after = end.id;
        await nextTurn();
      }
    },
    annotate: (name, filter, to) =>
      change(async () => {
        const set = setIn(writer, name);
        const statement = writer.prepare(insert);
        let done = 0;
        for (let after = 0; ; ) {
          const rows = page(writer, set.id, filter, after);
          for (const row of rows) statement.run([...toColumns(set.id, changed(toEntry(row), to))]);
          done += rows.length;
          const end = rows.at(-1);
          if (end === undefined || rows.length < batch) break;
          after = end.id;
          await nextTurn();
        }
        if (done > 0) touch(set);
        return done;
      }),
    delete: (name, filter) =>
      change(() => {
        const set = setIn(writer, name);
        const { sql, values } = where(filter);
        const { changes } = writer.prepare(`DELETE FROM reference WHERE ${sql}`).run([set.id, ...values]);
        if (changes > 0) touch(set);
        return changes;
      }),
    async lookup(names, queries) {
      const sets = new Set(names.map((name) => setIn(reader, name).id));
      const found = new Map<string, ReferenceEntry[]>();
      const rows = run(() =>
        byDigest.all([JSON.stringify(queries.map(({ digest }) => digestKey(digest)))]),
      ) as EntryRow[];
      const seen = new Set<string>();
      for (const row of rows) {
        if (!sets.has(row.set_id)) continue;
        const entry = toEntry(row);
        // Two queries for one digest find its rows twice.
        const identity = `${row.set_id} ${entryKey(entry)}`;
        if (seen.has(identity)) continue;
        seen.add(identity);
        const key = `${entry.algorithm}:${entry.digest}`;
        const same = found.get(key);
        if (same === undefined) found.set(key, [entry]);
        else same.push(entry);
      }
      const pathKeys = JSON.stringify(queries.map(({ path }) => pathKey(path)));
      const listed = new Set<string>();
      for (const set of sets) {
        for (const row of run(() => byPath.all([set, pathKeys])) as { readonly path: string }[]) listed.add(row.path);
      }
      return queries.map(
        ({ algorithm, digest, path }): ReferenceAnswer => ({
          matches: found.get(`${algorithm}:${digest}`) ?? [],
          pathListed: listed.has(path),
        }),
      );
    },
    async digest(names) {
      return setsDigest(names.map((name) => toSet(setIn(reader, name))));
    },
    async close() {
      await last;
      reader.close();
      writer.close();
    },
  };
}
