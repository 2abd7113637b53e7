import type { Clock } from '../../../base/index.js';
import { ReferenceError, type ReplaceOptions } from '../database.js';
import { checkVersion } from '../rules.js';
import { fill } from './fill.js';
import type { SqlPort, SqlSession } from './port.js';
import { toEntry, toSet } from './rows.js';
import { selectRows } from './select.js';

/** A content that nobody has touched for so long belongs to an import that died. */
const abandonedAfter = 600_000;
/** Longer ago than any time. */
const abandoned = -(2 ** 52);

// Never used twice, so that a set which is deleted and made again is another one.
export async function nextNumber(session: SqlSession): Promise<number> {
  await session.run('UPDATE reference_revision SET last = last + 1');
  const [row] = await session.query('SELECT last FROM reference_revision');
  return row?.['last'] as number;
}

export async function insertSet(
  session: SqlSession,
  { name, description, content, now }: { name: string; description: string; content: number; now: number },
): Promise<void> {
  await session.run(
    `INSERT INTO reference_set (name, description, content, created, changed, revision, entries)
       VALUES (?, ?, ?, ?, ?, ?, 0)`,
    [name, description, content, now, now, await nextNumber(session)],
  );
}

const givenUp = (): ReferenceError =>
  new ReferenceError('database_failed', 'the import stood still for so long that others gave it up');

/** Leaves a content's rows to `sweep`. */
export function discard(session: SqlSession, content: number): Promise<number> {
  return session.run('INSERT INTO reference_staged (content, touched) VALUES (?, ?)', [content, abandoned]);
}

async function checkBundle(session: Pick<SqlSession, 'query'>, { bundle }: ReplaceOptions): Promise<void> {
  if (bundle === undefined) return;
  const [row] = await session.query('SELECT version, digest FROM reference_bundle WHERE name = ?', [bundle.name]);
  if (row !== undefined) checkVersion(bundle, { version: Number(row['version']), digest: String(row['digest']) });
}

async function markBundle(session: SqlSession, options: ReplaceOptions): Promise<void> {
  const { bundle } = options;
  if (bundle === undefined) return;
  await checkBundle(session, options);
  const { name, version, digest } = bundle;
  await session.run('DELETE FROM reference_bundle WHERE name = ?', [name]);
  await session.run('INSERT INTO reference_bundle (name, version, digest) VALUES (?, ?, ?)', [name, version, digest]);
}

async function revisionOf(session: Pick<SqlSession, 'query'>, name: string): Promise<number | null> {
  const [row] = await session.query('SELECT revision FROM reference_set WHERE name = ?', [name]);
  return row === undefined ? null : (row['revision'] as number);
}

/** Removes rows of contents that no set names any more, a page at a time. */
export async function sweep(port: SqlPort, clock: Clock): Promise<void> {
  for (;;) {
    const before = clock.now() - abandonedAfter;
    const [staged] = await port.query('SELECT content FROM reference_staged WHERE touched < ? LIMIT 1', [before]);
    const content = staged?.['content'];
    if (typeof content !== 'number') return;
    for await (const rows of selectRows(port, content, {})) {
      const bounds = [rows[0]?.['id'], rows.at(-1)?.['id']] as readonly [number, number];
      await port.transaction((session) =>
        session.run('DELETE FROM reference WHERE content = ? AND id >= ? AND id <= ?', [content, ...bounds]),
      );
    }
    await port.transaction((session) => session.run('DELETE FROM reference_staged WHERE content = ?', [content]));
  }
}

/** A new content of a set, which is filled aside and then takes the place of the old one at once. */
export class Staging {
  readonly #port: SqlPort;
  readonly #clock: Clock;
  readonly #name: string;
  readonly #options: ReplaceOptions;
  readonly #content: number;
  readonly #revision: number | null;
  #entries = 0;

  private constructor(
    port: SqlPort,
    clock: Clock,
    set: { readonly name: string; readonly content: number; readonly revision: number | null },
    options: ReplaceOptions,
  ) {
    this.#port = port;
    this.#clock = clock;
    this.#name = set.name;
    this.#content = set.content;
    this.#revision = set.revision;
    this.#options = options;
  }

  /** @throws ReferenceError `bundle_rolled_back` */
  static async begin(port: SqlPort, clock: Clock, name: string, options: ReplaceOptions): Promise<Staging> {
    await checkBundle(port, options);
    const revision = await revisionOf(port, name);
    const content = await port.transaction(async (session) => {
      const number = await nextNumber(session);
      await session.run('INSERT INTO reference_staged (content, touched) VALUES (?, ?)', [number, clock.now()]);
      return number;
    });
    return new Staging(port, clock, { name, content, revision }, options);
  }

  async fill(entries: Parameters<typeof fill>[2]): Promise<void> {
    this.#entries += await this.#port.transaction(async (session) => {
      const values = [this.#clock.now(), this.#content];
      const there = await session.run('UPDATE reference_staged SET touched = ? WHERE content = ?', values);
      if (there === 0) throw givenUp();
      return fill(session, this.#content, entries);
    });
  }

  /** Brings what other sources than the replaced one have in the set. */
  async keepOthers(): Promise<void> {
    const { source } = this.#options;
    const [set] = await this.#port.query('SELECT content FROM reference_set WHERE name = ?', [this.#name]);
    if (source === undefined || set === undefined) return;
    for await (const rows of selectRows(this.#port, set['content'] as number, {})) {
      await this.fill(rows.map(toEntry).filter((entry) => entry.source !== source));
    }
  }

  /** Returns how many entries the set has now. @throws ReferenceError */
  publish(): Promise<number> {
    const name = this.#name;
    return this.#port.transaction(async (session) => {
      await markBundle(session, this.#options);
      if (this.#options.source !== undefined && (await revisionOf(session, name)) !== this.#revision) {
        throw new ReferenceError('database_failed', `the set ${JSON.stringify(name)} was changed meanwhile; try again`);
      }
      const staged = await session.run('DELETE FROM reference_staged WHERE content = ?', [this.#content]);
      if (staged === 0) throw givenUp();
      const [row] = await session.query('SELECT * FROM reference_set WHERE name = ?', [name]);
      const now = this.#clock.now();
      if (row === undefined) await insertSet(session, { name, description: '', content: this.#content, now });
      else await discard(session, toSet(row).content);
      await session.run('UPDATE reference_set SET content = ?, changed = ?, revision = ?, entries = ? WHERE name = ?', [
        this.#content,
        now,
        await nextNumber(session),
        this.#entries,
        name,
      ]);
      return this.#entries;
    });
  }

  async abandon(): Promise<void> {
    await this.#port.transaction((session) =>
      session.run('UPDATE reference_staged SET touched = ? WHERE content = ?', [abandoned, this.#content]),
    );
  }
}
