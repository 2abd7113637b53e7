import {
  createInstance,
  createInstancePath,
  type CimInstance,
  type CimInstancePath,
  instanceIdentity,
} from '../../src/cim/model/index.js';
import { createHostProvider } from './support/hosts.js';
import { all, statusOf } from './support/outcome.js';
import { openEnumerateInstances } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

async function createModel(asked: string[] = []): Promise<World> {
  const hosts = createHostProvider(['a', 'b']);
  const world = await createWorld({
    providers: [
      {
        ...hosts,
        async *enumerate(context) {
          asked.push('enumerate');
          for await (const batch of hosts.enumerate?.(context) ?? []) yield batch;
        },
        async get(context, path) {
          asked.push('get');
          return (await hosts.get?.(context, path)) ?? null;
        },
      },
    ],
  });
  const space = world.repository.space(namespace);
  const virtual = space?.schema.get('TST_VirtualHost');
  if (space === undefined || virtual === undefined) throw new Error('no class');
  for (const Weight of [1, 2, 3]) await space.createInstance(createInstance(virtual, { Name: `v${Weight}`, Weight }));
  return world;
}

async function query(world: World, text: string, queryLanguage = 'WQL'): Promise<CimInstance[]> {
  const { batches } = await world.run({ kind: 'ExecQuery', namespace, queryLanguage, query: text });
  return (await all(batches)) as CimInstance[];
}

const namesOf = (instances: readonly CimInstance[]) => instances.map((instance) => instance.path?.keys[0]?.value);

test('a query looks through providers and repository, filters, projects, and names its results fully', async () => {
  const world = await createModel();
  const found = await query(world, 'SELECT Name, State FROM TST_Host WHERE Name = "a" OR Memory IS NULL');
  expect(namesOf(found)).toEqual(['a', 'v1', 'v2', 'v3']);
  expect(found[1]?.properties().map((property) => property.name)).toEqual(['Name', 'State']);
  expect(found[1]?.path).toMatchObject({ className: 'TST_VirtualHost', host: 'host.example', namespace });
});

test('DMTF:CQL and its old name answer as well', async () => {
  const world = await createModel();
  expect(namesOf(await query(world, 'SELECT * FROM TST_VirtualHost WHERE Weight >= 2', 'DMTF:CQL'))).toEqual([
    'v2',
    'v3',
  ]);
  expect(namesOf(await query(world, 'SELECT * FROM TST_VirtualHost WHERE Weight >= 2', 'CIM:CQL'))).toEqual([
    'v2',
    'v3',
  ]);
});

test('a query that demands every key gets the instance instead of enumerating', async () => {
  const asked: string[] = [];
  const world = await createModel(asked);
  expect(namesOf(await query(world, 'SELECT * FROM TST_Host WHERE Name = "b" AND State = 2'))).toEqual(['b']);
  expect(namesOf(await query(world, 'SELECT * FROM TST_Host WHERE Name = "b" AND State = 3'))).toEqual([]);
  expect(asked).toEqual(['get', 'get']);
});

test('references as keys are found whatever they leave out, stored or made by a provider', async () => {
  const world = await createWorld({
    providers: [
      {
        className: 'TST_Contains',
        namespaces: [namespace],
        async *enumerate() {
          yield await Promise.resolve([part()]);
        },
        get: (_context, path) =>
          Promise.resolve(instanceIdentity(path) === instanceIdentity(part().path as CimInstancePath) ? part() : null),
      },
    ],
  });
  const space = world.repository.space(namespace);
  const contains = space?.schema.get('TST_Contains');
  const remark = space?.schema.get('TST_Remark');
  if (space === undefined || contains === undefined || remark === undefined) throw new Error('no class');
  const part = (): CimInstance =>
    createInstance(
      contains,
      {
        Whole: createInstancePath('TST_Host', { Name: 'a' }),
        Part: createInstancePath('TST_Device', { DeviceID: 'd', Slot: 1n }),
      },
      { namespace },
    );
  await world.repository.createNamespace('root/else');
  const note = createInstancePath('TST_Note', { InstanceID: 'n' });
  for (const place of [null, 'root/else']) {
    const Subject = createInstancePath('TST_Host', { Name: 'a' }, { namespace: place });
    await space.createInstance(createInstance(remark, { Subject, Note: note, Kind: place }));
  }
  const counts = async (className: string, one: string, other: string): Promise<readonly number[]> => {
    const condition = `${one} AND ${other}`;
    const text = `SELECT * FROM ${className} WHERE `;
    // The second one says the same in a way that no index serves.
    return [
      (await query(world, text + condition)).length,
      (await query(world, `${text}(${condition}) OR (${condition})`)).length,
    ];
  };
  const whole = (place: string): string => `Whole = '${place}TST_Host.Name="a"'`;
  const device = (place: string): string => `Part = '${place}TST_Device.DeviceID="d",Slot=1'`;
  const subject = (place: string): string => `Subject = '${place}TST_Host.Name="a"'`;
  const noted = (place: string): string => `Note = '${place}TST_Note.InstanceID="n"'`;
  for (const place of ['', `${namespace}:`, `//elsewhere/${namespace}:`]) {
    expect([place, await counts('TST_Contains', whole(place), device(place))]).toEqual([place, [1, 1]]);
    expect([place, await counts('TST_Contains', whole(''), device(place))]).toEqual([place, [1, 1]]);
  }
  expect(await counts('TST_Remark', subject(''), noted(''))).toEqual([2, 2]);
  expect(await counts('TST_Remark', subject(`${namespace}:`), noted(`${namespace}:`))).toEqual([1, 1]);
  expect(await counts('TST_Remark', subject('root/else:'), noted(`${namespace}:`))).toEqual([1, 1]);
  expect(await counts('TST_Remark', subject('root/none:'), noted(`${namespace}:`))).toEqual([0, 0]);
});

