import {
  type CimClassPath,
  type CimInstance,
  type CimInstancePath,
  createClassPath,
  createInstance,
  createInstancePath,
} from '../../src/cim/model/index.js';
import type { Provider } from '../../src/cimom/index.js';
import { createHostProvider } from './support/hosts.js';
import { all, statusOf } from './support/outcome.js';
import { associatorNames, associators, referenceNames, references } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

const hostA = createInstancePath('TST_Host', { Name: 'a' });
const device = (id: string) => createInstancePath('TST_Device', { DeviceID: id, Slot: 1 });
const note = (id: string) => createInstancePath('TST_Note', { InstanceID: id });

const devices: Provider = {
  className: 'TST_Device',
  namespaces: [namespace],
  async *enumerate(context) {
    const cls = context.classes.get('TST_Device');
    yield ['d1', 'd2', 'd3'].map((DeviceID) => createInstance(cls, { DeviceID, Slot: 1 }));
  },
};

function contains(offersReferences: boolean, asked: string[] = []): Provider {
  const pairs: readonly (readonly [string, string])[] = [
    ['a', 'd1'],
    ['a', 'd2'],
    ['b', 'd3'],
    ['a', 'gone'],
  ];
  const provider: Provider = {
    className: 'TST_Contains',
    namespaces: [namespace],
    async *enumerate(context) {
      asked.push('enumerate');
      const cls = context.classes.get('TST_Contains');
      yield pairs.map(([host, id]) =>
        createInstance(cls, { Whole: createInstancePath('TST_Host', { Name: host }), Part: device(id) }),
      );
    },
  };
  if (!offersReferences) return provider;
  return {
    ...provider,
    async *references(context, object, role) {
      asked.push(`references ${object.className} ${role ?? 'any'}`);
      // Gives more than it was asked for: the object manager keeps what fits.
      for await (const batch of provider.enumerate?.(context) ?? []) yield batch;
    },
  };
}

async function store(world: World, className: string, values: Parameters<typeof createInstance>[1], where = namespace) {
  const space = world.repository.space(where);
  const cls = space?.schema.get(className);
  if (space === undefined || cls === undefined) throw new Error(`no class ${className}`);
  await space.createInstance(createInstance(cls, values));
}

/** Hosts and devices of providers, joined by a provider; notes in the repository, joined by the repository. */
async function createModel(offersReferences = false, asked: string[] = []): Promise<World> {
  const world = await createWorld({
    providers: [createHostProvider(['a', 'b']), devices, contains(offersReferences, asked)],
  });
  await store(world, 'TST_Note', { InstanceID: 'n1', Text: 'first' });
  await store(world, 'TST_Note', { InstanceID: 'n2' });
  await store(world, 'TST_Remark', { Subject: hostA, Note: note('n1'), Kind: 'plain' });
  await store(world, 'TST_StrongRemark', { Subject: hostA, Note: note('n2'), Strength: 9 });
  await store(world, 'TST_Remark', { Subject: note('n1'), Note: note('n1'), Kind: 'self' });
  return world;
}

const nameOf = (path: CimInstancePath): string => {
  const value = path.keys[0]?.value;
  return `${path.className}:${typeof value === 'string' ? value : '?'}`;
};
const namesOf = (objects: readonly unknown[]): string[] =>
  objects.map((object) => nameOf((object as CimInstance).path ?? (object as CimInstancePath))).sort();

describe.each([
  ['by enumeration', false],
  ['by its references', true],
])('with a provider of associations walked %s', (_how, offersReferences) => {
  test('associated objects come from providers and repository, with full paths, without those that do not exist', async () => {
    const world = await createModel(offersReferences);
    const found = await all((await world.run(associators(hostA))).batches);
    expect(namesOf(found)).toEqual(['TST_Device:d1', 'TST_Device:d2', 'TST_Note:n1', 'TST_Note:n2']);
    for (const object of found) expect((object as CimInstance).path).toMatchObject({ host: 'host.example', namespace });
    const names = await all((await world.run(associatorNames(hostA))).batches);
    expect(namesOf(names)).toContain('TST_Device:gone');
    expect(names).toHaveLength(5);
  });

  test('traversal works from the other end', async () => {
    const world = await createModel(offersReferences);
    expect(namesOf(await all((await world.run(associators(device('d3')))).batches))).toEqual(['TST_Host:b']);
  });

  test('References gives the associations themselves, each once', async () => {
    const world = await createModel(offersReferences);
    const found = await all((await world.run(references(hostA))).batches);
    expect(found.map((object) => (object as CimInstance).className).sort()).toEqual([
      'TST_Contains',
      'TST_Contains',
      'TST_Contains',
      'TST_Remark',
      'TST_StrongRemark',
    ]);
    expect(await all((await world.run(referenceNames(hostA))).batches)).toHaveLength(5);
  });
});

