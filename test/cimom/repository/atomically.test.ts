import { createInstance, createInstancePath } from '../../../src/cim/model/index.js';
import { createRepository, type NamespaceRepository, type Repository } from '../../../src/cimom/repository/index.js';
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

const added = cimClass('T_Added', null, [property('Id', 'string', { key: true })]);

function create(where: NamespaceRepository, className: string, values: Readonly<Record<string, string>>) {
  const cls = where.schema.get(className);
  if (cls === undefined) throw new Error(`no class ${className}`);
  return where.createInstance(createInstance(cls, values));
}

test('classes, instances and namespaces of one work appear together, also to a repository opened anew', async () => {
  await repository.atomically(async (staged) => {
    const there = staged.space('root/tvdc') as NamespaceRepository;
    await there.createClass(added);
    await create(there, 'T_Added', { Id: '1' });
    await (await staged.createNamespace('root/more')).importSchema({ qualifierTypes, classes: [added] });
    expect(space.schema.get('T_Added')).toBeUndefined();
    expect(repository.hasNamespace('root/more')).toBe(false);
  });
  for (const one of [repository, createRepository(store)]) {
    expect(one.namespaces()).toEqual(['root/tvdc', 'root/more']);
    const path = createInstancePath('T_Added', { Id: '1' });
    expect(one.space('root/tvdc')?.getInstance(path)?.get('Id')).toBe('1');
    expect(one.space('root/more')?.schema.get('T_Added')?.name).toBe('T_Added');
  }
  expect(space.schema.subclasses(null)).toContain('T_Added');
});

test('nothing remains where the work or its seal throws', async () => {
  const before = store.range('repository', '', null, 10_000);
  const refuse = async (staged: Repository): Promise<void> => {
    await staged.space('root/tvdc')?.createClass(added);
    throw new Error('refused');
  };
  await expect(repository.atomically(refuse)).rejects.toThrow('refused');
  const sealed = repository.atomically(
    async (staged) => staged.space('root/tvdc')?.createClass(added),
    () => {
      throw new Error('seal broken');
    },
  );
  await expect(sealed).rejects.toThrow('seal broken');
  expect(store.range('repository', '', null, 10_000)).toEqual(before);
  expect(space.schema.get('T_Added')).toBeUndefined();
  await space.createClass(added);
});

test('changes asked for in the meantime wait and meet the new classes; earlier ones are seen by the work', async () => {
  const earlier = create(space, 'T_VM', { Name: 'earlier' });
  const order: string[] = [];
  const work = repository.atomically(async (staged) => {
    const there = staged.space('root/tvdc') as NamespaceRepository;
    expect(there.getInstance(createInstancePath('T_VM', { Name: 'earlier' }))).toBeDefined();
    await there.createClass(added);
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push('work');
  });
  await new Promise((resolve) => setImmediate(resolve));
  const later = Promise.all([
    create(space, 'T_VM', { Name: 'later' }).then(() => order.push('instance')),
    space.createClass({ ...added, name: 'T_Other' }).then(() => order.push('class')),
    repository.createNamespace('root/late').then(() => order.push('namespace')),
    expect(space.createClass(added)).rejects.toMatchObject({ status: 11 }),
  ]);
  await Promise.all([earlier, work, later]);
  expect(order[0]).toBe('work');
  expect(order).toHaveLength(4);
  expect(await space.countInstances('T_VM')).toBe(2);
});
