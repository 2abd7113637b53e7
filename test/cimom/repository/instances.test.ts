import fc from 'fast-check';
import {
  CimDateTime,
  type CimInstance,
  type CimInstancePath,
  createInstance,
  createInstancePath,
  instanceIdentity,
  type CimValue,
} from '../../../src/cim/model/index.js';
import {
  createRepository,
  type NamespaceRepository,
  type Repository,
  type RepositoryChange,
} from '../../../src/cimom/repository/index.js';
import { createMemoryStore, type Store } from '../../../src/store/index.js';
import { cimClass, property, qualifierTypes, sampleClasses } from './classes.js';

let store: Store;
let repository: Repository;
let space: NamespaceRepository;

beforeEach(async () => {
  store = createMemoryStore();
  repository = createRepository(store);
  space = await repository.createNamespace('root/tvdc');
  await space.importSchema({ qualifierTypes, classes: sampleClasses });
});
afterEach(() => store.close());

function instanceOf(className: string, values: Record<string, CimValue>): CimInstance {
  const cls = space.schema.get(className);
  if (cls === undefined) throw new Error(`no class ${className}`);
  return createInstance(cls, values);
}

function vmPath(name: string): CimInstancePath {
  return createInstancePath('T_VM', { Name: name });
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const out: T[] = [];
  for await (const batch of batches) out.push(...batch);
  return out;
}

/** A repository that has nothing in memory yet. */
function reopened(): NamespaceRepository {
  const again = createRepository(store).space('ROOT/TVDC');
  if (again === undefined) throw new Error('namespace lost');
  return again;
}

test('an instance comes back as it was created, after a restart too', async () => {
  const setting = instanceOf('T_Setting', { InstanceID: 's', Weight: -9007199254740993n });
  const vm = instanceOf('T_VM', {
    Name: 'vm/1\u0002"ß',
    Memory: 2n ** 64n - 1n,
    Load: Number.NaN,
    Since: CimDateTime.parse('20260101000000.000000+060'),
    State: 2,
    Roles: ['a', null, 'b'],
    Setting: setting,
  });
  const path = await space.createInstance(vm);
  expect(path).toMatchObject({ className: 'T_VM', namespace: 'root/tvdc', host: null });
  for (const view of [space, reopened()]) {
    const got = view.getInstance(path) as CimInstance;
    expect(got.path).toEqual(path);
    expect(got.get('Memory')).toBe(2n ** 64n - 1n);
    expect(got.get('Load')).toBeNaN();
    expect(got.get('Since')).toEqual(CimDateTime.parse('20260101000000.000000+060'));
    expect(got.get('Roles')).toEqual(['a', null, 'b']);
    expect((got.get('Setting') as CimInstance).get('Weight')).toBe(-9007199254740993n);
    expect(got.get('Caption')).toBe('none');
    expect(got.get('ElementName')).toBeNull();
  }
});

test('a second instance with the same keys is refused with 11, also in the same turn', async () => {
  const results = await Promise.allSettled([
    space.createInstance(instanceOf('T_VM', { Name: 'a', State: 1 })),
    space.createInstance(instanceOf('T_VM', { Name: 'a', State: 2 })),
  ]);
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  expect(results[1]).toMatchObject({ reason: { status: 11 } });
  expect(space.getInstance(vmPath('a'))?.get('State')).toBe(1);
});

test('paths are found whatever the case and order of their keys, with numbers as text', async () => {
  await space.createInstance(instanceOf('T_Disk', { System: 'vm', Number: 7 }));
  const spelt = createInstancePath('t_DISK', { NUMBER: '7', system: 'vm' }, { namespace: 'ROOT/tvdc', host: 'h' });
  expect(space.getInstance(spelt)?.path).toEqual({
    kind: 'instance-path',
    host: null,
    namespace: 'root/tvdc',
    className: 'T_Disk',
    keys: [
      { name: 'System', type: 'string', value: 'vm' },
      { name: 'Number', type: 'uint32', value: 7n },
    ],
  });
});

