import { createTimeSlice } from '../../../base/index.js';
import type { ReferenceEntry } from '../entry.js';
import { checkEntry, entryKey } from '../rules.js';
import { placeOf } from './place.js';
import { placeholders, type SqlSession } from './port.js';
import { columns, factColumns, toColumns, toEntry, toFacts } from './rows.js';

/** Rows of one statement. */
const chunk = 50;
/** Entries of one transaction: few enough for memory and for other writers, many enough for the disk. */
export const partSize = 20_000;

const width = columns.split(',').length;
const oneRow = `(${placeholders(width)})`;
const update = `UPDATE reference SET ${factColumns.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`;

export function updateEntry(session: SqlSession, id: number, entry: ReferenceEntry): Promise<number> {
  return session.run(update, [...toFacts(entry), id]);
}

async function fillChunk(session: SqlSession, content: number, entries: readonly ReferenceEntry[]): Promise<number> {
  const fresh = new Map(entries.map((entry) => [entryKey(entry), entry]));
  const places = entries.map(({ digest, path }) => placeOf(digest, path));
  const there = await session.query(
    `SELECT id, ${columns} FROM reference WHERE place IN (${placeholders(places.length)}) AND +content = ?`,
    [...places, content],
  );
  for (const row of there) {
    const key = entryKey(toEntry(row));
    const entry = fresh.get(key);
    if (entry === undefined) continue;
    await updateEntry(session, row['id'] as number, entry);
    fresh.delete(key);
  }
  if (fresh.size === 0) return 0;
  const rows = [...fresh.values()];
  await session.run(
    `INSERT INTO reference (${columns}) VALUES ${rows.map(() => oneRow).join(', ')}`,
    rows.flatMap((entry) => toColumns(content, entry)),
  );
  return rows.length;
}

/** Adds or replaces checked entries of a content; how many are new. The caller's transaction keeps other writers away. */
export async function fill(session: SqlSession, content: number, entries: readonly ReferenceEntry[]): Promise<number> {
  const slice = createTimeSlice();
  let gained = 0;
  for (let at = 0; at < entries.length; at += chunk) {
    gained += await fillChunk(session, content, entries.slice(at, at + chunk));
    await slice.pause();
  }
  return gained;
}

/** Entries in parts of one transaction each, checked. @throws ReferenceError `bad_entry` */
export async function* partsOf(
  entries: Iterable<ReferenceEntry> | AsyncIterable<ReferenceEntry>,
): AsyncGenerator<readonly ReferenceEntry[]> {
  const slice = createTimeSlice();
  let part: ReferenceEntry[] = [];
  for await (const entry of entries) {
    part.push(checkEntry(entry));
    if ((part.length & 255) === 0) await slice.pause();
    if (part.length < partSize) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
