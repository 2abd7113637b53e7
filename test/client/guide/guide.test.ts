import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CimInstance, type CimInstancePath, createInstance, stringKey } from '../../../src/cim/model/index.js';
import type { Provider } from '../../../src/cimom/index.js';
import * as door from '../../../src/client/index.js';
import { createTestServer, type TestServer } from '../../../src/host/testing/index.js';
import * as snippets from './snippets.js';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const [imports = '', ...blocks] = [...read('../../../docs/client.md').matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code = '']) => code.trimEnd(),
);

/** Lines between the marks, without the indentation of the function that they stand in. */
const regions = [...read('./snippets.ts').matchAll(/^( *)\/\/ --- \w+\n([\s\S]*?)^ *\/\/ ---$/gm)].map(
  ([, indent = '', code = '']) => code.replace(new RegExp(`^${indent}`, 'gm'), '').trimEnd(),
);

const disks = new Map<string, CimInstance>();
const nameIn = (path: CimInstancePath | null): string => (path === null ? '' : (stringKey(path, 'Name') ?? ''));
const provider: Provider = {
  className: 'ACME_Disk',
  namespaces: ['root/cimv2'],
  async *enumerate({ classes, namespace }) {
    if (disks.size === 0) {
      for (let at = 1; at <= 5; at++) {
        const values = { Name: `d${at}`, Size: BigInt(at * 10 - 10), State: 2 };
        disks.set(values.Name, createInstance(classes.get('ACME_Disk'), values, { namespace }));
      }
    }
    yield [...disks.values()];
  },
  create: async (_context, instance) => {
    if (instance.path === null) throw new Error('no key');
    disks.set(nameIn(instance.path), instance);
    return instance.path;
  },
  modify: async (_context, instance, names) => {
    const changes = instance.select(names).properties();
    const before = disks.get(nameIn(instance.path)) ?? instance;
    disks.set(nameIn(instance.path), before.with(Object.fromEntries(changes.map(({ name, value }) => [name, value]))));
  },
  delete: async (_context, path) => {
    disks.delete(nameIn(path));
  },
  methods: {
    Resize: async (_context, self, { Size = null }) => {
      const disk = disks.get(nameIn(self));
      if (disk === undefined) throw new Error('no such disk');
      disks.set(nameIn(self), disk.with({ Size }));
      return { returnValue: 0, out: { Before: disk.get('Size') ?? null } };
    },
  },
};

let server: TestServer;
let folder: string;
let client: door.WbemClient;
const account = { user: 'operator', password: 'secret' };

/** Runs a snippet, and says what it showed. */
async function shownBy(snippet: (reader: snippets.Reader) => Promise<unknown>): Promise<unknown[][]> {
  const shown: unknown[][] = [];
  const show = (...values: readonly unknown[]): void => void shown.push([...values]);
  await snippet({ url: server.url, ...account, ca: '', file: join(folder, 'recording.har'), show });
  return shown;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tvdc-guide-'));
  server = await createTestServer({
    mof: `${read('../wbem/acme.mof')}
      class ACME_Shelf { [Key] string Name; };
      [Association] class ACME_DiskOnShelf { [Key] ACME_Shelf REF Shelf; [Key] ACME_Disk REF Disk; };`,
    interop: true,
    credentials: account,
    providers: [provider],
  });
  await server.client.instances('ACME_Disk').toArray();
  const Shelf = await server.client.create('ACME_Shelf', { Name: 'top' });
  await server.client.create('ACME_DiskOnShelf', { Shelf, Disk: 'root/cimv2:ACME_Disk.Name="d1"' });
  client = server.client;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

test('the guide prints the snippets that are run here, in their order', () => {
  expect(blocks).toEqual(regions);
  const named = /import \{ ([^}]*) \} from 'tvdc';/.exec(imports)?.[1]?.split(', ') ?? [];
  expect(named.length).toBeGreaterThan(3);
  for (const name of named) expect(door).toHaveProperty(name);
});

test('connect', async () => {
  expect(await shownBy(snippets.connect)).toEqual([
    [expect.objectContaining({ brand: 'tvdc test server', version: '1.0.0' }), ['interop', 'root/cimv2', 'root']],
  ]);
});

test('read', async () => {
  expect(await shownBy((reader) => snippets.read(client, reader))).toEqual([['d1', 0n, 'root/cimv2'], [[]]]);
});

test('enumerate, and stop early', async () => {
  expect(await shownBy((reader) => snippets.enumerate(client, reader))).toEqual([[100n], [5, 'd1']]);
  expect(await shownBy((reader) => snippets.stopEarly(client, reader))).toEqual([['found'], [5]]);
});

test('associations, queries and filters', async () => {
  const keys = (name: string): unknown => [expect.objectContaining({ name: 'Name', value: name })];
  expect(await shownBy((reader) => snippets.related(client, reader))).toEqual([
    ['ACME_Disk'],
    [30n],
    [40n],
    [keys('d4')],
    [keys('d5')],
  ]);
});

test('create, modify, delete', async () => {
  expect(await shownBy((reader) => snippets.write(client, reader))).toEqual([[8n]]);
  expect(disks.has('new')).toBe(false);
  const [made] = await shownBy((reader) => snippets.own(client, reader));
  expect(made?.[1]).toContainEqual(['Size', 'uint64', 10n]);
});

test('call methods, with types and without', async () => {
  expect(await shownBy((reader) => snippets.invoke(client, reader))).toEqual([['it had', 0n]]);
  expect(await shownBy((reader) => snippets.types(client, reader))).toEqual([[0, 1n]]);
});

test('batches, errors, cancelling', async () => {
  expect(await shownBy(snippets.batch)).toEqual([['instance'], [6]]);
  expect(await shownBy((reader) => snippets.errors(client, reader))).toEqual([[6, expect.any(String), []]]);
  expect(await shownBy((reader) => snippets.cancel(client, reader))).toEqual([['aborted']]);
});

test('inspect and record', async () => {
  const [texts, figures] = await shownBy(snippets.inspect);
  expect(texts).toEqual([expect.stringContaining('<IMETHODCALL'), expect.stringContaining('<CLASSNAME')]);
  expect(figures).toEqual([expect.objectContaining({ count: 1, errors: 0 }), []]);
  expect(await shownBy(snippets.record)).toEqual([['ACME_Disk', []]]);
});

test('test, provide, listen', async () => {
  expect(await shownBy(snippets.test)).toEqual([[expect.stringMatching(/^http:\/\/127/), 1]]);
  expect(await shownBy(snippets.provide)).toEqual([[false]]);
  expect(await shownBy(snippets.listen)).toEqual([['CIM_InstCreation', expect.any(String)]]);
});