test('create refuses unknown and abstract classes and missing keys', async () => {
  const vm = instanceOf('T_VM', { Name: 'a' });
  await repository.createNamespace('root/empty');
  await expect(repository.space('root/empty')?.createInstance(vm)).rejects.toMatchObject({ status: 5 });
  await expect(space.createInstance(instanceOf('T_Element', {}))).rejects.toMatchObject({ status: 4 });
  await expect(space.createInstance(instanceOf('T_Disk', { System: 'x' }))).rejects.toMatchObject({ status: 4 });
});

test('modify changes what is listed and nothing else', async () => {
  await space.createInstance(instanceOf('T_VM', { Name: 'a', State: 1, Memory: 5n, Caption: 'c' }));
  const change = space.getInstance(vmPath('a'))?.with({ State: 9, Memory: 6n, Caption: 'd' }) as CimInstance;
  await space.modifyInstance(change, ['state']);
  expect(space.getInstance(vmPath('a'))?.get('State')).toBe(9);
  expect(space.getInstance(vmPath('a'))?.get('Memory')).toBe(5n);
  await space.modifyInstance(change.select(['Memory']), null);
  expect(space.getInstance(vmPath('a'))?.get('Memory')).toBe(6n);
  expect(space.getInstance(vmPath('a'))?.get('Caption')).toBe('c');
  await space.modifyInstance(change.select(['Memory']), ['Caption', 'State']);
  expect(space.getInstance(vmPath('a'))?.get('Caption')).toBe('none');
  expect(space.getInstance(vmPath('a'))?.get('State')).toBeNull();
});

test('changes of one turn see each other, and the class as it is, whatever is in memory', async () => {
  await space.createInstance(instanceOf('T_VM', { Name: 'a', State: 1, Memory: 5n, Caption: 'c' }));
  // The second read is the one that is remembered.
  const known = [space.getInstance(vmPath('a')), space.getInstance(vmPath('a'))].at(-1) as CimInstance;
  const changes: [unknown, unknown][] = [];
  const note = (_tx: unknown, change: RepositoryChange): void => {
    if (change.kind === 'instance') changes.push([change.before?.get('State'), change.after?.get('State')]);
  };
  await Promise.all([
    space.modifyInstance(known.with({ State: 2 }), ['State'], note),
    space.modifyInstance(known.with({ Memory: 6n }), ['Memory'], note),
    space.modifyInstance(known.with({ State: 3 }), ['State'], note),
  ]);
  expect(changes).toEqual([
    [1, 2],
    [2, 2],
    [2, 3],
  ]);
  const results = await Promise.allSettled([
    space.deleteInstance(vmPath('a'), note),
    space.modifyInstance(known.with({ State: 4 }), ['State'], note),
  ]);
  expect(results).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { status: 6 } }]);
  expect(changes.at(-1)).toEqual([3, undefined]);
  for (const view of [space, reopened()]) expect(view.getInstance(vmPath('a'))).toBeUndefined();
});

test('modify refuses unknown properties, other keys and instances that are not there', async () => {
  await space.createInstance(instanceOf('T_VM', { Name: 'a' }));
  const change = space.getInstance(vmPath('a')) as CimInstance;
  await expect(space.modifyInstance(change, ['Nonsense'])).rejects.toMatchObject({ status: 12 });
  await expect(space.modifyInstance(change.with({ Name: 'b' }), null)).rejects.toMatchObject({ status: 4 });
  await expect(space.modifyInstance(change.withPath(vmPath('b')), [])).rejects.toMatchObject({ status: 6 });
  await expect(space.modifyInstance(change.withPath(null), null)).rejects.toMatchObject({ status: 4 });
});

test('delete removes, and says 6 where there is nothing', async () => {
  await space.createInstance(instanceOf('T_VM', { Name: 'a' }));
  expect(space.hasInstances('T_VM')).toBe(true);
  await space.deleteInstance(vmPath('a'));
  expect(space.getInstance(vmPath('a'))).toBeUndefined();
  expect(space.hasInstances('T_VM')).toBe(false);
  await expect(space.deleteInstance(vmPath('a'))).rejects.toMatchObject({ status: 6 });
});

