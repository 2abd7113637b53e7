import { Command } from 'commander';
import { type CimClass, type CimInstancePath, type CimMethod, type CimObjectPath, type CimValue, coerceUntyped, findByName, parseWbemUri } from '../../cim/index.js';
import type { WbemClient } from '../../client/index.js';
import { connect, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { instanceToJson, ObjectWriter, processStreams, toJson, valueToJson } from '../output/index.js';

interface Options extends ConnectionOptions {
  readonly properties?: string;
  readonly assocClass?: string;
  readonly resultClass?: string;
  readonly role?: string;
  readonly resultRole?: string;
  readonly language?: string;
}

/** A client and the object on it: the object path may carry server, credentials and namespace, as with wbemcli. */
interface Target {
  readonly client: WbemClient;
  readonly namespace: string;
  readonly path: CimObjectPath | null;
}

function targetOf(text: string | undefined, options: Options): Target {
  const uri = text === undefined ? null : parseWbemUri(text);
  const credentials = uri?.user === null || uri?.user === undefined ? '' : `${uri.user}:${uri.password ?? ''}@`;
  const url = uri?.host === null || uri?.host === undefined ? undefined : `${uri.scheme ?? 'http'}://${credentials}${uri.host}`;
  const client = connect({ ...options, ...(url === undefined ? {} : { url }) });
  return { client, namespace: uri?.namespace ?? client.namespace, path: uri?.path ?? null };
}

function className(target: Target): string {
  if (target.path === null) throw new UsageError('name a class');
  return target.path.className;
}

function instancePath(target: Target): CimInstancePath {
  if (target.path === null || target.path.kind !== 'instance-path') throw new UsageError('name an instance: Class.key=value');
  return { ...target.path, namespace: target.namespace, host: null };
}

function objectPath(target: Target): CimObjectPath {
  if (target.path === null) throw new UsageError('name an instance or a class');
  return { ...target.path, namespace: target.namespace, host: null };
}

function propertyList(options: Options): { readonly propertyList?: readonly string[] } {
  return options.properties === undefined ? {} : { propertyList: options.properties.split(',') };
}

function filters(options: Options) {
  return {
    ...(options.assocClass === undefined ? {} : { assocClass: options.assocClass }),
    ...(options.resultClass === undefined ? {} : { resultClass: options.resultClass }),
    ...(options.role === undefined ? {} : { role: options.role }),
    ...(options.resultRole === undefined ? {} : { resultRole: options.resultRole }),
  };
}

/** `name=value`; several values of one name make an array. @throws UsageError */
function assignments(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, string[]>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw new UsageError(`expected name=value, got "${word}"`);
    const name = word.slice(0, at);
    out.set(name, [...(out.get(name) ?? []), word.slice(at + 1)]);
  }
  return out;
}

interface Declared {
  readonly name: string;
  readonly type: Parameters<typeof coerceUntyped>[0];
  readonly isArray: boolean;
}

function typedValues(words: readonly string[], declared: readonly Declared[], what: string): Record<string, CimValue> {
  const out: Record<string, CimValue> = {};
  for (const [name, values] of assignments(words)) {
    const element = findByName(declared, name);
    if (element === undefined) throw new UsageError(`${what} has no ${name}`);
    out[element.name] = coerceUntyped(element.type, element.isArray, element.isArray ? values : (values[0] as string));
  }
  return out;
}

async function writeInstances(target: Target, options: Options): Promise<void> {
  const writer = new ObjectWriter(processStreams, outputForm(options));
  const stream = target.client.instances(className(target), { namespace: target.namespace, ...propertyList(options) });
  for await (const instance of stream) await writer.write(instance);
  writer.end();
}

async function writePaths(paths: AsyncIterable<CimObjectPath> | Iterable<CimObjectPath>, options: Options): Promise<void> {
  const writer = new ObjectWriter(processStreams, outputForm(options));
  for await (const path of paths) await writer.writePath(path);
  writer.end();
}

async function invoke(text: string, methodName: string, words: readonly string[], options: Options): Promise<void> {
  const target = targetOf(text, options);
  const path = objectPath(target);
  const cls: CimClass = await target.client.classOf(path.className, { namespace: target.namespace });
  const method: CimMethod | undefined = findByName(cls.methods, methodName);
  const parameters = method === undefined ? {} : typedValues(words, method.parameters, `method ${method.name}`);
  const result = await target.client.invoke(path, methodName, parameters, { namespace: target.namespace });
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(result.out)) out[name] = await valueToJson(value);
  const returnValue = await valueToJson(result.returnValue);
  if (outputForm(options) === 'table') {
    processStreams.out.write(`${String(returnValue)}\n`);
    for (const [name, value] of Object.entries(out)) processStreams.out.write(`-${name}=${toJson(value)}\n`);
  } else {
    processStreams.out.write(`${toJson({ returnValue, out }, 2)}\n`);
  }
}

async function objects(text: string, options: Options, how: 'associators' | 'references'): Promise<void> {
  const target = targetOf(text, options);
  const request = { namespace: target.namespace, ...filters(options), ...propertyList(options) };
  const found = await (how === 'associators' ? target.client.associatorsOf(objectPath(target), request) : target.client.referencesOf(objectPath(target), request));
  const writer = new ObjectWriter(processStreams, outputForm(options));
  for (const object of found) await writer.write(object);
  writer.end();
}

