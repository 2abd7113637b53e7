import { createInstancePath } from '../../../src/cim/model/index.js';
import { createRepository, type Repository } from '../../../src/cimom/repository/index.js';
import { type CompileMode, compileOnServer, type CompileOutcome } from '../../../src/cimom/schema-service/index.js';
import { createMemoryStore, type Store } from '../../../src/store/index.js';

const qualifiers = `
  Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride, ToSubclass);
  Qualifier Description : string = null, Scope(any), Flavor(EnableOverride, ToSubclass, Translatable);`;
const base = `#pragma include ("q.mof")
  class ACME_Base { [Key] string Id; };
  class ACME_Sub : ACME_Base { uint8 Size; };
  instance of ACME_Sub { Id = "1"; Size = 3; };`;

let store: Store;
let repository: Repository;

beforeEach(() => {
  store = createMemoryStore();
  repository = createRepository(store);
});
afterEach(() => store.close());

function compile(text: string, mode: CompileMode = 'load', served: readonly string[] = []): Promise<CompileOutcome> {
  const sources = new Map([
    ['a.mof', text],
    ['q.mof', qualifiers],
  ]);
  const order = { namespace: 'root/acme', mode, sources, archive: null, files: ['a.mof'] };
  return compileOnServer(order, { repository, served: () => served });
}

const content = () => store.range('repository', '', null, 10_000);

test('a load makes the namespace with everything, and a second one finds everything as it should be', async () => {
  const first = await compile(base);
  expect(first).toMatchObject({ done: true, explanation: '2 classes and 1 instances loaded' });
  const path = createInstancePath('ACME_Sub', { Id: '1' });
  expect(repository.space('root/acme')?.getInstance(path)?.get('Size')).toBe(3);
  const second = await compile(base);
  expect(second.steps.filter((step) => step.kind === 'class').map((step) => step.action)).toEqual([
    'unchanged',
    'unchanged',
  ]);
});

test('a class is extended although it has subclasses and instances, which read the new property as NULL', async () => {
  await compile(base);
  expect((await compile('class ACME_Base { [Key] string Id; string Owner; };')).done).toBe(true);
  const path = createInstancePath('ACME_Sub', { Id: '1' });
  const found = repository.space('root/acme')?.getInstance(path);
  expect([found?.get('Owner'), found?.get('Size')]).toEqual([null, 3]);
});

test('errors come with place and caret, and nothing is changed', async () => {
  await compile(base);
  const before = content();
  const outcome = await compile('class ACME_New { string A; };\nclass ACME_Bad : ACME_Nowhere { };');
  expect(outcome.done).toBe(false);
  expect(outcome.errors.join('\n')).toMatch(/^a\.mof:2:\d+: error: class ACME_Nowhere is not declared[^]*\^$/);
  expect(content()).toEqual(before);
});

test('what the repository refuses at the last step takes everything before it back', async () => {
  await compile(base);
  const before = content();
  const twice = 'class ACME_New { [Key] string Id; };\ninstance of ACME_New { Id = "1"; };';
  const outcome = await compile(`${twice} class ACME_Sub : ACME_Base { string Size; };`);
  expect(outcome).toMatchObject({ done: false, unsupported: false });
  expect(outcome.explanation).toContain('ACME_Sub');
  expect(content()).toEqual(before);
});

test('check changes nothing, remove takes away what was declared', async () => {
  expect(await compile(base, 'check')).toMatchObject({ done: true, steps: [] });
  expect(repository.namespaces()).toEqual([]);
  await compile(base);
  expect(await compile(base, 'remove')).toMatchObject({ done: true });
  const space = repository.space('root/acme');
  expect([space?.schema.names(), space?.qualifierTypes()]).toEqual([[], []]);
});

test('instances and classes that providers answer for are left to the operations', async () => {
  expect(await compile(base, 'load', ['acme_sub'])).toMatchObject({ done: false, unsupported: true });
  expect(repository.namespaces()).toEqual([]);
});
