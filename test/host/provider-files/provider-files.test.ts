import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, MemoryLog } from '../../../src/base/index.js';
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
): Promise<{ manager: ObjectManager; files: ProviderFiles }> {
  const manager = createObjectManager({ repository, authorizer: openAuthorizer, hostNames: ['localhost'] });
  const ports = { repository, registry: manager.registry, log: new MemoryLog() };
  const files = await openProviderFiles(paths.map(readProviderFile), ports);
  closers.push(() => files.close());
  return { manager, files };
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
