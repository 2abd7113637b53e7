import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMemoryReferences,
  diffEntries,
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
import { hash, ManualClock } from '../../src/base/index.js';
import Database from 'libsql';
import { createImaLog } from '../../src/tpm/logs/index.js';
import { errorLike } from '../support/errors.js';
import { digestOf, entry, referenceContract } from './support/reference-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'tvdc-reference-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const implementations: readonly (readonly [string, () => ReferenceDatabase | Promise<ReferenceDatabase>])[] = [
  ['in memory', () => createMemoryReferences()],
  ['in SQLite', () => openSqliteReferences(join(folder, `${files++}.db`))],
];

describe.each(implementations)('the reference database %s', (_name, open) => referenceContract(open));

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

test('what an import that died has left is removed later, and what lives is not', async () => {
  const file = join(folder, 'died.db');
  const clock = new ManualClock(1_000_000_000);
  const first = openSqliteReferences(file, clock);
  const rows = (): number => {
    const look = new Database(file);
    const [{ n }] = look.prepare('SELECT count(*) AS n FROM reference').all([]) as [{ n: number }];
    look.close();
    return n;
  };
  let go: () => void = () => undefined;
  const waits = new Promise<void>((resolve) => (go = resolve));
  async function* halting() {
    for (let n = 0; n < 20_000; n++) yield entry(`/f${n}`, { digest: digestOf('same') });
    await waits;
    yield entry('/last');
  }
  const dying = first.replace('image', halting());
  while (rows() < 20_000) await new Promise((resolve) => setTimeout(resolve, 5));
  const second = openSqliteReferences(file, clock);
  await second.replace('other', [entry('/a')]);
  expect(rows()).toBe(20_001);
  clock.advance(700_000);
  await second.replace('other', [entry('/b')]);
  expect(rows()).toBe(1);
  go();
  await expect(dying).rejects.toMatchObject({ code: 'database_failed' });
  expect((await second.sets()).map(({ name }) => name)).toEqual(['other']);
  expect(rows()).toBe(1);
  await first.close();
  await second.close();
});

test('a file of the first layout is brought to the present one with all that is in it', async () => {
  const file = join(folder, 'first.db');
  const old = new Database(file);
  old.exec(`CREATE TABLE reference_set (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
      created INTEGER NOT NULL, changed INTEGER NOT NULL, revision INTEGER NOT NULL, entries INTEGER NOT NULL);
    CREATE TABLE reference (
      id INTEGER PRIMARY KEY, set_id INTEGER NOT NULL REFERENCES reference_set (id), digest_key INTEGER NOT NULL,
      path_key INTEGER NOT NULL, algorithm TEXT NOT NULL, digest BLOB NOT NULL, path TEXT, status TEXT NOT NULL,
      package TEXT, source TEXT, facts TEXT);
    CREATE TABLE reference_revision (last INTEGER NOT NULL);
    INSERT INTO reference_revision VALUES (7);
    CREATE UNIQUE INDEX reference_identity ON reference (digest_key, set_id, path_key, algorithm);
    CREATE INDEX reference_path ON reference (set_id, path_key);
    INSERT INTO reference_set VALUES (1, 'image', 'old', 1, 2, 7, 2);
    INSERT INTO reference VALUES
      (1, 1, 1, 1, 'sha256', x'${digestOf('/a')}', '/a', 'good', 'p', NULL, '{"version":"1"}'),
      (2, 1, 2, 0, 'sha256', x'${digestOf('any')}', NULL, 'bad', NULL, 's', NULL);
    PRAGMA application_id = ${0x54564452}; PRAGMA user_version = 1;`);
  old.close();
  const database = openSqliteReferences(file);
  expect(await database.sets()).toEqual([
    { name: 'image', description: 'old', created: 1, changed: 2, revision: 7, entries: 2 },
  ]);
  expect(await database.lookup(['image'], [{ algorithm: 'sha256', digest: digestOf('/a'), path: '/a' }])).toEqual([
    { matches: [entry('/a', { package: 'p', version: '1' })], pathListed: true },
  ]);
  const all = await exportSet(database, 'image');
  expect(all).toEqual([entry('/a', { package: 'p', version: '1' }), entry(null, { status: 'bad', source: 's' })]);
  expect((await database.createSet('next')).revision).toBeGreaterThan(7);
  await database.close();
});

test('two processes may write to one file, and each sees what the other has written', async () => {
  const file = join(folder, 'shared.db');
  const one = openSqliteReferences(file);
  const two = openSqliteReferences(file);
  await one.createSet('image');
  await Promise.all([
    one.add(
      'image',
      Array.from({ length: 2000 }, (_, n) => entry(`/a${n}`)),
    ),
    two.add(
      'image',
      Array.from({ length: 2000 }, (_, n) => entry(`/b${n}`)),
    ),
  ]);
  expect((await two.sets())[0]?.entries).toBe(4000);
  await one.close();
  await two.close();
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

  test('a runtime policy brings measured buffers, key rings and keys for file signatures', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const der = publicKey.export({ type: 'spki', format: 'der' });
    const policy = {
      meta: { version: 1 },
      digests: {},
      excludes: [],
      'ima-buf': { 'kexec-cmdline': [digestOf('line')] },
      keyrings: { '.ima': [digestOf('key')] },
      ima: { ignored_keyrings: ['.evm', '*'] },
    };
    const keys = { meta: { version: 1 }, keyids: [1], pubkeys: [der.toString('base64')] };
    const bring = (more: object) => parseReferenceFile(JSON.stringify({ ...policy, ...more }));
    expect(bring({ 'verification-keys': JSON.stringify(keys) })).toEqual({
      entries: [],
      exclude: ['\\.evm'],
      buffers: [
        { name: 'kexec-cmdline', digests: [`sha256:${digestOf('line')}`] },
        { name: '.ima', digests: [`sha256:${digestOf('key')}`] },
      ],
      keys: [publicKey.export({ type: 'spki', format: 'pem' })],
    });
    expect(bring({ 'verification-keys': '' }).keys).toEqual([]);
    for (const bad of [
      { 'verification-keys': { pubkeys: ['AAAA'] } },
      { 'verification-keys': 'x' },
      { 'ima-buf': { a: ['x'] } },
      { keyrings: [] },
      { ima: { ignored_keyrings: 'a' } },
    ]) {
      expect(() => bring(bad)).toThrow(errorLike({ code: 'bad_import' }));
    }
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
    expect(openBundle(text, [other, pem])).toMatchObject(bundle);
    expect(() => openBundle(text, [other])).toThrow(errorLike({ code: 'bundle_refused' }));
    const parts = JSON.parse(text) as Record<string, string>;
    const payload = Buffer.from(JSON.stringify({ ...bundle, version: 4 })).toString('base64');
    expect(() => openBundle(JSON.stringify({ ...parts, payload }), [pem])).toThrow(
      errorLike({ code: 'bundle_refused' }),
    );
    expect(() => openBundle(JSON.stringify(bundle), [pem])).toThrow(errorLike({ code: 'bundle_refused' }));
  });
});
