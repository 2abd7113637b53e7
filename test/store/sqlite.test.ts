import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import {
  openSqliteStore,
  restoreSqliteStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from '../../src/store/index.js';

const root = mkdtempSync(join(tmpdir(), 'tvdc-sqlite-'));
let folders = 0;
const stores: SqliteStore[] = [];

function newFolder(): string {
  return join(root, `folder-${folders++}`);
}

function open(folder: string, options?: SqliteStoreOptions): SqliteStore {
  const store = openSqliteStore(folder, options);
  stores.push(store);
  return store;
}

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const failing = (code: string): Error => expect.objectContaining({ code }) as Error;

test('what was acknowledged is there after reopening', async () => {
  const folder = newFolder();
  const store = open(folder);
  await store.transaction((tx) => tx.put('acm', 'a', 'one'));
  await store.close();
  expect(open(folder).get('acm', 'a')).toBe('one');
});

test('a folder is for one store at a time, in this process too', async () => {
  const folder = newFolder();
  const first = open(folder);
  expect(() => openSqliteStore(folder)).toThrow(failing('store_locked'));
  await first.close();
  expect(open(folder).folder).toBe(folder);
});

test('the folder and its files belong to their owner only', () => {
  const folder = newFolder();
  open(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'tvdc.db')).mode & 0o777).toBe(0o600);
});

test('an older format is migrated step by step in one transaction', async () => {
  const folder = newFolder();
  const old = open(folder);
  await old.transaction((tx) => tx.put('acm', 'name', 'x'));
  await old.close();
  const steps: number[] = [];
  const migrated = open(folder, {
    formats: {
      acm: {
        number: 3,
        migrations: {
          1: (tx) => {
            steps.push(1);
            tx.put('acm', 'name', `${String(tx.get('acm', 'name'))}2`);
          },
          2: (tx) => {
            steps.push(2);
            tx.put('acm', 'name', `${String(tx.get('acm', 'name'))}3`);
          },
        },
      },
    },
  });
  expect(migrated.get('acm', 'name')).toBe('x23');
  expect(steps).toEqual([1, 2]);
  await migrated.close();
  expect(() => openSqliteStore(folder, { formats: { acm: { number: 2 } } })).toThrow(failing('store_too_new'));
  expect(open(folder, { formats: { acm: { number: 3 } } }).get('acm', 'name')).toBe('x23');
});

test('a migration that fails leaves the old state and the lock free', async () => {
  const folder = newFolder();
  const old = open(folder);
  await old.transaction((tx) => tx.put('acm', 'name', 'x'));
  await old.close();
  const broken = {
    acm: {
      number: 2,
      migrations: {
        1: (tx: Parameters<Parameters<SqliteStore['transaction']>[0]>[0]) => {
          tx.put('acm', 'name', 'half');
          throw new Error('broken');
        },
      },
    },
  };
  expect(() => openSqliteStore(folder, { formats: broken })).toThrow('broken');
  expect(() => openSqliteStore(folder, { formats: { acm: { number: 2 } } })).toThrow(failing('store_failed'));
  expect(open(folder).get('acm', 'name')).toBe('x');
});

test('a full disk fails whole transactions and spares what is there', async () => {
  const folder = newFolder();
  const store = open(folder, { maxBytes: 200_000 });
  await store.transaction((tx) => tx.put('acm', 'before', 'kept'));
  const large = 'x'.repeat(100_000);
  const group = await Promise.allSettled([
    store.transaction((tx) => tx.put('acm', 'neighbour', 'small')),
    store.transaction((tx) => {
      tx.put('acm', 'large1', large);
      tx.put('acm', 'large2', large);
    }),
  ]);
  expect(group[1]).toMatchObject({ status: 'rejected', reason: { code: 'store_full' } });
  // A neighbour of the same commit is either done or refused, as it was told.
  const neighbour = group[0]?.status === 'fulfilled' ? 'small' : undefined;
  expect(store.get('acm', 'neighbour')).toBe(neighbour);
  expect(store.range('acm', 'large', 'largf', 9)).toEqual([]);
  expect(store.get('acm', 'before')).toBe('kept');
  await store.transaction((tx) => tx.put('acm', 'after', 'works'));
  await store.close();
  expect(open(folder).get('acm', 'after')).toBe('works');
});