test.each([
  [{ assocClass: 'TST_Contains' }, ['TST_Device:d1', 'TST_Device:d2']],
  [{ assocClass: 'tst_remark' }, ['TST_Note:n1', 'TST_Note:n2']],
  [{ assocClass: 'TST_StrongRemark' }, ['TST_Note:n2']],
  [{ resultClass: 'TST_Note' }, ['TST_Note:n1', 'TST_Note:n2']],
  [{ resultClass: 'TST_Element', assocClass: 'TST_Contains' }, ['TST_Device:d1', 'TST_Device:d2']],
  [{ role: 'WHOLE' }, ['TST_Device:d1', 'TST_Device:d2']],
  [{ role: 'Part' }, []],
  [{ resultRole: 'note' }, ['TST_Note:n1', 'TST_Note:n2']],
  [{ role: 'Subject', resultRole: 'Subject' }, []],
  [{ role: 'Nothing' }, []],
])('the filter %j leaves what it names', async (filter, expected) => {
  const world = await createModel();
  expect(namesOf(await all((await world.run(associators(hostA, filter))).batches))).toEqual(expected);
});

test('an object that is associated with itself finds itself once', async () => {
  const world = await createModel();
  const found = await all((await world.run(associators(note('n1'), { assocClass: 'TST_Remark' }))).batches);
  expect(namesOf(found)).toEqual(['TST_Host:a', 'TST_Note:n1']);
});

test('a class that does not exist is 4, an instance that does not exist is 6, a filter class that does not exist is 4', async () => {
  const world = await createModel();
  expect(await statusOf(world.run(associators(createInstancePath('TST_Nothing', { A: 'a' }))))).toBe(4);
  expect(await statusOf(world.run(references(createInstancePath('TST_Host', { Name: 'x' }))))).toBe(6);
  expect(await statusOf(world.run(associatorNames(hostA, { assocClass: 'TST_Nothing' })))).toBe(4);
  expect(await statusOf(world.run(referenceNames(createClassPath('TST_Nothing'))))).toBe(4);
});

test('an association class with a provider is asked by role and object, one without relation is not asked at all', async () => {
  const asked: string[] = [];
  const world = await createModel(true, asked);
  await all((await world.run(associators(hostA, { role: 'Whole' }))).batches);
  expect(asked).toEqual(['references TST_Host Whole', 'enumerate']);
  asked.length = 0;
  await all((await world.run(associators(note('n1')))).batches);
  expect(asked).toEqual([]);
});

test('associations reach into other namespaces, also where a client split the namespace into host and rest', async () => {
  const world = await createModel();
  await store(world, 'TST_Note', { InstanceID: 'far', Text: 'elsewhere' }, 'root/other');
  const far = { ...note('far'), namespace: 'root/other' };
  const cls = world.repository.space(namespace)?.schema.get('TST_Remark');
  if (cls === undefined) throw new Error('no class');
  const split = { ...note('far'), host: 'root', namespace: 'other' };
  await world.run({
    kind: 'CreateInstance',
    namespace,
    newInstance: createInstance(cls, { Subject: { ...hostA, host: 'root', namespace: 'test' }, Note: split }),
  });
  const found = await all((await world.run(associators(hostA, { resultClass: 'TST_Note' }))).batches);
  const other = found.find((object) => (object as CimInstance).path?.namespace === 'root/other') as CimInstance;
  expect(other.getString('Text')).toBe('elsewhere');
  expect(await all((await world.run(associatorNames(hostA))).batches)).toContainEqual({
    ...far,
    host: 'host.example',
    keys: [{ name: 'InstanceID', type: 'string', value: 'far' }],
  });
});

test('on the level of classes the schema answers', async () => {
  const world = await createModel();
  const classes = async (request: Parameters<World['run']>[0]): Promise<string[]> => {
    const result = await world.run(request);
    if (result.kind !== 'objects' && result.kind !== 'object-paths') throw new Error(result.kind);
    const objects: readonly { readonly name?: string; readonly className?: string }[] = await all(
      result.batches as AsyncIterable<readonly { readonly name?: string; readonly className?: string }[]>,
    );
    return objects.map((object) => object.name ?? object.className ?? '').sort();
  };
  expect(await classes(references(createClassPath('TST_Host')))).toEqual([
    'TST_Contains',
    'TST_Remark',
    'TST_StrongRemark',
  ]);
  expect(await classes(referenceNames(createClassPath('TST_VirtualHost'), { resultClass: 'TST_Remark' }))).toEqual([
    'TST_Remark',
    'TST_StrongRemark',
  ]);
  expect(await classes(associators(createClassPath('TST_Host')))).toEqual(['TST_Device', 'TST_Note']);
  expect(await classes(associatorNames(createClassPath('TST_Note'), { role: 'Note' }))).toEqual(['TST_Element']);
});

