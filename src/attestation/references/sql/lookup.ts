import type { TimeSlice } from '../../../base/index.js';
import { type ReferenceAnswer, ReferenceError, type ReferenceQuery } from '../database.js';
import type { ReferenceEntry } from '../entry.js';
import { placeOf, placesOf } from './place.js';
import { placeholders, type SqlPort, type SqlRow, type SqlSession } from './port.js';
import { columns, type StoredSet, toEntry, toSet } from './rows.js';

/** Small enough that even a file that is read for the first time answers within a time slice. */
const chunk = 32;
const attempts = 5;

/** @throws ReferenceError `set_not_found` */
export async function findSet(session: Pick<SqlSession, 'query'>, name: string): Promise<StoredSet> {
  const [row] = await session.query('SELECT * FROM reference_set WHERE name = ?', [name]);
  if (row === undefined) throw new ReferenceError('set_not_found', `no reference set ${JSON.stringify(name)}`);
  return toSet(row);
}

async function contentsOf(port: SqlPort, names: readonly string[]): Promise<readonly number[]> {
  const contents: number[] = [];
  for (const name of new Set(names)) contents.push((await findSet(port, name)).content);
  return contents;
}

/** Rows of a list that is filled up to its full length, so that few different statements are made. */
function filled<T>(values: readonly T[], length: number): readonly T[] {
  return [...values, ...Array.from({ length: length - values.length }, () => values[0] as T)];
}

// A plus keeps SQLite from going by the content, which has ten million rows: without statistics it cannot know.
async function rowsOf(
  port: SqlPort,
  contents: readonly number[],
  queries: readonly ReferenceQuery[],
): Promise<readonly SqlRow[]> {
  const places = queries.flatMap(({ digest, path }) => [placeOf(digest, path), placeOf(digest, null)]);
  const digests = [...new Set(queries.map(({ digest }) => digest))].map((digest) => Buffer.from(digest, 'hex'));
  const ofSets = `+content IN (${placeholders(contents.length)})`;
  const size = queries.length > 1 ? chunk : 1;
  const there = await port.query(
    `SELECT ${columns} FROM reference WHERE place IN (${placeholders(2 * size)}) AND ${ofSets}`,
    [...filled(places, 2 * size), ...contents],
  );
  const bad = await port.query(
    `SELECT ${columns} FROM reference WHERE status = 'bad' AND digest IN (${placeholders(size)}) AND ${ofSets}`,
    [...filled(digests, size), ...contents],
  );
  return [...there, ...bad];
}

async function isListed(port: SqlPort, contents: readonly number[], path: string): Promise<boolean> {
  const [from, to] = placesOf(path);
  const rows = await port.query(
    `SELECT 1 AS listed FROM reference WHERE place >= ? AND place < ? AND +content IN (${placeholders(contents.length)})
       AND path = ? LIMIT 1`,
    [from, to, ...contents, path],
  );
  return rows.length > 0;
}

async function answerChunk(
  port: SqlPort,
  contents: readonly number[],
  queries: readonly ReferenceQuery[],
): Promise<readonly ReferenceAnswer[]> {
  const found = new Map<string, Map<string, ReferenceEntry>>();
  for (const row of await rowsOf(port, contents, queries)) {
    const entry = toEntry(row);
    const key = `${entry.algorithm}:${entry.digest}`;
    const same = found.get(key) ?? new Map<string, ReferenceEntry>();
    // One row may answer several queries, and come by both statements.
    same.set(`${String(row['content'])} ${entry.path === null ? 'any' : `at ${entry.path}`}`, entry);
    found.set(key, same);
  }
  const answers: ReferenceAnswer[] = [];
  for (const { algorithm, digest, path } of queries) {
    const same = found.get(`${algorithm}:${digest}`)?.values() ?? [];
    const matches = [...same].filter((entry) => entry.path === null || entry.path === path || entry.status === 'bad');
    const pathListed = matches.some((entry) => entry.path === path) || (await isListed(port, contents, path));
    answers.push({ matches, pathListed });
  }
  return answers;
}

/** Answers in the order of the queries, leaving the event loop to others. */
export async function lookup(
  port: SqlPort,
  slice: TimeSlice,
  names: readonly string[],
  queries: readonly ReferenceQuery[],
): Promise<readonly ReferenceAnswer[]> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const contents = await contentsOf(port, names);
    if (contents.length === 0) return queries.map(() => ({ matches: [], pathListed: false }));
    const answers: ReferenceAnswer[] = [];
    for (let at = 0; at < queries.length; at += chunk) {
      answers.push(...(await answerChunk(port, contents, queries.slice(at, at + chunk))));
      await slice.pause();
    }
    // Rows of a content that was replaced meanwhile may be gone in part: what they say is not a judgement.
    const after = await contentsOf(port, names);
    if (after.every((content, at) => content === contents[at])) return answers;
  }
  throw new ReferenceError('database_failed', 'the reference sets are replaced again and again');
}
