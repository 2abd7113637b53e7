import { readFileSync } from 'node:fs';
import { createInstance, createInstancePath } from '../../src/cim/model/index.js';
import { compileMofStrictly, createMapLoader } from '../../src/cim/mof/index.js';
import { createObjectManager, type ObjectManager, openAuthorizer, systemCaller } from '../../src/cimom/index.js';
import { createRepository } from '../../src/cimom/repository/index.js';
import { createMemoryStore } from '../../src/store/index.js';
import { all, statusOf } from './support/outcome.js';
import { createTimerProvider } from './support/timer-provider.js';

const namespace = 'root/example';
const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const guide = read('../../docs/providers.md');

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (found === undefined) throw new Error(`the guide has no ${language} block`);
  return found;
}

const withoutImports = (code: string): string => code.replace(/^import .*\n/gm, '').trim();

const model = `
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Description : string = null, Scope(any), Flavor(Translatable);
Qualifier Units : string = null, Scope(property, method, parameter), Flavor(Translatable);
Qualifier Required : boolean = false, Scope(property, reference, method, parameter), Flavor(DisableOverride);
Qualifier In : boolean = true, Scope(parameter), Flavor(DisableOverride);
Qualifier Out : boolean = false, Scope(parameter), Flavor(DisableOverride);
class CIM_ManagedElement { string Caption; string ElementName; };
`;

async function createExample(): Promise<{
  manager: ObjectManager;
  make: (id: string) => ReturnType<typeof createInstance>;
}> {
  const repository = createRepository(createMemoryStore());
  const space = await repository.createNamespace(namespace);
  const files = [
    { name: 'model.mof', text: model },
    { name: 'guide.mof', text: block('mof') },
  ];
  for (const unit of compileMofStrictly(createMapLoader(new Map()), files, { namespace }).namespaces) {
    await space.importSchema(unit);
  }
  const manager = createObjectManager({
    repository,
    authorizer: openAuthorizer,
    hostNames: ['localhost'],
    providers: [createTimerProvider()],
  });
  const cls = space.schema.get('EX_Timer');
  if (cls === undefined) throw new Error('no class');
  return { manager, make: (id) => createInstance(cls, { InstanceID: id, Remaining: 60 }) };
}

test('the guide prints the provider that is tested here', () => {
  expect(withoutImports(block('ts'))).toBe(withoutImports(read('./support/timer-provider.ts')));
});

test("the guide's provider does what the guide says", async () => {
  const { manager, make } = await createExample();
  const transport = manager.transport(systemCaller);
  const egg = createInstancePath('EX_Timer', { InstanceID: 'EX:egg' });
  const options = { namespace, includeClassOrigin: false, propertyList: null } as const;
  const extended = await transport.call({
    kind: 'InvokeMethod',
    namespace,
    objectName: egg,
    methodName: 'Extend',
    parameters: [{ name: 'Seconds', type: 'uint32', isArray: false, value: 10 }],
  });
  expect([extended.returnValue, extended.outParameters[0]?.value]).toEqual([0, 250]);
  const { instance } = await transport.call({ kind: 'GetInstance', ...options, instanceName: egg });
  expect(instance.get('Remaining')).toBe(250);
  const create = { kind: 'CreateInstance', namespace, newInstance: make('EX:tea') } as const;
  expect((await transport.call(create)).path.keys[0]?.value).toBe('EX:tea');
  expect(await statusOf(transport.call(create))).toBe(11);
  const request = {
    kind: 'EnumerateInstances',
    ...options,
    className: 'CIM_ManagedElement',
    deepInheritance: true,
  } as const;
  const listed = async () =>
    (await all((await transport.call(request)).batches)).map((timer) => timer.get('InstanceID'));
  expect(await listed()).toEqual(['EX:egg', 'EX:tea']);
  await transport.call({ kind: 'DeleteInstance', namespace, instanceName: egg });
  expect(await listed()).toEqual(['EX:tea']);
  expect(
    await statusOf(
      transport.call({ kind: 'ModifyInstance', namespace, modifiedInstance: make('EX:tea'), propertyList: null }),
    ),
  ).toBe(7);
});