test('wrong languages, wrong queries and unknown classes have their statuses', async () => {
  const world = await createModel();
  expect(await statusOf(query(world, 'SELECT * FROM TST_Host', 'SQL'))).toBe(14);
  expect(await statusOf(query(world, 'Name = "a"', 'DMTF:FQL'))).toBe(14);
  expect(await statusOf(query(world, 'SELECT * FROM'))).toBe(15);
  expect(await statusOf(query(world, 'SELECT * FROM TST_Nothing'))).toBe(15);
  expect(await statusOf(query(world, 'SELECT * FROM TST_Host WHERE Color = "red"'))).toBe(15);
});

test('OpenQueryInstances is pulled without paths and tells the class of its results', async () => {
  const world = await createModel();
  const opened = await world.run({
    kind: 'OpenQueryInstances',
    namespace,
    filterQueryLanguage: 'DMTF:CQL',
    filterQuery: "SELECT Name FROM TST_Host WHERE Name <> 'b'",
    returnQueryResultClass: true,
    operationTimeout: null,
    continueOnError: false,
    maxObjectCount: 1,
  });
  expect(opened.withPath).toBe(false);
  expect(opened.queryResultClass?.properties.map((property) => property.name)).toEqual(['Name']);
  const rest = await world.run({
    kind: 'PullInstances',
    namespace,
    enumerationContext: opened.enumerationContext ?? '',
    maxObjectCount: 10,
  });
  expect([...opened.instances, ...rest.instances].map((instance) => instance.get('Name'))).toEqual([
    'a',
    'v1',
    'v2',
    'v3',
  ]);
  expect(rest.endOfSequence).toBe(true);
});

test('a filter narrows an enumeration by properties that need not be shown', async () => {
  const world = await createModel();
  const filter = { filterQueryLanguage: 'DMTF:FQL', filterQuery: 'Weight > 1', propertyList: ['Name'] } as const;
  const { instances } = await world.run(openEnumerateInstances('TST_VirtualHost', 10, filter));
  expect(instances.map((instance) => instance.properties().map(({ value }) => value))).toEqual([['v2'], ['v3']]);
  const paths = await world.run({
    kind: 'OpenEnumerateInstancePaths',
    namespace,
    className: 'TST_VirtualHost',
    filterQueryLanguage: 'DMTF:FQL',
    filterQuery: 'Weight > 2',
    operationTimeout: null,
    continueOnError: false,
    maxObjectCount: 10,
  });
  expect(paths.paths).toEqual([{ ...createInstancePath('TST_VirtualHost', { Name: 'v3' }), namespace }]);
});

test('filters are refused by language, syntax and names', async () => {
  const world = await createModel();
  const open = (filterQuery: string, filterQueryLanguage = 'DMTF:FQL') =>
    statusOf(world.run(openEnumerateInstances('TST_Host', 10, { filterQuery, filterQueryLanguage })));
  expect(await open('Name = "a"')).toBe(0);
  expect(await open('Name = "a"', 'DMTF:CQL')).toBe(14);
  expect(await open('Name =')).toBe(15);
  expect(await open('Color = "red"')).toBe(15);
});

test('others have their turn while a long condition is tested', async () => {
  const world = await createWorld({
    providers: [createHostProvider(Array.from({ length: 1000 }, (_, at) => `host ${at}`))],
  });
  const long = Array.from({ length: 300 }, (_, at) => `Name LIKE '%h%o%s%t%x${at}%'`).join(' OR ');
  let turns = 0;
  let over = false;
  const count = (): void => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  expect(await query(world, `SELECT * FROM TST_Host WHERE ${long}`)).toEqual([]);
  over = true;
  expect(turns).toBeGreaterThan(3);
});