test('references are found from either end, in any spelling, until the association goes', async () => {
  const vm = await space.createInstance(instanceOf('T_VM', { Name: 'a' }));
  const disk = await space.createInstance(instanceOf('T_Disk', { System: 'a', Number: 1 }));
  const loose = createInstancePath('T_DISK', { Number: '1', System: 'a' });
  const uses = await space.createInstance(instanceOf('T_Uses', { Antecedent: loose, Dependent: vmPath('a') }));
  for (const view of [space, reopened()]) {
    for (const end of [vm, disk, loose, vmPath('a')]) {
      expect((await all(view.referencing(end))).map((instance) => instance.path)).toEqual([uses]);
      expect(view.referencingClasses(end)).toEqual(['T_Uses']);
      expect(await all(view.referencing(end, 't_uses'))).toHaveLength(1);
      expect(await all(view.referencing(end, 'T_VM'))).toEqual([]);
    }
    expect(
      view.getInstance(createInstancePath('T_Uses', { Dependent: vmPath('A'), Antecedent: loose })),
    ).toBeUndefined();
    expect(view.getInstance(createInstancePath('T_Uses', { Dependent: vmPath('a'), Antecedent: loose }))?.path).toEqual(
      uses,
    );
  }
  await space.deleteInstance(uses);
  expect(await all(space.referencing(vm))).toEqual([]);
  expect(space.referencingClasses(vm)).toEqual([]);
});

test('associations may lead into another namespace', async () => {
  const other = await repository.createNamespace('root/Other');
  await other.importSchema({ qualifierTypes, classes: sampleClasses });
  const disk = await other.createInstance(instanceOf('T_Disk', { System: 'a', Number: 1 }));
  await space.createInstance(instanceOf('T_Uses', { Antecedent: disk, Dependent: vmPath('a') }));
  const far = createInstancePath('T_Disk', { System: 'a', Number: '1' }, { namespace: 'root/other' });
  expect(await all(space.referencing(far))).toHaveLength(1);
  expect(await all(space.referencing({ ...far, namespace: null }))).toEqual([]);
  expect(await all(other.referencing(disk))).toEqual([]);
});

test('work runs inside the transaction, sees before and after, and can prevent the change', async () => {
  const seen: RepositoryChange[] = [];
  const watch = (_: unknown, change: RepositoryChange): void => void seen.push(change);
  const path = await space.createInstance(instanceOf('T_VM', { Name: 'a', State: 1 }), watch);
  await space.modifyInstance((space.getInstance(path) as CimInstance).with({ State: 2 }), null, watch);
  await space.deleteInstance(path, (tx, change) => {
    tx.put('journal', 'probe', 'written');
    watch(tx, change);
  });
  expect(store.get('journal', 'probe')).toBe('written');
  const states = seen.map((change) =>
    change.kind === 'instance' ? [change.before?.get('State'), change.after?.get('State')] : null,
  );
  expect(states).toEqual([
    [undefined, 1],
    [1, 2],
    [2, undefined],
  ]);
  const refuse = (): never => {
    throw new Error('refused');
  };
  await expect(space.createInstance(instanceOf('T_VM', { Name: 'b' }), refuse)).rejects.toThrow('refused');
  expect(space.getInstance(vmPath('b'))).toBeUndefined();
});

test('a class is enumerated in batches, the same batches while nothing changes', async () => {
  await Promise.all(
    Array.from({ length: 300 }, (_, at) => space.createInstance(instanceOf('T_VM', { Name: `vm${at}`, State: at }))),
  );
  const batches = async (): Promise<(readonly CimInstance[])[]> => {
    const out: (readonly CimInstance[])[] = [];
    for await (const batch of space.instances('T_VM')) out.push(batch);
    return out;
  };
  const first = await batches();
  expect(first.flat()).toHaveLength(300);
  const second = await batches();
  const third = await batches();
  expect(third.every((batch, at) => batch === second[at])).toBe(true);
  await space.modifyInstance((space.getInstance(vmPath('vm7')) as CimInstance).with({ State: 1000 }), null);
  const fourth = await batches();
  expect(fourth.filter((batch, at) => batch !== third[at])).toHaveLength(1);
  expect(
    fourth
      .flat()
      .find((vm) => vm.get('Name') === 'vm7')
      ?.get('State'),
  ).toBe(1000);
  const sizes: number[] = [];
  for await (const batch of space.instances('T_VM', { batchSize: 7 })) sizes.push(batch.length);
  expect(Math.max(...sizes)).toBe(7);
  expect((await all(space.instancePaths('T_VM'))).map(instanceIdentity)).toEqual(
    fourth.flat().map((vm) => instanceIdentity(vm.path as CimInstancePath)),
  );
});