test('a store closes on a full disk: what is committed stands in its log', async () => {
  const folder = newFolder();
  const store = openSqliteStore(folder);
  await store.transaction((tx) => tx.put('acm', 'a', 'kept'));
  const { prototype } = Database;
  const { exec } = prototype;
  const asked: string[] = [];
  prototype.exec = function full(this: Database.Database, sql: string) {
    if (!sql.includes('wal_checkpoint')) return exec.call(this, sql);
    asked.push(sql);
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  };
  try {
    await store.close();
  } finally {
    prototype.exec = exec;
  }
  expect(asked).toHaveLength(1);
  expect(open(folder).get('acm', 'a')).toBe('kept');
});

test('a work that hides the failure of the disk still fails', async () => {
  const store = open(newFolder(), { maxBytes: 100_000 });
  const hiding = store.transaction((tx) => {
    try {
      tx.put('acm', 'large', 'x'.repeat(500_000));
    } catch {
      return 'hidden';
    }
    return 'written';
  });
  await expect(hiding).rejects.toMatchObject({ code: 'store_full' });
  expect(store.get('acm', 'large')).toBeUndefined();
});

test('places that cannot be used are named', () => {
  const file = join(root, 'file');
  writeFileSync(file, 'text');
  expect(() => openSqliteStore(file)).toThrow(failing('store_unreadable'));
  expect(() => openSqliteStore(join(file, 'below'))).toThrow(failing('store_unreadable'));
  expect(() => openSqliteStore('/proc/tvdc')).toThrow(failing('store_unreadable'));
});

test('a foreign or damaged data file is refused and left alone', () => {
  const foreign = newFolder();
  mkdirSync(foreign);
  const other = new Database(join(foreign, 'tvdc.db'));
  other.exec('CREATE TABLE theirs (a)');
  other.close();
  expect(() => openSqliteStore(foreign)).toThrow(failing('store_unreadable'));
  const damaged = newFolder();
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'tvdc.db'), 'not a database, but long enough to look at'.repeat(100));
  expect(() => openSqliteStore(damaged)).toThrow(failing('store_unreadable'));
  expect(statSync(join(damaged, 'tvdc.db')).size).toBeGreaterThan(4000);
});

test.each(['without a store', 'with a store'])('a read-only folder %s is refused with its name', async (what) => {
  const folder = newFolder();
  if (what === 'with a store') await open(folder).close();
  else mkdirSync(folder);
  chmodSync(root, 0o755);
  chmodSync(folder, 0o555);
  const here = dirname(fileURLToPath(import.meta.url));
  // The superuser may write everywhere, so the attempt is made as nobody.
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const args = ['--import', join(here, '../../scripts/register-typescript.mjs'), join(here, 'opener.ts'), folder];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const result = spawnSync(process.execPath, args, { encoding: 'utf8', env, ...asNobody });
  expect(result.stdout).toBe(`store_unreadable ${folder}\n`);
});

test('a backup of a running store is consistent and complete', async () => {
  const store = open(newFolder());
  await store.transaction((tx) => tx.put('acm', 'a', 'one'));
  const file = join(root, `backup ${folders}'s.db`);
  const writes = Promise.all(
    Array.from({ length: 200 }, (_, at) =>
      store.transaction((tx) => {
        tx.put('vmm', `k${at}`, 'v');
        tx.put('vtpm', `k${at}`, 'v');
      }),
    ),
  );
  await Promise.all([writes, store.backupTo(file)]);
  await expect(store.backupTo(file)).rejects.toMatchObject({ code: 'store_unreadable' });
  await expect(store.backupTo(join(root, 'nowhere', 'b.db'))).rejects.toMatchObject({ code: 'store_unreadable' });

  const folder = newFolder();
  restoreSqliteStore(folder, file);
  const restored = open(folder);
  expect(restored.get('acm', 'a')).toBe('one');
  expect(restored.range('vmm', '', null, 999)).toEqual(restored.range('vtpm', '', null, 999));
});

test('a restore may say more than the backup, in the same transaction', async () => {
  const store = open(newFolder());
  await store.transaction((tx) => tx.put('vmm', 'a', 'old'));
  const file = join(root, 'marked.db');
  await store.backupTo(file);
  const folder = newFolder();
  const marks = [
    { area: 'vmm', key: 'a', value: 'new' },
    { area: 'acm', key: '\u0000b', value: new Uint8Array([1, 2]) },
  ] as const;
  restoreSqliteStore(folder, file, marks);
  const restored = open(folder);
  expect(restored.get('vmm', 'a')).toBe('new');
  expect(restored.get('acm', '\u0000b')).toEqual(new Uint8Array([1, 2]));
});

