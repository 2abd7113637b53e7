import { digestSizes, hash, toHex } from '../../base/index.js';
import { type BundleMark, type ReferenceChange, ReferenceError, type ReferenceFilter } from './database.js';
import { logPath, type ReferenceEntry, type ReferenceSet, referenceStatuses } from './entry.js';

/** What identifies an entry in its set; sorts by path, then digest. */
export function entryKey(entry: ReferenceEntry): string {
  return `${entry.path ?? ''}\0${entry.algorithm}\0${entry.digest}`;
}

/** An entry in its stored form: lower-case digest, blanks in the path as `_`. @throws ReferenceError `bad_entry` */
export function checkEntry(entry: ReferenceEntry): ReferenceEntry {
  const digest = entry.digest.toLowerCase();
  const size: number | undefined = digestSizes[entry.algorithm];
  if (size === undefined || digest.length !== size * 2 || !/^[0-9a-f]+$/.test(digest)) {
    throw new ReferenceError('bad_entry', `digest ${JSON.stringify(entry.digest.slice(0, 140))} of ${entry.algorithm}`);
  }
  const { path } = entry;
  if (path !== null && (path === '' || path.length > 4096 || path.includes('\0'))) {
    throw new ReferenceError('bad_entry', `path ${JSON.stringify(path.slice(0, 140))}`);
  }
  if (!referenceStatuses.includes(entry.status)) throw new ReferenceError('bad_entry', 'unknown status');
  if ((entry.validFrom ?? -Infinity) > (entry.validUntil ?? Infinity)) {
    throw new ReferenceError('bad_entry', 'the validity ends before it begins');
  }
  return { ...entry, digest, path: path === null ? null : logPath(path) };
}

export function matchesFilter(entry: ReferenceEntry, filter: ReferenceFilter): boolean {
  return (
    (filter.digest === undefined || entry.digest === filter.digest.toLowerCase()) &&
    (filter.path === undefined || entry.path === logPath(filter.path)) &&
    (filter.package === undefined || entry.package === filter.package) &&
    (filter.status === undefined || entry.status === filter.status) &&
    (filter.source === undefined || entry.source === filter.source)
  );
}

/** The entry after a change. @throws ReferenceError `bad_entry` */
export function changed(entry: ReferenceEntry, change: ReferenceChange): ReferenceEntry {
  const { annotations, ...fields } = change;
  const merged = Object.entries({ ...entry.annotations, ...annotations }).filter(([, text]) => text !== '');
  const { annotations: _before, ...rest } = entry;
  const after = { ...rest, ...fields };
  return checkEntry(merged.length === 0 ? after : { ...after, annotations: Object.fromEntries(merged) });
}

/** SHA-256 over names and revisions in the order of the names, hexadecimal. */
export function setsDigest(sets: readonly ReferenceSet[]): string {
  const rows = sets.map(({ name, revision }) => `${JSON.stringify(name)} ${revision}`).sort();
  return toHex(hash('sha256', Buffer.from(rows.join('\n'), 'utf8')));
}

/** @throws ReferenceError `bundle_rolled_back` where a newer version, or another content of this one, was taken before */
export function checkVersion(bundle: BundleMark, taken: Pick<BundleMark, 'version' | 'digest'>): void {
  const name = JSON.stringify(bundle.name);
  if (bundle.version < taken.version) {
    throw new ReferenceError(
      'bundle_rolled_back',
      `bundle ${name} ${bundle.version}: version ${taken.version} was taken`,
    );
  }
  if (bundle.version === taken.version && bundle.digest !== taken.digest) {
    throw new ReferenceError(
      'bundle_rolled_back',
      `bundle ${name} ${bundle.version}: another content of this version was taken`,
    );
  }
}