test('a class that is added later takes part in traversals at once', async () => {
  const world = await createModel();
  await world.run(associatorNames(createClassPath('TST_Host')));
  const remark = world.repository.space(namespace)?.schema.declared('TST_StrongRemark');
  if (remark === undefined) throw new Error('no class');
  await world.repository.space(namespace)?.importSchema({
    qualifierTypes: [],
    classes: [{ ...remark, name: 'TST_WeakRemark', properties: [] }],
  });
  const { batches } = await world.run(referenceNames(createClassPath('TST_Host')));
  expect((await all(batches)).map(({ className }) => className)).toContain('TST_WeakRemark');
});

test('associations are pulled as well, with and without a filter, and counted afresh', async () => {
  const world = await createModel();
  const open = {
    namespace,
    instanceName: hostA,
    assocClass: null,
    resultClass: null,
    role: null,
    resultRole: null,
    includeClassOrigin: false,
    propertyList: null,
    filterQuery: null,
    filterQueryLanguage: null,
    operationTimeout: null,
    continueOnError: false,
    maxObjectCount: 1,
  } as const;
  const opened = await world.run({ kind: 'OpenAssociatorInstances', ...open });
  const context = { namespace, enumerationContext: opened.enumerationContext ?? '' } as const;
  expect(await world.run({ kind: 'EnumerationCount', ...context })).toEqual({ kind: 'count', count: 3n });
  const rest = await world.run({ kind: 'PullInstancesWithPath', ...context, maxObjectCount: 10 });
  expect(namesOf([...opened.instances, ...rest.instances])).toEqual([
    'TST_Device:d1',
    'TST_Device:d2',
    'TST_Note:n1',
    'TST_Note:n2',
  ]);
  const filter = {
    ...open,
    maxObjectCount: 10,
    filterQueryLanguage: 'DMTF:FQL',
    filterQuery: "Text = 'first'",
  } as const;
  const filtered = await world.run({ kind: 'OpenAssociatorInstancePaths', ...filter });
  expect([namesOf(filtered.paths), filtered.endOfSequence]).toEqual([['TST_Note:n1'], true]);
  const references = await world.run({
    kind: 'OpenReferenceInstances',
    ...open,
    maxObjectCount: 10,
    propertyList: ['Kind'],
  });
  expect(references.instances.map((instance) => instance.get('Kind') ?? null)).toContain('plain');
  const strong = { ...open, maxObjectCount: 10, filterQueryLanguage: 'DMTF:FQL', filterQuery: 'Strength > 5' } as const;
  expect((await world.run({ kind: 'OpenReferenceInstancePaths', ...strong })).paths).toHaveLength(1);
  expect((await world.run({ kind: 'OpenReferenceInstances', ...strong })).instances).toHaveLength(1);
});

test('names of stored objects that are gone are left out, as the objects are', async () => {
  const world = await createModel();
  const notes = async (): Promise<unknown[]> => {
    const { batches } = await world.run(associatorNames(hostA, { resultClass: 'TST_Note' }));
    return (await all(batches)).map((path) => (path.kind === 'instance-path' ? path.keys[0]?.value : path));
  };
  expect(await notes()).toEqual(['n1', 'n2']);
  await world.run({ kind: 'DeleteInstance', namespace, instanceName: note('n2') });
  expect(await notes()).toEqual(['n1']);
});

test('a reference names an instance of a class that there is', async () => {
  const world = await createModel();
  const cls = world.repository.space(namespace)?.schema.get('TST_Remark');
  if (cls === undefined) throw new Error('expected the class');
  const create = (Subject: CimInstancePath | CimClassPath): Promise<number> =>
    statusOf(
      world.run({
        kind: 'CreateInstance',
        namespace,
        newInstance: createInstance(cls, { Subject, Note: note('n2') }).withPath(null),
      }),
    );
  const nowhere = createInstancePath('TST_Nothing', { Name: 'a' });
  expect(await create(nowhere)).toBe(4);
  expect(await create(createClassPath('TST_Host'))).toBe(4);
  expect(await create({ ...nowhere, namespace: 'root/elsewhere' })).toBe(0);
  expect(await create(note('n1'))).toBe(0);
});
