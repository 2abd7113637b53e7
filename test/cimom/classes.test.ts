import { type CimClass, createInstance, defaultFlavor } from '../../src/cim/model/index.js';
import { createHostProvider } from './support/hosts.js';
import { all, statusOf } from './support/outcome.js';
import { createInstanceRequest } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

const cut = { localOnly: false, includeQualifiers: true, includeClassOrigin: false } as const;

function newClass(name: string, superclass: string | null = null): CimClass {
  return { kind: 'class', name, superclass, qualifiers: [], properties: [], methods: [], path: null };
}

const getClass = (world: World, className: string, more = {}) =>
  world.run({ kind: 'GetClass', namespace, className, propertyList: null, ...cut, ...more });

test('GetClass gives the class with what it inherits, or only what it declares', async () => {
  const world = await createWorld();
  const names = async (more = {}) =>
    (await getClass(world, 'tst_virtualhost', more)).class.properties.map((property) => property.name);
  expect(await names()).toEqual(['Caption', 'ElementName', 'Name', 'State', 'Memory', 'Tags', 'Weight']);
  expect(await names({ localOnly: true })).toEqual(['Weight']);
  expect(await names({ propertyList: ['weight'] })).toEqual(['Weight']);
  const bare = await getClass(world, 'TST_Host', { includeQualifiers: false });
  expect(bare.class.properties.flatMap((property) => property.qualifiers)).toEqual([]);
  expect(await statusOf(getClass(world, 'TST_Nothing'))).toBe(6);
});

test('the same cut of the same class is the same object', async () => {
  const world = await createWorld();
  expect((await getClass(world, 'TST_Host')).class).toBe((await getClass(world, 'TST_Host')).class);
});

test('classes are enumerated level by level or deep; an unknown start is 5', async () => {
  const world = await createWorld();
  const names = async (className: string | null, deepInheritance: boolean) =>
    (await world.run({ kind: 'EnumerateClassNames', namespace, className, deepInheritance })).names;
  expect(await names('TST_Element', false)).toEqual(['TST_Host', 'TST_Device', 'TST_Note']);
  expect(await names('TST_Element', true)).toContain('TST_VirtualHost');
  expect(await names(null, false)).not.toContain('TST_Host');
  expect(await statusOf(names('TST_Nothing', false))).toBe(5);
  const { batches } = await world.run({
    kind: 'EnumerateClasses',
    namespace,
    className: 'TST_Element',
    deepInheritance: true,
    ...cut,
  });
  expect((await all(batches)).map((cls) => cls.name).sort()).toEqual([
    'TST_Device',
    'TST_Host',
    'TST_Note',
    'TST_VirtualHost',
  ]);
});

test('classes are created, changed and deleted, with the statuses of DSP0200', async () => {
  const world = await createWorld();
  const create = (cls: CimClass) => statusOf(world.run({ kind: 'CreateClass', namespace, newClass: cls }));
  const modify = (cls: CimClass) => statusOf(world.run({ kind: 'ModifyClass', namespace, modifiedClass: cls }));
  const remove = (className: string) => statusOf(world.run({ kind: 'DeleteClass', namespace, className }));
  expect(await create(newClass('TST_New', 'TST_Nothing'))).toBe(10);
  expect(await create(newClass('TST_New', 'TST_Device'))).toBe(0);
  expect(await create(newClass('tst_new'))).toBe(11);
  expect(await modify(newClass('TST_Absent'))).toBe(6);
  expect(await modify(newClass('TST_New', 'TST_Host'))).toBe(10);
  expect(await modify(newClass('TST_New', 'TST_Device'))).toBe(0);
  expect(await remove('TST_Device')).toBe(8);
  const cls = world.repository.space(namespace)?.schema.get('TST_New');
  if (cls === undefined) throw new Error('no class');
  await world.run(createInstanceRequest(createInstance(cls, { DeviceID: 'd', Slot: 1 })));
  expect(await remove('TST_New')).toBe(9);
  expect(await remove('TST_Absent')).toBe(6);
});

test('a class that a provider serves cannot be changed under it', async () => {
  const world = await createWorld({
    providers: [createHostProvider(['a'], { className: 'TST_VirtualHost', get: async () => null })],
  });
  expect(await statusOf(world.run({ kind: 'DeleteClass', namespace, className: 'TST_VirtualHost' }))).toBe(9);
  const modifiedClass = newClass('TST_VirtualHost', 'TST_Host');
  expect(await statusOf(world.run({ kind: 'ModifyClass', namespace, modifiedClass }))).toBe(9);
});

test('qualifier types are read, set and deleted', async () => {
  const world = await createWorld();
  const get = (qualifierName: string) => world.run({ kind: 'GetQualifier', namespace, qualifierName });
  expect(await statusOf(get('Color'))).toBe(6);
  await world.run({
    kind: 'SetQualifier',
    namespace,
    qualifier: {
      name: 'Color',
      type: 'string',
      isArray: false,
      arraySize: null,
      defaultValue: 'red',
      scopes: new Set(['class']),
      flavor: defaultFlavor,
    },
  });
  expect((await get('COLOR')).qualifier.defaultValue).toBe('red');
  const { qualifiers } = await world.run({ kind: 'EnumerateQualifiers', namespace });
  expect(qualifiers.map((qualifier) => qualifier.name)).toContain('Color');
  await world.run({ kind: 'DeleteQualifier', namespace, qualifierName: 'Color' });
  expect(await statusOf(get('Color'))).toBe(6);
});

test('a qualifier type that classes use keeps its type, and stays', async () => {
  const world = await createWorld();
  const { qualifier } = await world.run({ kind: 'GetQualifier', namespace, qualifierName: 'Key' });
  const set = (change: Partial<typeof qualifier>) =>
    statusOf(world.run({ kind: 'SetQualifier', namespace, qualifier: { ...qualifier, ...change } }));
  expect(await set({ type: 'string', defaultValue: null })).toBe(1);
  expect(await set({ isArray: true, defaultValue: null })).toBe(1);
  expect(await set({ flavor: { ...qualifier.flavor, translatable: true } })).toBe(0);
  expect(await statusOf(world.run({ kind: 'DeleteQualifier', namespace, qualifierName: 'key' }))).toBe(1);
});

test('a kind of request that is unknown is 7, and that before the namespace is looked at', async () => {
  const world = await createWorld();
  const request = { kind: 'ExecuteMagic', namespace: 'root/nowhere' } as unknown as Parameters<World['run']>[0];
  expect(await statusOf(world.run(request))).toBe(7);
  expect(await statusOf(world.run({ ...request, kind: 'toString' } as unknown as Parameters<World['run']>[0]))).toBe(7);
});
