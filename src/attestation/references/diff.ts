import type { ReferenceDatabase } from './database.js';
import type { ReferenceEntry } from './entry.js';
import { entryKey } from './rules.js';

/** What has to happen to the first set to make the second of it. */
export interface ReferenceDiff {
  readonly added: readonly ReferenceEntry[];
  readonly removed: readonly ReferenceEntry[];
  /** Same digest and path, other facts. */
  readonly changed: readonly { readonly before: ReferenceEntry; readonly after: ReferenceEntry }[];
}

function canonical(entry: ReferenceEntry): string {
  const facts = Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(facts, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.entries(part).sort() : part,
  );
}

/** Compares two lists of entries. */
export function diffEntries(before: Iterable<ReferenceEntry>, after: Iterable<ReferenceEntry>): ReferenceDiff {
  const old = new Map<string, ReferenceEntry>();
  for (const entry of before) old.set(entryKey(entry), entry);
  const added: ReferenceEntry[] = [];
  const changed: { before: ReferenceEntry; after: ReferenceEntry }[] = [];
  for (const entry of after) {
    const key = entryKey(entry);
    const was = old.get(key);
    if (was === undefined) added.push(entry);
    else if (canonical(was) !== canonical(entry)) changed.push({ before: was, after: entry });
    old.delete(key);
  }
  return { added, removed: [...old.values()], changed };
}

/** All entries of a set. */
export async function exportSet(database: ReferenceDatabase, set: string): Promise<ReferenceEntry[]> {
  const entries: ReferenceEntry[] = [];
  for await (const batch of database.list(set)) entries.push(...batch);
  return entries;
}

/** Compares two sets of a database. @throws ReferenceError `set_not_found` */
export async function diffSets(database: ReferenceDatabase, before: string, after: string): Promise<ReferenceDiff> {
  return diffEntries(await exportSet(database, before), await exportSet(database, after));
}
