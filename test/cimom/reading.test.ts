import { createInstance, createInstancePath } from '../../src/cim/model/index.js';
import { createHostProvider } from './support/hosts.js';
import { all, statusOf } from './support/outcome.js';
import { createInstanceRequest, enumerateInstanceNames, enumerateInstances, getInstance } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

async function addVirtualHost(world: World, name: string): Promise<void> {
  const cls = world.repository.space(namespace)?.schema.get('TST_VirtualHost');
  if (cls === undefined) throw new Error('no class');
  await world.run(createInstanceRequest(createInstance(cls, { Name: name, Weight: 7 })));
}

test('classes of providers and of the repository come merged from their common superclass', async () => {
  const world = await createWorld({ providers: [createHostProvider(['a', 'b'])] });
  await addVirtualHost(world, 'v');
  const { batches } = await world.run(enumerateInstances('TST_Element'));
  const found = await all(batches);
  expect(found.map((instance) => [instance.className, instance.getString('Name')])).toEqual([
    ['TST_Host', 'a'],
    ['TST_Host', 'b'],
    ['TST_VirtualHost', 'v'],
  ]);
  expect(found.map((instance) => instance.path?.namespace)).toEqual([namespace, namespace, namespace]);
});

test('with DeepInheritance FALSE instances of subclasses show only what the class has', async () => {
  const world = await createWorld();
  await addVirtualHost(world, 'v');
  const deep = await all((await world.run(enumerateInstances('TST_Host'))).batches);
  expect(deep[0]?.get('Weight')).toBe(7);
  const flat = await all((await world.run(enumerateInstances('TST_Host', { deepInheritance: false }))).batches);
  expect(flat[0]?.has('Weight')).toBe(false);
  expect(flat[0]?.get('State')).toBe(2);
  const listed = await all(
    (await world.run(enumerateInstances('TST_Host', { deepInheritance: false, propertyList: ['weight', 'NAME'] })))
      .batches,
  );
  expect(listed[0]?.properties().map((property) => property.name)).toEqual(['Name']);
});

test('a property list cuts to size: null keeps all, empty keeps none, unknown names and case do not matter', async () => {
  const world = await createWorld({ providers: [createHostProvider(['a'])] });
  const path = createInstancePath('TST_Host', { Name: 'a' });
  const names = async (propertyList: readonly string[] | null): Promise<string[]> => {
    const { instance } = await world.run(getInstance(path, { propertyList }));
    return instance.properties().map((property) => property.name);
  };
  expect(await names(null)).toHaveLength(6);
  expect(await names([])).toEqual([]);
  expect(await names(['memory', 'Memory', 'Nothing'])).toEqual(['Memory']);
});

test('names alone carry namespace and typed keys', async () => {
  const world = await createWorld({ providers: [createHostProvider(['a'])] });
  await addVirtualHost(world, 'v');
  const paths = await all((await world.run(enumerateInstanceNames('TST_Host'))).batches);
  expect(paths).toEqual([
    { ...createInstancePath('TST_Host', { Name: 'a' }), namespace },
    { ...createInstancePath('TST_VirtualHost', { Name: 'v' }), namespace },
  ]);
});

test('wrong namespaces, classes, keys and missing instances have their own statuses', async () => {
  const world = await createWorld({ providers: [createHostProvider(['a'])] });
  const host = createInstancePath('TST_Host', { Name: 'a' });
  const status = (request: Parameters<World['run']>[0]) => statusOf(world.run(request));
  expect(await status(getInstance(host, { namespace: 'root/nowhere' }))).toBe(3);
  expect(await status(getInstance(createInstancePath('TST_Nothing', { Name: 'a' })))).toBe(5);
  expect(await status(getInstance(createInstancePath('TST_Host', { Nome: 'a' })))).toBe(4);
  expect(await status(getInstance(createInstancePath('TST_Host', {})))).toBe(4);
  expect(await status(getInstance(createInstancePath('TST_Host', { Name: 'x' })))).toBe(6);
  expect(await status(enumerateInstances('TST_Nothing'))).toBe(5);
  expect(await status(enumerateInstanceNames('TST_Nothing'))).toBe(5);
});

test('keys reach the provider in the types of the class, whatever the client sent', async () => {
  const seen: unknown[] = [];
  const world = await createWorld({
    providers: [
      {
        className: 'TST_Device',
        namespaces: [namespace],
        async get(_context, path) {
          seen.push(path);
          return null;
        },
      },
    ],
  });
  const sloppy = createInstancePath(
    'tst_device',
    [
      { name: 'SLOT', type: null, value: '0x10' },
      { name: 'deviceid', type: null, value: 'd' },
    ],
    { host: 'elsewhere', namespace },
  );
  expect(await statusOf(world.run(getInstance(sloppy)))).toBe(6);
  expect(seen).toEqual([
    {
      kind: 'instance-path',
      host: null,
      namespace: null,
      className: 'TST_Device',
      keys: [
        { name: 'DeviceID', type: 'string', value: 'd' },
        { name: 'Slot', type: 'uint16', value: 16n },
      ],
    },
  ]);
});

test('GetProperty gives the value in its type, and 12 for a name that the class does not have', async () => {
  const world = await createWorld({ providers: [createHostProvider(['a'])] });
  const instanceName = createInstancePath('TST_Host', { Name: 'a' });
  const ask = (propertyName: string) => world.run({ kind: 'GetProperty', namespace, instanceName, propertyName });
  expect(await ask('memory')).toEqual({ kind: 'value', type: 'uint64', value: 1024n });
  expect(await ask('Caption')).toEqual({ kind: 'value', type: 'string', value: null });
  expect(await statusOf(ask('Nothing'))).toBe(12);
});

test('both interop names answer, under the name that was asked for', async () => {
  const world = await createWorld();
  const space = world.repository.space('root/interop');
  const cls = space?.schema.get('TST_Note');
  if (space === undefined || cls === undefined) throw new Error('no class');
  await space.createInstance(createInstance(cls, { InstanceID: 'n' }));
  const ask = async (name: string) => {
    const { instances } = await world.run({
      kind: 'OpenEnumerateInstances',
      namespace: name,
      className: 'TST_Note',
      deepInheritance: true,
      includeClassOrigin: false,
      propertyList: null,
      filterQuery: null,
      filterQueryLanguage: null,
      operationTimeout: null,
      continueOnError: false,
      maxObjectCount: 10,
    });
    return instances.map((instance) => instance.path?.namespace);
  };
  expect(await ask('interop')).toEqual(['interop']);
  expect(await ask('root/interop')).toEqual(['root/interop']);
  expect(await statusOf(ask('root/PG_InterOp'))).toBe(3);
});

test('a stream of the repository hands its own batches on, so that encoders may remember them', async () => {
  const world = await createWorld();
  await addVirtualHost(world, 'v');
  const read = async () => (await all((await world.run(enumerateInstances('TST_Host'))).batches))[0];
  const first = await read();
  expect(first).toBeDefined();
  expect(await read()).toBe(first);
});
