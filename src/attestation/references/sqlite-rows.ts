import type { HashAlgorithm } from '../../base/index.js';
import { fromHex, hash, toHex } from '../../base/index.js';
import type { ReferenceEntry, ReferenceSet, ReferenceStatus } from './entry.js';

/** The first 48 bits as a number. */
function key48(octets: Uint8Array): number {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).readUIntBE(0, 6);
}

export function digestKey(digest: string): number {
  return Number.parseInt(digest.slice(0, 12), 16);
}

/** 0 stands for entries of every path. */
export function pathKey(path: string | null): number {
  return path === null ? 0 : key48(hash('sha256', Buffer.from(path, 'utf8')));
}

export interface EntryRow {
  readonly id: number;
  readonly set_id: number;
  readonly algorithm: HashAlgorithm;
  /** The binding gives a bare ArrayBuffer. */
  readonly digest: ArrayBuffer;
  readonly path: string | null;
  readonly status: ReferenceStatus;
  readonly package: string | null;
  readonly source: string | null;
  readonly facts: string | null;
}

export interface SetRow extends ReferenceSet {
  readonly id: number;
}

type Facts = Pick<ReferenceEntry, 'version' | 'validFrom' | 'validUntil' | 'annotations'>;

/** What has no column of its own. */
function factsOf({ version, validFrom, validUntil, annotations }: ReferenceEntry): string | null {
  const facts = { version, validFrom, validUntil, annotations };
  const text = JSON.stringify(facts);
  return text === '{}' ? null : text;
}

/** Parameters of the insert statement, in the order of its columns. */
export function toColumns(set: number, entry: ReferenceEntry): readonly unknown[] {
  return [
    set,
    digestKey(entry.digest),
    pathKey(entry.path),
    entry.algorithm,
    Buffer.from(fromHex(entry.digest)),
    entry.path,
    entry.status,
    entry.package ?? null,
    entry.source ?? null,
    factsOf(entry),
  ];
}

export function toEntry(row: EntryRow): ReferenceEntry {
  const facts = row.facts === null ? {} : (JSON.parse(row.facts) as Facts);
  return {
    algorithm: row.algorithm,
    digest: toHex(new Uint8Array(row.digest)),
    path: row.path,
    status: row.status,
    ...(row.package === null ? {} : { package: row.package }),
    ...(row.source === null ? {} : { source: row.source }),
    ...facts,
  };
}

export function toSet({ name, description, created, changed, revision, entries }: SetRow): ReferenceSet {
  return { name, description, created, changed, revision, entries };
}
