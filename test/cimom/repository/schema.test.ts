import { createInstance, createInstancePath, type CimInstancePath } from '../../../src/cim/model/index.js';
import { createRepository, type NamespaceRepository, type Repository } from '../../../src/cimom/repository/index.js';
import { createMemoryStore, type Store } from '../../../src/store/index.js';
import { cimClass, property, qualifier, qualifierTypes, sampleClasses } from './classes.js';

let store: Store;
let repository: Repository;
let space: NamespaceRepository;

beforeEach(async () => {
  store = createMemoryStore();
  repository = createRepository(store);
  space = await repository.createNamespace('/root/tvdc/');
  await space.importSchema({ qualifierTypes, classes: [...sampleClasses].reverse() });
});
afterEach(() => store.close());

function reopened(): NamespaceRepository {
  return createRepository(store).space('root/tvdc') as NamespaceRepository;
}

async function createVm(name: string): Promise<CimInstancePath> {
  const cls = space.schema.get('T_VM');
  if (cls === undefined) throw new Error('no class');
  return space.createInstance(createInstance(cls, { Name: name }));
}

test('namespaces are listed as written, found without case, and survive', async () => {
  await repository.createNamespace('root/Interop');
  expect(repository.namespaces()).toEqual(['root/tvdc', 'root/Interop']);
  expect(createRepository(store).namespaces()).toEqual(['root/tvdc', 'root/Interop']);
  expect(repository.hasNamespace('ROOT/interop')).toBe(true);
  await expect(repository.createNamespace('Root/INTEROP')).rejects.toMatchObject({ status: 11 });
  await expect(repository.createNamespace('a//b')).rejects.toMatchObject({ status: 4 });
  await expect(repository.deleteNamespace('root/nothing')).rejects.toMatchObject({ status: 3 });
  await expect(repository.deleteNamespace('root/tvdc')).rejects.toMatchObject({ status: 20 });
  await repository.deleteNamespace('root/interop');
  expect(repository.space('root/interop')).toBeUndefined();
  expect(createRepository(store).namespaces()).toEqual(['root/tvdc']);
});

test('a namespace that is made again knows nothing of the one before', async () => {
  const first = await repository.createNamespace('root/x');
  await first.importSchema({ qualifierTypes, classes: [] });
  await repository.deleteNamespace('root/x');
  const second = await repository.createNamespace('root/x');
  expect(second.qualifierTypes()).toEqual([]);
  await expect(first.createClass(cimClass('T_A', null, []))).rejects.toMatchObject({ status: 3 });
});

test('classes are stored as declared and resolved on demand, after a restart too', () => {
  for (const view of [space, reopened()]) {
    expect(view.schema.declared('t_vm')).toEqual(sampleClasses[1]);
    expect(view.schema.get('T_VM')?.properties[1]).toMatchObject({
      name: 'Caption',
      classOrigin: 'T_Element',
      propagated: true,
    });
    expect([...view.schema.subclasses('T_Element')].sort()).toEqual(['T_Disk', 'T_Setting', 'T_VM']);
    expect(view.schema.isSubclass('T_VM', 't_element')).toBe(true);
    expect(view.qualifierType('KEY')).toEqual(qualifierTypes[0]);
    expect(view.qualifierTypes()).toHaveLength(qualifierTypes.length);
  }
});

test('class rules are answered with their statuses', async () => {
  const vm = sampleClasses[1];
  if (vm === undefined) throw new Error('no class');
  await expect(space.createClass(vm)).rejects.toMatchObject({ status: 11 });
  await expect(space.createClass(cimClass('T_X', 'T_Missing', []))).rejects.toMatchObject({ status: 10 });
  await expect(space.deleteClass('T_Missing')).rejects.toMatchObject({ status: 6 });
  await expect(space.deleteClass('T_Element')).rejects.toMatchObject({ status: 8 });
  await expect(space.modifyClass(cimClass('T_Missing', null, []))).rejects.toMatchObject({ status: 6 });
  await createVm('a');
  await expect(space.deleteClass('T_VM')).rejects.toMatchObject({ status: 9 });
  await expect(space.modifyClass({ ...vm, properties: vm.properties.slice(0, 2) })).rejects.toMatchObject({
    status: 9,
  });
  expect(space.schema.declared('T_VM')).toEqual(vm);
  await space.deleteClass('T_Disk');
  expect(space.schema.get('T_Disk')).toBeUndefined();
  expect(reopened().schema.names()).not.toContain('T_Disk');
});

test('changes of classes follow one another, also when they are asked for at once', async () => {
  const results = await Promise.allSettled([
    space.createClass(cimClass('T_A', null, [property('Id', 'string', { key: true })])),
    space.createClass(cimClass('T_B', 'T_A', [])),
    space.createClass(cimClass('T_B', 'T_A', [])),
    space.deleteClass('T_A'),
    space.deleteClass('T_B'),
    space.deleteClass('T_A'),
  ]);
  const statuses = results.map((result) =>
    result.status === 'fulfilled' ? 0 : (result.reason as { readonly status: number }).status,
  );
  expect(statuses).toEqual([0, 0, 11, 8, 0, 0]);
});

