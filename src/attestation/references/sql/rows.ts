import { fromHex, type HashAlgorithm, toHex } from '../../../base/index.js';
import type { ReferenceEntry, ReferenceSet, ReferenceStatus } from '../entry.js';
import { placeOf } from './place.js';
import type { SqlRow, SqlValue } from './port.js';

/** Columns of an entry, in the order of `toColumns`. */
export const columns = 'content, place, algorithm, digest, path, status, package, source, facts';
/** Columns that an annotation may change, in the order of `toFacts`. */
export const factColumns = ['status', 'package', 'source', 'facts'] as const;

type Facts = Pick<ReferenceEntry, 'version' | 'validFrom' | 'validUntil' | 'annotations'>;

/** What has no column of its own. */
function factsOf({ version, validFrom, validUntil, annotations }: ReferenceEntry): string | null {
  const text = JSON.stringify({ version, validFrom, validUntil, annotations });
  return text === '{}' ? null : text;
}

export function toFacts(entry: ReferenceEntry): readonly SqlValue[] {
  return [entry.status, entry.package ?? null, entry.source ?? null, factsOf(entry)];
}

export function toColumns(content: number, entry: ReferenceEntry): readonly SqlValue[] {
  const { algorithm, digest, path } = entry;
  return [content, placeOf(digest, path), algorithm, fromHex(digest), path, ...toFacts(entry)];
}

export function toEntry(row: SqlRow): ReferenceEntry {
  const { facts, path, package: name, source } = row;
  return {
    algorithm: row['algorithm'] as HashAlgorithm,
    digest: toHex(row['digest'] as Uint8Array),
    path: path as string | null,
    status: row['status'] as ReferenceStatus,
    ...(typeof name === 'string' ? { package: name } : {}),
    ...(typeof source === 'string' ? { source } : {}),
    ...(typeof facts === 'string' ? (JSON.parse(facts) as Facts) : {}),
  };
}

/** A set with the number under which its rows are stored. */
export interface StoredSet extends ReferenceSet {
  readonly content: number;
}

export function toSet(row: SqlRow): StoredSet {
  return {
    name: String(row['name']),
    description: String(row['description']),
    created: Number(row['created']),
    changed: Number(row['changed']),
    revision: Number(row['revision']),
    entries: Number(row['entries']),
    content: Number(row['content']),
  };
}

export function publicSet({ content: _stored, ...set }: StoredSet): ReferenceSet {
  return set;
}