test('a restore replaces everything, also a damaged file, and refuses a bad backup', async () => {
  const store = open(newFolder());
  await store.transaction((tx) => tx.put('acm', 'a', 'good'));
  const file = join(root, 'good.db');
  await store.backupTo(file);

  const folder = newFolder();
  const other = open(folder);
  await other.transaction((tx) => tx.put('acm', 'b', 'to be replaced'));
  expect(() => restoreSqliteStore(folder, file)).toThrow(failing('store_locked'));
  await other.close();
  const bad = join(root, 'bad.db');
  copyFileSync(file, bad);
  truncateSync(bad, 5000);
  expect(() => restoreSqliteStore(folder, bad)).toThrow(failing('store_unreadable'));
  expect(() => restoreSqliteStore(folder, join(root, 'absent.db'))).toThrow(failing('store_unreadable'));
  restoreSqliteStore(folder, file);
  const restored = open(folder);
  expect(restored.range('acm', '', null, 9)).toEqual([{ key: 'a', value: 'good' }]);

  const damaged = newFolder();
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'tvdc.db'), 'x'.repeat(5000));
  restoreSqliteStore(damaged, file);
  expect(open(damaged).get('acm', 'a')).toBe('good');
  expect(readdirSync(damaged).some((name) => name.startsWith('tvdc.db.damaged-'))).toBe(true);
});

test('a damaged file keeps its place, and its log, where the restore fails too', async () => {
  const store = open(newFolder());
  await store.transaction((tx) => tx.put('acm', 'a', 'good'));
  const file = join(root, 'for-damaged.db');
  await store.backupTo(file);
  const damaged = newFolder();
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'tvdc.db'), 'x'.repeat(5000));
  writeFileSync(join(damaged, 'tvdc.db-wal'), 'the log');
  const impossible = { area: 'acm', key: 'k', value: {} as string } as const;
  expect(() => restoreSqliteStore(damaged, file, [impossible])).toThrow();
  expect(readdirSync(damaged).filter((name) => name.includes('damaged'))).toEqual([]);
  expect(readFileSync(join(damaged, 'tvdc.db'), 'utf8')).toBe('x'.repeat(5000));
  expect(readFileSync(join(damaged, 'tvdc.db-wal'), 'utf8')).toBe('the log');
  restoreSqliteStore(damaged, file);
  const aside = readdirSync(damaged).find((name) => /damaged-\d+-wal$/.test(name)) ?? '';
  expect(readFileSync(join(damaged, aside), 'utf8')).toBe('the log');
});

test('a backup of a newer version is refused before anything is replaced', async () => {
  const newer = open(newFolder(), { formats: { vmm: { number: 2 } } });
  await newer.transaction((tx) => tx.put('vmm', 'a', 'new'));
  const file = join(root, 'newer.db');
  await newer.backupTo(file);
  const folder = newFolder();
  const store = open(folder);
  await store.transaction((tx) => tx.put('vmm', 'a', 'old'));
  await store.close();
  expect(() => restoreSqliteStore(folder, file)).toThrow(failing('store_too_new'));
  expect(open(folder).get('vmm', 'a')).toBe('old');
  const formats = { vmm: { number: 2 } };
  const other = newFolder();
  restoreSqliteStore(other, file, [], formats);
  expect(open(other, { formats }).get('vmm', 'a')).toBe('new');
});

test('compacting gives space back while transactions wait and reads go on', async () => {
  const store = open(newFolder());
  await store.transaction((tx) => {
    for (let at = 0; at < 2000; at++) tx.put('acm', `k${at}`, 'x'.repeat(1000));
  });
  await store.transaction((tx) => {
    for (let at = 0; at < 1990; at++) tx.delete('acm', `k${at}`);
  });
  const compacted = store.compact();
  const written = store.transaction((tx) => tx.put('acm', 'meanwhile', 'yes'));
  expect(store.get('acm', 'k1995')).toBe('x'.repeat(1000));
  const { before, after } = await compacted;
  await written;
  expect(after).toBeLessThan(before / 4);
  expect(store.get('acm', 'meanwhile')).toBe('yes');
  expect(store.range('acm', 'k', 'l', 99)).toHaveLength(10);
});