async function one(object: Parameters<ObjectWriter['write']>[0], options: Options): Promise<void> {
  const form = outputForm(options);
  if (form === 'json') {
    
    processStreams.out.write(`${toJson('kind' in object && object.kind === 'instance' ? await instanceToJson(object) : object, 2)}\n`);
    return;
  }
  const writer = new ObjectWriter(processStreams, form);
  await writer.write(object);
  writer.end();
}

export function wbemCommand(): Command {
  const wbem = new Command('wbem').description('operations of DSP0200 on any WBEM server; object paths as in wbemcli');
  const verb = (name: string, description: string): Command => withConnection(wbem.command(name).description(description));
  const associationOptions = (command: Command): Command =>
    command
      .option('--assoc-class <class>', 'only by this association')
      .option('--result-class <class>', 'only objects of this class')
      .option('--role <name>', 'role of the object given')
      .option('--result-role <name>', 'role of the objects found');

  verb('gi', 'GetInstance').argument('<path>').option('-p, --properties <list>').action(async (text: string, options: Options) => {
    const target = targetOf(text, options);
    await one(await target.client.getInstance(instancePath(target), propertyList(options)), options);
  });
  verb('ei', 'EnumerateInstances').argument('<class>').option('-p, --properties <list>').action((text: string, options: Options) => writeInstances(targetOf(text, options), options));
  verb('ein', 'EnumerateInstanceNames').argument('<class>').action(async (text: string, options: Options) => {
    const target = targetOf(text, options);
    await writePaths(target.client.instancePaths(className(target), { namespace: target.namespace }), options);
  });
  verb('gc', 'GetClass').argument('<class>').action(async (text: string, options: Options) => {
    const target = targetOf(text, options);
    await one(await target.client.getClass(className(target), { namespace: target.namespace }), options);
  });
  for (const [name, description] of [['ec', 'EnumerateClasses'], ['ecn', 'EnumerateClassNames']] as const) {
    verb(name, description).argument('[class]').action(async (text: string | undefined, options: Options) => {
      const target = targetOf(text, options);
      const request = { namespace: target.namespace, className: target.path?.className ?? null, deepInheritance: true };
      if (name === 'ecn') {
        for (const found of await target.client.enumerateClassNames(request)) processStreams.out.write(`${found}\n`);
        return;
      }
      const writer = new ObjectWriter(processStreams, outputForm(options));
      for (const cls of await target.client.enumerateClasses(request)) await writer.write(cls);
      writer.end();
    });
  }
  associationOptions(verb('ai', 'Associators').argument('<path>').option('-p, --properties <list>')).action((text: string, options: Options) => objects(text, options, 'associators'));
  associationOptions(verb('ri', 'References').argument('<path>').option('-p, --properties <list>')).action((text: string, options: Options) => objects(text, options, 'references'));
  associationOptions(verb('ain', 'AssociatorNames').argument('<path>')).action(async (text: string, options: Options) => {
    const target = targetOf(text, options);
    await writePaths(await target.client.associatorNames(objectPath(target), { namespace: target.namespace, ...filters(options) }), options);
  });
  associationOptions(verb('rin', 'ReferenceNames').argument('<path>')).action(async (text: string, options: Options) => {
    const target = targetOf(text, options);
    await writePaths(await target.client.referenceNames(objectPath(target), { namespace: target.namespace, ...filters(options) }), options);
  });
  verb('cm', 'call a method').argument('<path>').argument('<method>').argument('[parameters...]', 'name=value; repeated for arrays').action(invoke);
  verb('ci', 'CreateInstance').argument('<class>').argument('[properties...]', 'name=value').action(async (text: string, words: string[], options: Options) => {
    const target = targetOf(text, options);
    const cls = await target.client.classOf(className(target), { namespace: target.namespace });
    const path = await target.client.create(cls.name, typedValues(words, cls.properties, cls.name), { namespace: target.namespace });
    await writePaths([path], options);
  });
  verb('mi', 'ModifyInstance').argument('<path>').argument('<properties...>', 'name=value').action(async (text: string, words: string[], options: Options) => {
    const target = targetOf(text, options);
    const cls = await target.client.classOf(className(target), { namespace: target.namespace });
    await target.client.modify(instancePath(target), typedValues(words, cls.properties, cls.name));
  });
  verb('di', 'DeleteInstance').argument('<path>').action(async (text: string, options: Options) => {
    const target = targetOf(text, options);
    await target.client.deleteInstance(instancePath(target));
  });
  verb('gp', 'GetProperty').argument('<path>').argument('<property>').action(async (text: string, name: string, options: Options) => {
    const target = targetOf(text, options);
    processStreams.out.write(`${toJson(await valueToJson(await target.client.getProperty(instancePath(target), name)))}\n`);
  });
  verb('sp', 'SetProperty').argument('<path>').argument('<assignment>', 'name=value').action(async (text: string, word: string, options: Options) => {
    const target = targetOf(text, options);
    const cls = await target.client.classOf(className(target), { namespace: target.namespace });
    for (const [name, value] of Object.entries(typedValues([word], cls.properties, cls.name))) {
      await target.client.setProperty(instancePath(target), name, value);
    }
  });
  verb('query', 'ExecQuery').argument('<query>').option('--language <name>', 'WQL or DMTF:CQL', 'WQL').action(async (text: string, options: Options) => {
    const client = connect(options);
    const writer = new ObjectWriter(processStreams, outputForm(options));
    for (const object of await client.execQuery(options.language ?? 'WQL', text, { namespace: client.namespace })) await writer.write(object);
    writer.end();
  });
  return wbem;
}
