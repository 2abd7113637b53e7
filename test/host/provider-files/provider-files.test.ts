import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, MemoryLog } from '../../../src/base/index.js';
import type { CimInstance } from '../../../src/cim/index.js';
import { createObjectManager, type ObjectManager, openAuthorizer, systemCaller } from '../../../src/cimom/index.js';
import { createRepository, type Repository } from '../../../src/cimom/repository/index.js';
import { openProviderFiles, type ProviderFiles, readProviderFile } from '../../../src/host/provider-files/index.js';
import { createMemoryStore } from '../../../src/store/index.js';

let folder: string;
const closers: (() => Promise<void>)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tvdc-provider-file-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const classes = [{ class: 'EX_Lamp', namespaces: ['root/example'], operations: ['enumerate'] }];
const command = [process.execPath, 'lamps.mjs'];

function putAll(more: object = {}): string {
  put('lamp.mof', '#pragma include ("base.mof")\nclass EX_Lamp : EX_Base { boolean On; };');
  put('base.mof', '[Abstract] class EX_Base : CIM_ManagedElement { [Key] string InstanceID; };');
  put(
    'lamps.mjs',
    `import { createInterface } from 'node:readline';
     for await (const line of createInterface({ input: process.stdin })) {
       const { id } = JSON.parse(line);
       const instances = [{ class: 'EX_Lamp', properties: { InstanceID: 'EX:1', On: true } }];
       console.log(JSON.stringify({ jsonrpc: '2.0', id, result: { instances } }));
     }`,
  );
  return put('lamps.json', { command, mof: ['lamp.mof'], classes, ...more });
}

async function open(
  repository: Repository,
  ...paths: string[]
): Promise<{ manager: ObjectManager; files: ProviderFiles; raised: readonly string[] }> {
  const manager = createObjectManager({ repository, authorizer: openAuthorizer, hostNames: ['localhost'] });
  const raised: string[] = [];
  const publish = (namespace: string, indication: CimInstance): void => {
    raised.push(`${namespace}: ${indication.className} ${indication.getString('Lamp')}`);
  };
  const ports = { repository, registry: manager.registry, publish, log: new MemoryLog() };
  const files = await openProviderFiles(paths.map(readProviderFile), ports);
  closers.push(() => files.close());
  return { manager, files, raised };
}

async function lamps(manager: ObjectManager): Promise<unknown[]> {
  const { batches } = await manager.execute(systemCaller, {
    kind: 'EnumerateInstances',
    namespace: 'root/example',
    className: 'CIM_ManagedElement',
    deepInheritance: true,
    includeClassOrigin: false,
    propertyList: null,
  });
  const found: unknown[] = [];
  for await (const batch of batches) found.push(...batch.map((lamp) => [lamp.get('InstanceID'), lamp.get('On')]));
  return found;
}

function failure(work: () => unknown): Promise<ConfigurationError> {
  return Promise.resolve()
    .then(work)
    .then(
      () => {
        throw new Error('expected a failure');
      },
      (error: unknown) => {
        if (error instanceof ConfigurationError) return error;
        throw error;
      },
    );
}

test('a file puts its namespace, its classes and its program in place, also at the next start', async () => {
  const repository = createRepository(createMemoryStore());
  const path = putAll();
  const first = await open(repository, path);
  expect(await lamps(first.manager)).toEqual([['EX:1', true]]);
  await first.files.close();
  const second = await open(repository, path);
  expect(await lamps(second.manager)).toEqual([['EX:1', true]]);
});

test('a program that cannot be started does not keep the others away', async () => {
  const repository = createRepository(createMemoryStore());
  const broken = put('broken.json', {
    command: ['/nonexistent'],
    mof: ['lamp.mof', 'broken.mof'],
    classes: [{ ...classes[0], class: 'EX_Broken' }],
  });
  put('broken.mof', 'class EX_Broken : EX_Base { };');
  const { manager } = await open(repository, putAll(), broken);
  await expect(lamps(manager)).rejects.toMatchObject({ status: 1 });
  const { batches } = await manager.execute(systemCaller, {
    kind: 'EnumerateInstanceNames',
    namespace: 'root/example',
    className: 'EX_Lamp',
  });
  for await (const batch of batches) expect(batch).toHaveLength(1);
});

test.each([
  ['no JSON', '{', /lamps\.json cannot be used/],
  ['neither command nor socket', { classes }, /either a command or a socket/],
  ['both', { command, socket: 's', classes }, /either a command or a socket/],
  ['an unknown operation', { command, classes: [{ ...classes[0], operations: ['remove'] }] }, /operations/],
  ['an unknown setting', { command, classes, colour: 'red' }, /colour/],
  ['no classes', { command, classes: [] }, /classes/],
])('a file with %s is refused', async (_what, content, reason) => {
  const error = await failure(() => readProviderFile(put('lamps.json', content)));
  expect(error).toMatchObject({ code: 'bad_provider' });
  expect(error.message).toMatch(reason);
});

test('wrong MOF, missing files, unknown methods and a class that is served already are refused', async () => {
  const repository = createRepository(createMemoryStore());
  const path = putAll();
  put('lamp.mof', 'class EX_Lamp : EX_Nothing { };');
  expect((await failure(() => open(repository, path))).message).toContain('EX_Nothing');
  putAll();
  put('lamps.json', { command, mof: ['missing.mof'], classes });
  expect((await failure(() => open(repository, path))).message).toContain('missing.mof');
  putAll({ classes: [{ ...classes[0], methods: ['Explode'] }] });
  expect((await failure(() => open(repository, path))).message).toContain('Explode');
  putAll();
  expect((await failure(() => open(repository, path, path))).message).toContain('has a provider already');
});

describe('indications', () => {
  const broken = [{ class: 'EX_LampBroke', namespaces: ['root/example'] }];

  test('reach the object manager, from a program that serves nothing, which is started again by itself', async () => {
    put('broke.mof', '[Indication] class EX_LampBroke : CIM_Indication { string Lamp; };');
    put(
      'broke.mjs',
      `import fs from 'node:fs';
       const turn = fs.existsSync('turn') ? 2 : 1;
       fs.writeFileSync('turn', '');
       const indication = { class: 'EX_LampBroke', properties: { Lamp: 'EX:' + turn } };
       console.log(JSON.stringify({ jsonrpc: '2.0', method: 'indicate', params: { indication } }));
       if (turn === 2) process.stdin.resume();`,
    );
    const path = put('broke.json', {
      command: [process.execPath, 'broke.mjs'],
      mof: ['broke.mof'],
      indications: broken,
    });
    const { raised } = await open(createRepository(createMemoryStore()), path);
    while (raised.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(raised).toEqual(['root/example: EX_LampBroke EX:1', 'root/example: EX_LampBroke EX:2']);
  });

  test.each([
    ['a class that does not exist', broken, /EX_LampBroke does not exist in root\/example/],
    ['a class that is none', [{ class: 'EX_Lamp', namespaces: ['root/example'] }], /EX_Lamp is no indication/],
  ])('of %s are refused when the program is put in place', async (_name, indications, message) => {
    const repository = createRepository(createMemoryStore());
    expect((await failure(() => open(repository, putAll({ indications })))).message).toMatch(message);
  });
});
