import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createInstance, createInstancePath } from '../../../src/cim/model/index.js';
import { compileMofStrictly, createMapLoader } from '../../../src/cim/mof/index.js';
import { createObjectManager, type ObjectManager, openAuthorizer, systemCaller } from '../../../src/cimom/index.js';
import { createProviderProcess, type ServedClass } from '../../../src/cimom/process-providers/index.js';
import { createRepository } from '../../../src/cimom/repository/index.js';
import { createMemoryStore } from '../../../src/store/index.js';
import { describeIf } from '../../support/parts.js';
import { all, statusOf } from '../support/outcome.js';

const namespace = 'root/example';
const programs = new URL('./programs/', import.meta.url);
const guide = readFileSync(new URL('../../../docs/providers.md', import.meta.url), 'utf8');

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1];
  if (found === undefined) throw new Error(`the guide has no ${language} block`);
  return found;
}

test.each([
  ['python', 'timers.py'],
  ['js', 'timers.mjs'],
])('the guide prints the %s program that is tested here', (language, file) => {
  expect(block(language)).toBe(readFileSync(new URL(file, programs), 'utf8'));
});

const model = `
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride);
Qualifier Description : string = null, Scope(any), Flavor(Translatable);
Qualifier Units : string = null, Scope(property, method, parameter), Flavor(Translatable);
Qualifier Required : boolean = false, Scope(property, reference, method, parameter), Flavor(DisableOverride);
Qualifier In : boolean = true, Scope(parameter), Flavor(DisableOverride);
Qualifier Out : boolean = false, Scope(parameter), Flavor(DisableOverride);
class CIM_ManagedElement { string Caption; string ElementName; };
`;

/** What the description in the guide says of the class. */
function servedByGuide(): readonly ServedClass[] {
  const { classes } = JSON.parse(block('json')) as { classes: (Omit<ServedClass, 'className'> & { class: string })[] };
  return classes.map(({ class: className, ...rest }) => ({ className, ...rest }));
}

async function withProgram(
  command: readonly [string, ...string[]],
  work: (manager: ObjectManager, make: (id: string) => ReturnType<typeof createInstance>) => Promise<void>,
): Promise<void> {
  const repository = createRepository(createMemoryStore());
  const space = await repository.createNamespace(namespace);
  const files = [
    { name: 'model.mof', text: model },
    { name: 'guide.mof', text: block('mof') },
  ];
  for (const unit of compileMofStrictly(createMapLoader(new Map()), files, { namespace }).namespaces) {
    await space.importSchema(unit);
  }
  const place = { kind: 'command', command, folder: fileURLToPath(programs), environment: {} } as const;
  const provider = createProviderProcess({ name: 'timers', place, classes: servedByGuide() });
  const manager = createObjectManager({
    repository,
    authorizer: openAuthorizer,
    hostNames: ['localhost'],
    providers: provider.providers,
  });
  const cls = space.schema.get('EX_Timer');
  if (cls === undefined) throw new Error('no class');
  try {
    await work(manager, (id) => createInstance(cls, { InstanceID: id, Remaining: 60 }));
  } finally {
    await provider.close();
  }
}

async function playThrough(command: readonly [string, ...string[]]): Promise<void> {
  await withProgram(command, async (manager, make) => {
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
    expect(instance.get('ElementName')).toBe('egg');
    const create = { kind: 'CreateInstance', namespace, newInstance: make('EX:tea') } as const;
    expect((await transport.call(create)).path.keys[0]?.value).toBe('EX:tea');
    expect(await statusOf(transport.call(create))).toBe(11);
    const listed = async () => {
      const request = { kind: 'EnumerateInstances', ...options, className: 'CIM_ManagedElement' } as const;
      const { batches } = await transport.call({ ...request, deepInheritance: true });
      return (await all(batches)).map((timer) => timer.get('InstanceID'));
    };
    expect(await listed()).toEqual(['EX:egg', 'EX:tea']);
    await transport.call({ kind: 'DeleteInstance', namespace, instanceName: egg });
    expect(await listed()).toEqual(['EX:tea']);
    expect(await statusOf(transport.call({ kind: 'GetInstance', ...options, instanceName: egg }))).toBe(6);
    for (let at = 0; at < 250; at++) {
      await transport.call({ kind: 'CreateInstance', namespace, newInstance: make(`EX:${at}`) });
    }
    expect(await listed()).toHaveLength(251);
    const modify = { kind: 'ModifyInstance', namespace, modifiedInstance: make('EX:tea'), propertyList: null } as const;
    expect(await statusOf(transport.call(modify))).toBe(7);
  });
}

test("the guide's JavaScript program does what the guide says", () => playThrough([process.execPath, 'timers.mjs']));

describeIf(spawnSync('python3', ['--version']).status === 0, 'python3 is missing')('python3', () => {
  test("the guide's Python program does what the guide says", () => playThrough(['python3', 'timers.py']));
});
