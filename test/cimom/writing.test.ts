import {
  createInstance,
  createInstancePath,
  type CimInstance,
  type CimInstancePath,
  type CimValue,
} from '../../src/cim/model/index.js';
import { createJournal, createMemoryStore, StoreError } from '../../src/store/index.js';
import type { IndicationSink, Provider } from '../../src/cimom/index.js';
import { createHostProvider } from './support/hosts.js';
import { statusOf } from './support/outcome.js';
import { createInstanceRequest, getInstance, modifyInstance } from './support/requests.js';
import { createWorld, namespace, type World } from './support/world.js';

function make(world: World, className: string, values: Readonly<Record<string, CimValue>>): CimInstance {
  const cls = world.repository.space(namespace)?.schema.get(className);
  if (cls === undefined) throw new Error(`no class ${className}`);
  return createInstance(cls, values);
}

const note = createInstancePath('TST_Note', { InstanceID: 'n' });

test('a full disk is told as such, without where', async () => {
  const store = createMemoryStore();
  let full = false;
  const world = await createWorld(
    {},
    {
      ...store,
      get: (area, key) => store.get(area, key),
      range: (area, from, to, limit) => store.range(area, from, to, limit),
      close: () => store.close(),
      transaction: (work) =>
        full
          ? Promise.reject(new StoreError('store_full', '/where/it/lies: the disk or the quota is full'))
          : store.transaction(work),
    },
  );
  full = true;
  const created = world.run(createInstanceRequest(make(world, 'TST_Note', { InstanceID: 'n' })));
  await expect(created).rejects.toMatchObject({
    status: 1,
    description: 'CreateInstance failed: the disk or the quota of the server is full',
  });
});

test('a stored instance is created with the defaults of its class, read, changed and deleted', async () => {
  const world = await createWorld();
  const { path } = await world.run(createInstanceRequest(make(world, 'TST_Note', { InstanceID: 'n', Stars: 1 })));
  expect(path).toMatchObject({ className: 'TST_Note', namespace });
  const read = async () => (await world.run(getInstance(note))).instance;
  expect((await read()).get('Text')).toBe('empty');
  await world.run(modifyInstance(make(world, 'TST_Note', { InstanceID: 'n', Stars: 2, Text: 'new' }), ['stars']));
  expect((await read()).get('Stars')).toBe(2);
  expect((await read()).get('Text')).toBe('empty');
  await world.run({ kind: 'DeleteInstance', namespace, instanceName: note });
  expect(await statusOf(world.run(getInstance(note)))).toBe(6);
});

test('a listed property that the change leaves out takes the default of the class', async () => {
  const world = await createWorld();
  await world.run(createInstanceRequest(make(world, 'TST_Note', { InstanceID: 'n', Text: 'mine', Stars: 3 })));
  const change = make(world, 'TST_Note', { InstanceID: 'n' }).select(['InstanceID']);
  await world.run(modifyInstance(change, ['Text', 'Stars']));
  const { instance } = await world.run(getInstance(note));
  expect([instance.get('Text'), instance.get('Stars')]).toEqual(['empty', null]);
});

test('creation is refused by class, abstractness, keys, types and existence', async () => {
  const world = await createWorld();
  const create = (className: string, values: Readonly<Record<string, CimValue>>) =>
    statusOf(world.run(createInstanceRequest(make(world, className, values))));
  expect(await create('TST_Element', { Caption: 'x' })).toBe(4);
  expect(await create('TST_Note', { Text: 'no key' })).toBe(4);
  expect(await create('TST_Note', { InstanceID: 'n', Stars: 'many' })).toBe(4);
  expect(await create('TST_Note', { InstanceID: 'n' })).toBe(0);
  expect(await create('TST_Note', { InstanceID: 'n' })).toBe(11);
});

test('changes are refused by existence, name of the property, type and key', async () => {
  const world = await createWorld();
  const change = (values: Readonly<Record<string, CimValue>>, list: readonly string[] | null = null) =>
    statusOf(world.run(modifyInstance(make(world, 'TST_Note', { InstanceID: 'n', ...values }), list)));
  expect(await change({ Text: 'x' })).toBe(6);
  await world.run(createInstanceRequest(make(world, 'TST_Note', { InstanceID: 'n' })));
  expect(await change({ Text: 'x' })).toBe(0);
  expect(await change({ Text: 'x' }, ['Nothing'])).toBe(12);
  expect(await change({ Stars: true })).toBe(4);
  const renamed = make(world, 'TST_Note', { InstanceID: 'other' }).withPath(note);
  expect(await statusOf(world.run(modifyInstance(renamed)))).toBe(4);
  const ofAnother = make(world, 'TST_Host', { Name: 'n' }).withPath(note);
  expect(await statusOf(world.run(modifyInstance(ofAnother)))).toBe(4);
});

