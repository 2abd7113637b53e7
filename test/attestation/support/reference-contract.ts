import { diffSets, exportSet, type ReferenceDatabase, type ReferenceEntry } from '../../../src/attestation/index.js';
import { hash, toHex } from '../../../src/base/index.js';

export const digestOf = (text: string): string => toHex(hash('sha256', Buffer.from(text)));
export const entry = (path: string | null, more: Partial<ReferenceEntry> = {}): ReferenceEntry => ({
  algorithm: 'sha256',
  digest: digestOf(path ?? 'any'),
  path,
  status: 'good',
  ...more,
});
const ask = (path: string, digest = digestOf(path)) => ({ algorithm: 'sha256', digest, path }) as const;

/** What every implementation of the port promises; to be called within a `describe` of that implementation. */
export function referenceContract(open: () => ReferenceDatabase | Promise<ReferenceDatabase>): void {
  let database: ReferenceDatabase;
  beforeEach(async () => {
    database = await open();
    await database.createSet('image', 'an image');
  });
  afterEach(() => database.close());

  test('finds digests with all their facts, and tells listed paths from others', async () => {
    const full = entry('/usr/bin/a b', {
      package: 'app',
      version: '1.0',
      source: 'test',
      validFrom: 1,
      validUntil: 2,
      annotations: { cve: 'CVE-2026-1' },
    });
    expect(await database.add('image', [full, entry('/b'), entry(null, { status: 'bad' })])).toBe(3);
    const stored = { ...full, path: '/usr/bin/a_b' };
    expect(
      await database.lookup(
        ['image'],
        [ask('/usr/bin/a_b', full.digest), ask('/b', digestOf('x')), ask('/c', digestOf('any'))],
      ),
    ).toEqual([
      { matches: [stored], pathListed: true },
      { matches: [], pathListed: true },
      { matches: [entry(null, { status: 'bad' })], pathListed: false },
    ]);
  });

  test('adding again replaces, and only the sets that are asked answer', async () => {
    await database.createSet('other');
    await database.add('image', [entry('/a')]);
    expect(await database.add('image', [entry('/a', { status: 'vulnerable' })])).toBe(0);
    await database.add('other', [entry('/b')]);
    const [a, b] = await database.lookup(['image'], [ask('/a'), ask('/b')]);
    expect([a?.matches[0]?.status, b]).toEqual(['vulnerable', { matches: [], pathListed: false }]);
    const both = await database.lookup(['image', 'other'], [ask('/a'), ask('/a'), ask('/b')]);
    expect(both.map(({ matches }) => matches.length)).toEqual([1, 1, 1]);
  });

  test('its digest changes with every change of an asked set, and with no other', async () => {
    await database.createSet('other');
    const seen = new Set([await database.digest(['image'])]);
    await database.add('other', [entry('/x')]);
    seen.add(await database.digest(['image']));
    expect(seen.size).toBe(1);
    await database.add('image', [entry('/a')]);
    seen.add(await database.digest(['image']));
    await database.annotate('image', { path: '/a' }, { annotations: { quality: 'good' } });
    seen.add(await database.digest(['image']));
    await database.delete('image', { path: '/a' });
    seen.add(await database.digest(['image']));
    expect(seen.size).toBe(4);
    await database.deleteSet('image');
    await database.createSet('image');
    expect(seen.has(await database.digest(['image']))).toBe(false);
  });

  test('annotates, expires and deletes what a filter covers', async () => {
    await database.add('image', [entry('/a', { package: 'p' }), entry('/b', { package: 'p' }), entry('/c')]);
    expect(await database.annotate('image', { package: 'p' }, { validUntil: 5, annotations: { cve: '1' } })).toBe(2);
    expect(await database.annotate('image', { path: '/a' }, { annotations: { cve: '' } })).toBe(1);
    const all = await exportSet(database, 'image');
    expect(all.find(({ path }) => path === '/a')).toEqual(entry('/a', { package: 'p', validUntil: 5 }));
    expect(all.find(({ path }) => path === '/b')?.annotations).toEqual({ cve: '1' });
    expect(await database.delete('image', { package: 'p' })).toBe(2);
    expect((await database.sets())[0]).toMatchObject({ name: 'image', description: 'an image', entries: 1 });
  });

  test('a bad entry leaves the set as it was', async () => {
    const bad = entry('/z', { digest: 'abc' });
    await expect(database.add('image', [entry('/a'), bad])).rejects.toMatchObject({ code: 'bad_entry' });
    expect(await exportSet(database, 'image')).toEqual([]);
  });

  test('unknown and doubled sets are refused', async () => {
    await expect(database.createSet('image')).rejects.toMatchObject({ code: 'set_exists' });
    await expect(database.add('none', [])).rejects.toMatchObject({ code: 'set_not_found' });
    await expect(database.lookup(['none'], [])).rejects.toMatchObject({ code: 'set_not_found' });
    await expect(database.deleteSet('none')).rejects.toMatchObject({ code: 'set_not_found' });
  });

  test('lists long sets in batches, and compares sets', async () => {
    const many = Array.from({ length: 2500 }, (_, n) => entry(`/f${n}`));
    await database.add('image', many);
    await database.createSet('next');
    await database.add('next', [...many.slice(1), entry('/new'), entry('/f2', { version: '2' })]);
    const sizes: number[] = [];
    for await (const batch of database.list('image')) sizes.push(batch.length);
    expect(sizes).toEqual([1000, 1000, 500]);
    const diff = await diffSets(database, 'image', 'next');
    expect(diff.added.map(({ path }) => path)).toEqual(['/new']);
    expect(diff.removed.map(({ path }) => path)).toEqual(['/f0']);
    expect(diff.changed.map(({ after }) => after.version)).toEqual(['2']);
  });

  test('one digest at very many places is answered for the place that is asked, and where it is bad', async () => {
    const digest = digestOf('');
    const same = Array.from({ length: 3000 }, (_, n) => entry(`/lib/${n}/__init__.py`, { digest }));
    expect(await database.add('image', same)).toBe(3000);
    const bad = entry('/malware', { digest, status: 'bad' });
    const [one, none] = await database.lookup(['image'], [ask('/lib/7/__init__.py', digest), ask('/x', digest)]);
    expect([one, none]).toEqual([
      { matches: [entry('/lib/7/__init__.py', { digest })], pathListed: true },
      { matches: [], pathListed: false },
    ]);
    await database.add('image', [bad]);
    const [warned] = await database.lookup(['image'], [ask('/x', digest)]);
    expect(warned).toEqual({ matches: [bad], pathListed: false });
  });

  test('answers many queries in their order, with doubles, over several sets', async () => {
    await database.createSet('other');
    await database.add(
      'image',
      Array.from({ length: 300 }, (_, n) => entry(`/f${n}`)),
    );
    await database.add('other', [entry('/f1', { package: 'other' })]);
    const queries = Array.from({ length: 500 }, (_, n) => ask(`/f${n % 400}`));
    const answers = await database.lookup(['image', 'other', 'image'], queries);
    expect(answers.map(({ matches }) => matches.length)).toEqual(
      queries.map((_, n) => (n % 400 === 1 ? 2 : n % 400 < 300 ? 1 : 0)),
    );
    expect(answers[99]?.matches).toEqual([entry('/f99')]);
    expect(await database.lookup([], [ask('/f1')])).toEqual([{ matches: [], pathListed: false }]);
  });

  test('entries of one call that are the same are one, the last of them', async () => {
    const entries = [entry('/a'), entry('/a', { status: 'vulnerable' }), entry('/b')];
    expect(await database.add('image', entries)).toBe(2);
    expect((await exportSet(database, 'image')).map(({ status }) => status).sort()).toEqual(['good', 'vulnerable']);
  });

  test('a replaced set has its new content at once, and the old one where the new one is refused', async () => {
    await database.add('image', [entry('/a'), entry('/b')]);
    const before = await database.digest(['image']);
    const wrong = [entry('/c'), entry('/z', { digest: 'abc' })];
    await expect(database.replace('image', wrong)).rejects.toMatchObject({ code: 'bad_entry' });
    expect(await database.digest(['image'])).toBe(before);
    async function* slow() {
      yield entry('/c');
      expect((await exportSet(database, 'image')).map(({ path }) => path).sort()).toEqual(['/a', '/b']);
      yield entry('/d');
    }
    expect(await database.replace('image', slow())).toBe(2);
    expect((await exportSet(database, 'image')).map(({ path }) => path).sort()).toEqual(['/c', '/d']);
    expect(await database.digest(['image'])).not.toBe(before);
    expect((await database.sets())[0]).toMatchObject({ name: 'image', description: 'an image', entries: 2 });
    expect(await database.replace('made', [entry('/m')])).toBe(1);
    expect((await database.sets()).map(({ name }) => name)).toEqual(['image', 'made']);
  });

  test('of one source only its own entries are replaced', async () => {
    await database.add('image', [entry('/a', { source: 's' }), entry('/b'), entry('/c', { source: 't' })]);
    expect(await database.replace('image', [entry('/d', { source: 's' })], { source: 's' })).toBe(3);
    expect((await exportSet(database, 'image')).map(({ path }) => path).sort()).toEqual(['/b', '/c', '/d']);
  });

  test('an older version of a bundle is refused, and another content of the same', async () => {
    const bundle = (version: number, digest = `d${version}`) => ({ bundle: { name: 'b', version, digest } });
    await database.replace('image', [entry('/2')], bundle(2));
    const rolledBack = { code: 'bundle_rolled_back' };
    await expect(database.replace('image', [entry('/1')], bundle(1))).rejects.toMatchObject(rolledBack);
    await expect(database.replace('other', [entry('/1')], bundle(1))).rejects.toMatchObject(rolledBack);
    await expect(database.replace('image', [entry('/1')], bundle(2, 'x'))).rejects.toMatchObject(rolledBack);
    expect((await exportSet(database, 'image')).map(({ path }) => path)).toEqual(['/2']);
    await database.replace('image', [entry('/2')], bundle(2));
    await database.replace('image', [entry('/3')], bundle(3));
    await database.deleteSet('image');
    await expect(database.replace('image', [entry('/2')], bundle(2))).rejects.toMatchObject(rolledBack);
  });

  test('a long import says how far it is, and ends where that is wanted', async () => {
    const many = Array.from({ length: 25_000 }, (_, n) => entry(`/f${n}`, { digest: digestOf('same') }));
    const steps: number[] = [];
    expect(await database.add('image', many, { progress: (done) => steps.push(done) })).toBe(25_000);
    expect(steps.at(-1)).toBe(25_000);
    const end = new AbortController();
    end.abort();
    const before = await database.digest(['image']);
    await expect(database.replace('image', many, { signal: end.signal })).rejects.toMatchObject({
      code: 'import_aborted',
    });
    expect(await database.digest(['image'])).toBe(before);
  });

  test('filters find what fits among much that does not', async () => {
    const many = Array.from({ length: 3500 }, (_, n) => entry(`/f${n}`, { package: n === 3400 ? 'rare' : 'common' }));
    await database.add('image', many);
    const found: ReferenceEntry[] = [];
    for await (const batch of database.list('image', { package: 'rare' })) found.push(...batch);
    for await (const batch of database.list('image', { digest: digestOf('/f1').toUpperCase() })) found.push(...batch);
    for await (const batch of database.list('image', { path: '/f2', status: 'good' })) found.push(...batch);
    expect(found.map(({ path }) => path)).toEqual(['/f3400', '/f1', '/f2']);
    expect(await database.delete('image', { package: 'common' })).toBe(3499);
    expect(await database.annotate('image', {}, { status: 'vulnerable' })).toBe(1);
    expect((await database.sets())[0]?.entries).toBe(1);
  });
}