test('a count is right while instances come and go', async () => {
  const create = (from: number, to: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: to - from }, (_, at) => space.createInstance(instanceOf('T_VM', { Name: `${from + at}` }))),
    );
  await create(0, 2500);
  const counting = space.countInstances('T_VM');
  await Promise.all([create(2500, 2600), space.deleteInstance(vmPath('3'))]);
  await counting;
  expect(await space.countInstances('T_VM')).toBe(2599);
  await space.deleteInstance(vmPath('4'));
  expect(await space.countInstances('T_VM')).toBe(2598);
  expect(await reopened().countInstances('T_VM')).toBe(2598);
  expect(await space.countInstances('T_Nothing')).toBe(0);
});

test('instances stay readable when their class and its superclass gain properties', async () => {
  await space.createInstance(instanceOf('T_VM', { Name: 'a', State: 3 }));
  const element = space.schema.declared('T_Element');
  if (element === undefined) throw new Error('no class');
  await space.modifyClass({
    ...element,
    properties: [property('First', 'string', { default: 'new' }), ...element.properties],
  });
  await space.createInstance(instanceOf('T_VM', { Name: 'b', First: 'own', State: 4 }));
  for (const view of [space, reopened()]) {
    expect(view.getInstance(vmPath('a'))?.get('First')).toBe('new');
    expect(view.getInstance(vmPath('a'))?.get('State')).toBe(3);
    expect(view.getInstance(vmPath('b'))?.get('First')).toBe('own');
    expect((await all(view.instances('T_VM'))).map((vm) => vm.get('State'))).toEqual([3, 4]);
  }
});

test('an instance that is created while its class is being deleted keeps the class or fails', async () => {
  const vm = instanceOf('T_VM', { Name: 'a' });
  const kept = await Promise.allSettled([space.createInstance(vm), space.deleteClass('T_VM')]);
  expect(kept).toMatchObject([{ status: 'fulfilled' }, { reason: { status: 9 } }]);
  await space.deleteInstance(vmPath('a'));
  const gone = await Promise.allSettled([space.deleteClass('T_VM'), space.createInstance(vm)]);
  expect(gone).toMatchObject([{ status: 'fulfilled' }, { reason: { status: 5 } }]);
  await space.createClass(cimClass('T_VM', null, [property('Name', 'string', { key: true })]));
  expect(space.getInstance(vmPath('a'))).toBeUndefined();
});

test('the repository behaves like a map under random changes', async () => {
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'ä', 'a/b', 'a\u0002', ''),
    kind: fc.constantFrom('create', 'modify', 'delete', 'list'),
    state: fc.nat(100),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      for (const vm of await all(space.instances('T_VM'))) await space.deleteInstance(vm.path as CimInstancePath);
      const model = new Map<string, number>();
      for (const { name, kind, state } of steps) {
        if (kind === 'create') {
          const done = space.createInstance(instanceOf('T_VM', { Name: name, State: state }));
          if (model.has(name)) await expect(done).rejects.toMatchObject({ status: 11 });
          else await done.then(() => model.set(name, state));
        } else if (kind === 'modify' && model.has(name)) {
          await space.modifyInstance((space.getInstance(vmPath(name)) as CimInstance).with({ State: state }), [
            'State',
          ]);
          model.set(name, state);
        } else if (kind === 'delete' && model.delete(name)) {
          await space.deleteInstance(vmPath(name));
        }
        const listed = await all(space.instances('T_VM'));
        expect(new Map(listed.map((vm) => [vm.get('Name'), vm.get('State')]))).toEqual(model);
        expect(space.getInstance(vmPath(name))?.get('State')).toBe(model.get(name));
      }
    }),
    { numRuns: 25 },
  );
});
