import type { Clock } from '../../base/index.js';
import { systemClock } from '../../base/index.js';
import { changed, checkEntry, checkVersion, entryKey, matchesFilter, setsDigest } from './rules.js';
import type {
  AddOptions,
  BundleMark,
  ReferenceDatabase,
  ReferenceFilter,
  ReferenceQuery,
  ReferenceSource,
} from './database.js';
import { ReferenceError } from './database.js';
import type { ReferenceEntry, ReferenceSet } from './entry.js';

interface MemorySet {
  info: ReferenceSet;
  readonly entries: Map<string, ReferenceEntry>;
  readonly byDigest: Map<string, ReferenceEntry[]>;
  readonly paths: Map<string, number>;
}

const digestKey = (entry: { readonly algorithm: string; readonly digest: string }): string =>
  `${entry.algorithm}:${entry.digest}`;

const none: readonly ReferenceEntry[] = [];

function answering(same: readonly ReferenceEntry[] | undefined, { path }: ReferenceQuery): readonly ReferenceEntry[] {
  if (same === undefined) return none;
  const answers = (entry: ReferenceEntry): boolean =>
    entry.path === path || entry.path === null || entry.status === 'bad';
  return same.every(answers) ? same : same.filter(answers);
}

async function collect(entries: ReferenceSource, { progress, signal }: AddOptions): Promise<ReferenceEntry[]> {
  const checked: ReferenceEntry[] = [];
  for await (const entry of entries) {
    checked.push(checkEntry(entry));
    if (signal?.aborted === true) throw new ReferenceError('import_aborted', `ended after ${checked.length} entries`);
  }
  progress?.(checked.length);
  return checked;
}

function put(set: MemorySet, entry: ReferenceEntry): void {
  const key = entryKey(entry);
  remove(set, key);
  set.entries.set(key, entry);
  const same = set.byDigest.get(digestKey(entry));
  if (same === undefined) set.byDigest.set(digestKey(entry), [entry]);
  else same.push(entry);
  if (entry.path !== null) set.paths.set(entry.path, (set.paths.get(entry.path) ?? 0) + 1);
}

function remove(set: MemorySet, key: string): void {
  const entry = set.entries.get(key);
  if (entry === undefined) return;
  set.entries.delete(key);
  const same = set.byDigest.get(digestKey(entry)) ?? [];
  const rest = same.filter((other) => other !== entry);
  if (rest.length === 0) set.byDigest.delete(digestKey(entry));
  else set.byDigest.set(digestKey(entry), rest);
  if (entry.path === null) return;
  const count = (set.paths.get(entry.path) ?? 1) - 1;
  if (count === 0) set.paths.delete(entry.path);
  else set.paths.set(entry.path, count);
}

/** Reference measurements in memory: for tests, for the offline verification, and for small fleets. */
export function createMemoryReferences(clock: Clock = systemClock): ReferenceDatabase {
  const sets = new Map<string, MemorySet>();
  const bundles = new Map<string, BundleMark>();
  let revision = 0;
  const find = (name: string): MemorySet => {
    const set = sets.get(name);
    if (set === undefined) throw new ReferenceError('set_not_found', `no reference set ${JSON.stringify(name)}`);
    return set;
  };
  const touch = (set: MemorySet): void => {
    set.info = { ...set.info, changed: clock.now(), revision: ++revision, entries: set.entries.size };
  };
  const filtered = (set: MemorySet, filter: ReferenceFilter): [string, ReferenceEntry][] =>
    [...set.entries].filter(([, entry]) => matchesFilter(entry, filter));

  return {
    async createSet(name, description = '') {
      if (sets.has(name))
        throw new ReferenceError('set_exists', `there is a reference set ${JSON.stringify(name)} already`);
      const now = clock.now();
      const info = { name, description, created: now, changed: now, revision: ++revision, entries: 0 };
      sets.set(name, { info, entries: new Map(), byDigest: new Map(), paths: new Map() });
      return info;
    },
    async deleteSet(name) {
      find(name);
      sets.delete(name);
    },
    async sets() {
      return [...sets.values()].map(({ info }) => info).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async add(name, entries, options = {}) {
      // Checked before anything changes, so that a bad entry leaves the set as it was.
      const set = find(name);
      const checked = await collect(entries, options);
      const before = set.entries.size;
      for (const entry of checked) put(set, entry);
      touch(set);
      return set.entries.size - before;
    },
    async replace(name, entries, options = {}) {
      const { bundle, source } = options;
      const mark = bundle === undefined ? undefined : bundles.get(bundle.name);
      if (bundle !== undefined && mark !== undefined) checkVersion(bundle, mark);
      const checked = await collect(entries, options);
      const old = sets.get(name);
      const now = clock.now();
      const info = old?.info ?? { name, description: '', created: now, changed: now, revision: ++revision, entries: 0 };
      const set: MemorySet = { info, entries: new Map(), byDigest: new Map(), paths: new Map() };
      for (const entry of source === undefined ? [] : (old?.entries.values() ?? [])) {
        if (entry.source !== source) put(set, entry);
      }
      for (const entry of checked) put(set, entry);
      touch(set);
      sets.set(name, set);
      if (bundle !== undefined) bundles.set(bundle.name, bundle);
      return set.entries.size;
    },
    async *list(name, filter = {}) {
      const rows = filtered(find(name), filter).sort(([a], [b]) => (a < b ? -1 : 1));
      for (let at = 0; at < rows.length; at += 1000) yield rows.slice(at, at + 1000).map(([, entry]) => entry);
    },
    async annotate(name, filter, change) {
      const set = find(name);
      const rows = filtered(set, filter);
      for (const [, entry] of rows) put(set, changed(entry, change));
      if (rows.length > 0) touch(set);
      return rows.length;
    },
    async delete(name, filter) {
      const set = find(name);
      const rows = filtered(set, filter);
      for (const [key] of rows) remove(set, key);
      if (rows.length > 0) touch(set);
      return rows.length;
    },
    async lookup(names, queries) {
      const asked = [...new Set(names)].map(find);
      return queries.map((query) => ({
        matches: asked.flatMap((set) => answering(set.byDigest.get(digestKey(query)), query)),
        pathListed: asked.some((set) => set.paths.has(query.path)),
      }));
    },
    async digest(names) {
      return setsDigest(names.map((name) => find(name).info));
    },
    close: () => Promise.resolve(),
  };
}