test('SetProperty reads text in the type of the class; 13 for another type, 12 for no such property, 4 for a key', async () => {
  const world = await createWorld();
  await world.run(createInstanceRequest(make(world, 'TST_Note', { InstanceID: 'n' })));
  const set = (propertyName: string, newValue: CimValue) =>
    statusOf(world.run({ kind: 'SetProperty', namespace, instanceName: note, propertyName, newValue }));
  expect(await set('stars', '5')).toBe(0);
  expect((await world.run(getInstance(note))).instance.get('Stars')).toBe(5);
  expect(await set('Stars', null)).toBe(0);
  expect((await world.run(getInstance(note))).instance.get('Stars')).toBeNull();
  expect(await set('Stars', 'five')).toBe(13);
  expect(await set('Stars', ['5'])).toBe(13);
  expect(await set('Nothing', 'x')).toBe(12);
  expect(await set('InstanceID', 'x')).toBe(4);
});

test('writes reach the provider checked and typed, and 7 answers what it does not offer', async () => {
  const calls: unknown[] = [];
  const provider: Provider = createHostProvider(['a'], {
    async create(_context, instance): Promise<CimInstancePath> {
      calls.push(['create', instance.get('State'), instance.get('Name')]);
      return createInstancePath('TST_Host', { Name: 'made' });
    },
    async modify(_context, instance, list) {
      calls.push(['modify', instance.path?.keys[0]?.value, instance.get('State'), list]);
    },
  });
  const world = await createWorld({ providers: [provider] });
  const { path } = await world.run(createInstanceRequest(make(world, 'TST_Host', { State: 3 })));
  expect(path).toEqual({ ...createInstancePath('TST_Host', { Name: 'made' }), namespace });
  const change = make(world, 'TST_Host', { Name: 'a', State: 9 });
  await world.run(modifyInstance(change, ['STATE']));
  expect(await statusOf(world.run(modifyInstance(make(world, 'TST_Host', { Name: 'absent' }))))).toBe(6);
  expect(calls).toEqual([
    ['create', 3, null],
    ['modify', 'a', 9, ['State']],
  ]);
  const instanceName = createInstancePath('TST_Host', { Name: 'a' });
  expect(await statusOf(world.run({ kind: 'DeleteInstance', namespace, instanceName }))).toBe(7);
});

test('each change of the repository is indicated with its instances and journalled with its author, in one transaction', async () => {
  const store = createMemoryStore();
  const journal = createJournal(store, { host: 'h' });
  const published: [string, CimInstance, boolean][] = [];
  const sink: IndicationSink = {
    publish: (where, indication, tx) => void published.push([where, indication, tx !== null]),
    wants: () => true,
  };
  const world = await createWorld({ journal, sink }, store);
  const space = (values: Readonly<Record<string, CimValue>>) => make(world, 'TST_Note', values);
  await world.run(createInstanceRequest(space({ InstanceID: 'n', Stars: 1 })));
  await world.run(modifyInstance(space({ InstanceID: 'n', Stars: 2 }), ['Stars']));
  await world.run({ kind: 'DeleteInstance', namespace, instanceName: note });
  expect(published.map(([where, indication, inside]) => [where, indication.className, inside])).toEqual([
    [namespace, 'CIM_InstCreation', true],
    [namespace, 'CIM_InstModification', true],
    [namespace, 'CIM_InstDeletion', true],
  ]);
  const modification = published[1]?.[1];
  expect((modification?.get('SourceInstance') as CimInstance).get('Stars')).toBe(2);
  expect((modification?.get('PreviousInstance') as CimInstance).get('Stars')).toBe(1);
  expect(modification?.getString('SourceInstanceModelPath')).toBe('//host.example/root/test:TST_Note.InstanceID="n"');
  const entries = journal.read({ kinds: ['instance.'] }).entries;
  expect(entries.map(({ kind, actor, subject, facts }) => [kind, actor, subject, facts['changed']])).toEqual([
    ['instance.created', 'system', '/root/test:TST_Note.InstanceID="n"', []],
    ['instance.modified', 'system', '/root/test:TST_Note.InstanceID="n"', ['Stars']],
    ['instance.deleted', 'system', '/root/test:TST_Note.InstanceID="n"', []],
  ]);
});
