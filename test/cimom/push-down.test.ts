import { type CimInstance, createInstance } from '../../src/cim/model/index.js';
import type { Provider, ProviderQuery } from '../../src/cimom/index.js';
import { createHostProvider } from './support/hosts.js';
import { all, statusOf } from './support/outcome.js';
import { openEnumerateInstances } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

/** What a provider was asked for. */
type Asked = (ProviderQuery | 'enumerate')[];

async function createModel(asked: Asked, query: NonNullable<Provider['query']>): Promise<World> {
  const hosts = createHostProvider(['a', 'b', 'c']);
  return createWorld({
    providers: [
      {
        ...hosts,
        async *enumerate(context) {
          asked.push('enumerate');
          yield* hosts.enumerate?.(context) ?? [];
        },
        query(context, wanted) {
          asked.push(wanted);
          return query(context, wanted);
        },
      },
    ],
  });
}

function found(...names: readonly string[]): NonNullable<Provider['query']> {
  return async function* ({ classes }) {
    yield names.map((name) =>
      createInstance(classes.get('TST_Host'), { Name: name, Memory: 1024n, Tags: ['a', name] }),
    );
  };
}

async function names(world: World, text: string, queryLanguage = 'WQL'): Promise<unknown[]> {
  const { batches } = await world.run({ kind: 'ExecQuery', namespace, queryLanguage, query: text });
  return ((await all(batches)) as CimInstance[]).map((instance) => instance.path?.keys[0]?.value);
}

const byMemory = 'SELECT * FROM TST_Host WHERE Memory > 1000 AND Name >= "b"';

test('a query goes to the provider, which is told what is wanted, and is not enumerated', async () => {
  const asked: Asked = [];
  const world = await createModel(asked, found('b', 'c'));
  expect(await names(world, byMemory)).toEqual(['b', 'c']);
  expect(asked).toMatchObject([{ language: 'WQL', text: byMemory, where: { kind: 'and' } }]);
});

test('what the provider finds too much is sorted out', async () => {
  const world = await createModel([], found('a', 'b', 'c'));
  expect(await names(world, byMemory)).toEqual(['b', 'c']);
});

test('a provider that cannot use the query is enumerated, once', async () => {
  const asked: Asked = [];
  const world = await createModel(asked, () => null);
  expect(await names(world, byMemory)).toEqual(['b', 'c']);
  expect(asked.map((one) => (one === 'enumerate' ? one : 'query'))).toEqual(['query', 'enumerate']);
  const [report] = world.manager.registry.statistics();
  expect(report).toMatchObject({ calls: 1, objects: 3, failures: 0 });
});

test('a query without a condition, or that demands every key, does not come to it', async () => {
  const asked: Asked = [];
  const world = await createModel(asked, found());
  expect(await names(world, 'SELECT * FROM TST_Host')).toEqual(['a', 'b', 'c']);
  expect(await names(world, 'SELECT * FROM TST_Host WHERE Name = "b"')).toEqual(['b']);
  expect(asked).toEqual(['enumerate']);
});

test('the filter of an enumeration is pushed down too, for instances and for paths, and tested again', async () => {
  const asked: Asked = [];
  const world = await createModel(asked, found('a', 'b', 'c'));
  const filter = { filterQuery: 'Name >= "b"', filterQueryLanguage: 'DMTF:FQL' };
  const instances = await world.run(openEnumerateInstances('TST_Host', 10, { ...filter, propertyList: ['State'] }));
  expect(instances.instances.map((instance) => instance.path?.keys[0]?.value)).toEqual(['b', 'c']);
  expect(instances.instances[0]?.properties().map(({ name }) => name)).toEqual(['State']);
  const paths = await world.run({
    ...openEnumerateInstances('TST_Host', 10, filter),
    kind: 'OpenEnumerateInstancePaths',
  });
  expect(paths.paths).toHaveLength(2);
  expect(asked).toMatchObject([{ language: 'DMTF:FQL' }, { language: 'DMTF:FQL' }]);
});

test('OpenQueryInstances uses it as well', async () => {
  const asked: Asked = [];
  const world = await createModel(asked, found('b'));
  const opened = await world.run({
    kind: 'OpenQueryInstances',
    namespace,
    filterQueryLanguage: 'DMTF:CQL',
    filterQuery: byMemory,
    returnQueryResultClass: false,
    operationTimeout: null,
    continueOnError: false,
    maxObjectCount: 10,
  });
  expect(opened.instances).toHaveLength(1);
  expect(asked).toMatchObject([{ language: 'DMTF:CQL' }]);
});

test('its failures, at once or late, and its wrong instances fail the query alone', async () => {
  const failing: readonly NonNullable<Provider['query']>[] = [
    () => {
      throw new Error('at once');
    },
    async function* () {
      throw new Error('late');
    },
    async function* ({ classes }) {
      yield [createInstance(classes.get('TST_Host'), { State: 1 })];
    },
  ];
  for (const query of failing) {
    const world = await createModel([], query);
    expect(await statusOf(names(world, byMemory))).toBe(1);
    expect(await names(world, 'SELECT * FROM TST_Host')).toHaveLength(3);
  }
});