test('qualifier types in use stay', async () => {
  await expect(space.deleteQualifierType('Key')).rejects.toMatchObject({ status: 1 });
  await expect(space.deleteQualifierType('Nothing')).rejects.toMatchObject({ status: 6 });
  await space.deleteQualifierType('description');
  expect(reopened().qualifierType('Description')).toBeUndefined();
});

test('a work that refuses leaves the schema as it was, in memory and on disk', async () => {
  const refuse = (): never => {
    throw new Error('refused');
  };
  await expect(space.createClass(cimClass('T_A', null, []), refuse)).rejects.toThrow('refused');
  await expect(space.deleteClass('T_Disk', refuse)).rejects.toThrow('refused');
  for (const view of [space, reopened()]) {
    expect(view.schema.get('T_A')).toBeUndefined();
    expect(view.schema.get('T_Disk')).toBeDefined();
  }
});

test('importing the same schema again changes nothing', async () => {
  const again = await space.importSchema({ qualifierTypes, classes: sampleClasses });
  expect(again).toEqual({ added: [], changed: [], unchanged: sampleClasses.length });
});

test('a larger schema is laid over ours, above subclasses and instances', async () => {
  await space.createClass(cimClass('T_SpecialVM', 'T_VM', [property('Extra', 'string')]));
  const path = await createVm('a');
  const element = cimClass(
    'T_Element',
    'T_Root',
    [property('ElementName', 'string'), property('Health', 'uint16')],
    qualifier('Abstract'),
  );
  const root = cimClass('T_Root', null, [property('Caption', 'string', { default: 'none' })], qualifier('Abstract'));
  const result = await space.importSchema({
    qualifierTypes,
    classes: [element, root, cimClass('T_New', 'T_Element', [])],
  });
  expect(result).toEqual({ added: ['T_Root', 'T_New'], changed: ['T_Element'], unchanged: 0 });
  for (const view of [space, reopened()]) {
    expect(view.schema.get('T_SpecialVM')?.properties.map((one) => one.name)).toEqual(
      expect.arrayContaining(['Caption', 'ElementName', 'Health', 'Name', 'Extra']) as string[],
    );
    expect(view.schema.isSubclass('T_VM', 'T_Root')).toBe(true);
    expect(view.schema.get('T_VM')?.properties.filter((one) => one.name === 'Caption')).toHaveLength(1);
    expect(view.getInstance(path)?.get('Caption')).toBe('none');
    expect(view.getInstance(path)?.get('Health')).toBeNull();
  }
});

test('an import keeps what only the present class declares', async () => {
  await space.importSchema({
    qualifierTypes,
    classes: [
      cimClass('T_Disk', 'T_Element', [
        property('System', 'string', { key: true }),
        property('Number', 'uint32', { key: true }),
        property('Vendor', 'string'),
      ]),
    ],
  });
  const names = space.schema.declared('T_Disk')?.properties.map((one) => one.name);
  expect(names).toEqual(['System', 'Number', 'Vendor', 'ReadOnly']);
});

test('an import gives no other type to a qualifier type that a present class uses', async () => {
  const [first] = qualifierTypes.filter(({ name }) => name === 'Description');
  if (first === undefined) throw new Error('no qualifier type');
  const other = { ...first, type: 'uint32' } as const;
  await space.createClass(cimClass('T_Told', null, [], qualifier('Description', 'a text')));
  await expect(space.importSchema({ qualifierTypes: [other], classes: [] })).rejects.toMatchObject({ status: 1 });
  expect(space.qualifierType('Description')?.type).toBe('string');
  await space.deleteClass('T_Told');
  await space.importSchema({ qualifierTypes: [other], classes: [] });
  expect(space.qualifierType('Description')?.type).toBe('uint32');
});

test('an import that does not fit is refused as a whole', async () => {
  await createVm('a');
  await space.createClass(cimClass('T_SpecialVM', 'T_VM', [property('Extra', 'string')]));
  const attempts: [number, Parameters<NamespaceRepository['importSchema']>[0]['classes']][] = [
    [10, [cimClass('T_A', null, []), cimClass('T_B', 'T_Missing', [])]],
    [10, [cimClass('T_A', 'T_B', []), cimClass('T_B', 'T_A', [])]],
    [9, [cimClass('T_A', null, []), cimClass('T_VM', 'T_Element', [property('Name', 'uint32', { key: true })])]],
    [
      8,
      [
        cimClass('T_A', null, []),
        cimClass('T_VM', 'T_Element', [property('Name', 'string', { key: true }), property('Extra', 'uint8')]),
      ],
    ],
  ];
  attempts.push(
    [9, [cimClass('T_VM', 'T_Element', [property('Name', 'string', { key: true })], qualifier('Abstract'))]],
    [
      9,
      [
        cimClass('T_Part', null, [property('Id', 'string', { key: true })]),
        cimClass('T_Element', null, [property('ElementName', 'string', { embedded: 'T_Part' })], qualifier('Abstract')),
      ],
    ],
  );
  for (const [status, classes] of attempts) {
    await expect(space.importSchema({ qualifierTypes, classes })).rejects.toMatchObject({ status });
    expect(space.schema.get('T_A')).toBeUndefined();
  }
  expect(reopened().getInstance(createInstancePath('T_VM', { Name: 'a' }))).toBeDefined();
});
