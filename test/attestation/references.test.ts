import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMemoryReferences,
  diffEntries,
  diffSets,
  entriesOfDirectory,
  entriesOfImaLog,
  exportSet,
  formatReferenceJson,
  openBundle,
  openSqliteReferences,
  parseReferenceFile,
  parseReferenceJson,
  type ReferenceDatabase,
  type ReferenceEntry,
  signBundle,
} from '../../src/attestation/index.js';
import { hash, toHex } from '../../src/base/index.js';
import { createImaLog } from '../../src/tpm/logs/index.js';
import { errorLike } from '../support/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'tvdc-reference-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const digestOf = (text: string): string => toHex(hash('sha256', Buffer.from(text)));
const entry = (path: string | null, more: Partial<ReferenceEntry> = {}): ReferenceEntry => ({
  algorithm: 'sha256',
  digest: digestOf(path ?? 'any'),
  path,
  status: 'good',
  ...more,
});
const ask = (path: string, digest = digestOf(path)) => ({ algorithm: 'sha256', digest, path }) as const;

let files = 0;
const kinds: readonly (readonly [string, () => ReferenceDatabase])[] = [
  ['in memory', () => createMemoryReferences()],
  ['in SQLite', () => openSqliteReferences(join(folder, `${files++}.db`))],
];

describe.each(kinds)('the reference database %s', (_name, open) => {
  let database: ReferenceDatabase;
  beforeEach(async () => {
    database = open();
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
});

test('a SQLite file keeps its sets over a restart; files of others and newer ones are refused', async () => {
  const file = join(folder, 'kept.db');
  const first = openSqliteReferences(file);
  await first.createSet('image');
  await first.add('image', [entry('/a')]);
  const digest = await first.digest(['image']);
  await first.close();
  const second = openSqliteReferences(file);
  expect(await second.digest(['image'])).toBe(digest);
  expect(await exportSet(second, 'image')).toEqual([entry('/a')]);
  await second.close();
  writeFileSync(join(folder, 'text.db'), 'no database at all'.repeat(100));
  expect(() => openSqliteReferences(join(folder, 'text.db'))).toThrow(errorLike({ code: 'database_failed' }));
});

describe('imports', () => {
  test('path and digests in JSON, both ways', () => {
    const text = JSON.stringify({ '/a b': [`sha256:${digestOf('a')}`], '/c': [digestOf('c')] });
    const entries = parseReferenceJson(text);
    expect(entries.map(({ path, algorithm }) => [path, algorithm])).toEqual([
      ['/a b', 'sha256'],
      ['/c', 'sha256'],
    ]);
    expect(diffEntries(parseReferenceJson(formatReferenceJson(entries)), entries)).toEqual({
      added: [],
      removed: [],
      changed: [],
    });
    for (const bad of ['[]', '{"/a":"x"}', '{"/a":["sha1:00"]}', '{', `{"/a":["sha1:${digestOf('a')}"]}`]) {
      expect(() => parseReferenceJson(bad)).toThrow(errorLike({ code: 'bad_import' }));
    }
  });

  test('a runtime policy brings digests and excludes, which it anchors at the begin alone', () => {
    const policy = { meta: { version: 1 }, digests: { '/a': [digestOf('a')] }, excludes: ['/tmp/', '/x$'] };
    const file = parseReferenceFile(JSON.stringify(policy));
    expect(file.entries).toMatchObject([{ path: '/a', source: 'runtime-policy' }]);
    expect(file.exclude).toEqual(['(?:/tmp/).*', '/x$']);
  });

  test('the log of a trusted run, without boot_aggregate and violations', () => {
    const log = createImaLog();
    const digest = { algorithm: 'sha256', value: hash('sha256', Buffer.from('a')) };
    log.measure({ path: 'boot_aggregate', digest });
    log.measure({ path: '/a', digest });
    log.measure({ path: '/a', digest });
    log.violation('/v');
    expect(entriesOfImaLog(log.toBinary())).toEqual([entry('/a', { digest: digestOf('a'), source: 'ima-log' })]);
  });

  test('files of a directory, at the place where they are mounted', async () => {
    mkdirSync(join(folder, 'image', 'bin'), { recursive: true });
    writeFileSync(join(folder, 'image', 'bin', 'a b'), 'content');
    const found: ReferenceEntry[] = [];
    for await (const one of entriesOfDirectory(join(folder, 'image'), { mountedAt: '/usr' })) found.push(one);
    expect(found).toEqual([entry('/usr/bin/a_b', { digest: digestOf('content'), source: 'directory' })]);
  });

  test('signed bundles are read only under an anchor that is set apart', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({
      type: 'spki',
      format: 'pem',
    }) as string;
    const bundle = { name: 'image', version: 3, created: 1, entries: [entry('/a')] };
    const text = signBundle(bundle, privateKey);
    expect(openBundle(text, [other, pem])).toEqual(bundle);
    expect(() => openBundle(text, [other])).toThrow(errorLike({ code: 'bundle_refused' }));
    const parts = JSON.parse(text) as Record<string, string>;
    const payload = Buffer.from(JSON.stringify({ ...bundle, version: 4 })).toString('base64');
    expect(() => openBundle(JSON.stringify({ ...parts, payload }), [pem])).toThrow(
      errorLike({ code: 'bundle_refused' }),
    );
    expect(() => openBundle(JSON.stringify(bundle), [pem])).toThrow(errorLike({ code: 'bundle_refused' }));
  });
});
