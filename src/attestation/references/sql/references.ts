import { type Clock, createTimeSlice, messageOf, systemClock } from '../../../base/index.js';
import { type AddOptions, type ReferenceDatabase, ReferenceError } from '../database.js';
import { changed, setsDigest } from '../rules.js';
import { fill, partsOf, updateEntry } from './fill.js';
import { findSet, lookup } from './lookup.js';
import type { SqlPort, SqlSession } from './port.js';
import { publicSet, type StoredSet, toEntry, toSet } from './rows.js';
import { selectRows } from './select.js';
import { discard, insertSet, nextNumber, Staging, sweep } from './staging.js';

/** Any failure of the driver as ours. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ReferenceError) throw error;
    throw new ReferenceError('database_failed', messageOf(error), { cause: error });
  }
}

/** Says how far an import is, and ends it where that is wanted. */
function watch({ progress, signal }: AddOptions): (more: number) => void {
  let done = 0;
  return (more) => {
    progress?.((done += more));
    if (signal?.aborted === true) throw new ReferenceError('import_aborted', `ended after ${done} entries`);
  };
}

/** Reference measurements over an SQL database. */
export function createSqlReferences(port: SqlPort, clock: Clock = systemClock): ReferenceDatabase {
  // One for all look-ups: many short ones after another must leave the event loop to others too.
  const slice = createTimeSlice();
  /** The set in a transaction, locked against other writers. */
  const lockSet = async (session: SqlSession, name: string): Promise<StoredSet> => {
    await session.run('UPDATE reference_set SET changed = ? WHERE name = ?', [clock.now(), name]);
    return findSet(session, name);
  };
  const touch = async (session: SqlSession, { name, entries }: StoredSet, gained: number): Promise<void> => {
    const values = [await nextNumber(session), entries + gained, name];
    await session.run('UPDATE reference_set SET revision = ?, entries = ? WHERE name = ?', values);
  };
  const changeSet = <T>(name: string, work: (session: SqlSession, set: StoredSet) => Promise<T>): Promise<T> =>
    guarded(() => port.transaction(async (session) => work(session, await lockSet(session, name))));

  return {
    createSet: (name, description = '') =>
      guarded(() =>
        port.transaction(async (session) => {
          const [taken] = await session.query('SELECT 1 AS taken FROM reference_set WHERE name = ?', [name]);
          if (taken !== undefined)
            throw new ReferenceError('set_exists', `there is a reference set ${JSON.stringify(name)} already`);
          await insertSet(session, { name, description, content: await nextNumber(session), now: clock.now() });
          return publicSet(await findSet(session, name));
        }),
      ),
    deleteSet: (name) =>
      guarded(async () => {
        await port.transaction(async (session) => {
          const { content } = await lockSet(session, name);
          await session.run('DELETE FROM reference_set WHERE name = ?', [name]);
          await discard(session, content);
        });
        await sweep(port, clock);
      }),
    sets: () =>
      guarded(async () =>
        (await port.query('SELECT * FROM reference_set ORDER BY name')).map((row) => publicSet(toSet(row))),
      ),

    add: (name, entries, options = {}) =>
      guarded(async () => {
        await findSet(port, name);
        const step = watch(options);
        let gained = 0;
        for await (const part of partsOf(entries)) {
          gained += await changeSet(name, async (session, set) => {
            const more = await fill(session, set.content, part);
            await touch(session, set, more);
            return more;
          });
          step(part.length);
        }
        return gained;
      }),
    replace: (name, entries, options = {}) =>
      guarded(async () => {
        const staging = await Staging.begin(port, clock, name, options);
        try {
          await staging.keepOthers();
          const step = watch(options);
          for await (const part of partsOf(entries)) {
            await staging.fill(part);
            step(part.length);
          }
          return await staging.publish();
        } catch (error) {
          await staging.abandon();
          throw error;
        } finally {
          await sweep(port, clock);
        }
      }),

    async *list(name, filter = {}) {
      const { content } = await guarded(() => findSet(port, name));
      const pages = selectRows(port, content, filter);
      for (;;) {
        const page = await guarded(() => pages.next());
        if (page.done === true) return;
        yield page.value.map(toEntry);
      }
    },
    annotate: (name, filter, to) =>
      changeSet(name, async (session, set) => {
        let done = 0;
        for await (const rows of selectRows(session, set.content, filter)) {
          for (const row of rows) await updateEntry(session, row['id'] as number, changed(toEntry(row), to));
          done += rows.length;
        }
        if (done > 0) await touch(session, set, 0);
        return done;
      }),
    delete: (name, filter) =>
      changeSet(name, async (session, set) => {
        let done = 0;
        for await (const rows of selectRows(session, set.content, filter)) {
          for (const row of rows)
            done += await session.run('DELETE FROM reference WHERE id = ?', [row['id'] as number]);
        }
        if (done > 0) await touch(session, set, -done);
        return done;
      }),
    lookup: (names, queries) => guarded(() => lookup(port, slice, names, queries)),
    digest: (names) =>
      guarded(async () => {
        const sets: StoredSet[] = [];
        for (const name of names) sets.push(await findSet(port, name));
        return setsDigest(sets);
      }),
    close: () => port.close(),
  };
}
