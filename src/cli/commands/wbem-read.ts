import type { Command } from 'commander';
import {
  type CimClass,
  type CimInstance,
  type CimObjectPath,
  type CimQualifierType,
  type CimValue,
  coerceUntyped,
  findByName,
} from '../../cim/index.js';
import { outputForm } from '../connection/index.js';
import {
  objectForms,
  ObjectWriter,
  type OutputForm,
  print,
  schemaForms,
  type Streams,
  toJson,
  valueTexts,
  valueToJson,
} from '../output/index.js';
import {
  className,
  filters,
  instancePath,
  namedProperties,
  objectPath,
  propertyList,
  type Target,
  targetOf,
  type WbemOptions,
} from './wbem-target.js';

type CimObject = CimInstance | CimClass | CimQualifierType;
type Many<T> = AsyncIterable<T> | Iterable<T>;

/** Makes a subcommand that talks to a server. */
export type Verb = (name: string, description: string, forms?: readonly OutputForm[]) => Command;

async function writeObjects(
  streams: Streams,
  objects: Many<CimObject>,
  target: Target,
  options: WbemOptions,
  forms: readonly OutputForm[],
): Promise<void> {
  const columns = namedProperties(options);
  const writer = new ObjectWriter(streams, outputForm(options, forms), {
    texts: valueTexts(target.client, target.namespace),
    ...(columns === undefined ? {} : { columns }),
  });
  for await (const object of objects) await writer.write(object);
  await writer.end();
}

async function writeOne(streams: Streams, object: CimObject, target: Target, options: WbemOptions): Promise<void> {
  const texts = valueTexts(target.client, target.namespace);
  const writer = new ObjectWriter(streams, outputForm(options, objectForms), { texts, single: true });
  await writer.write(object);
  await writer.end();
}

export async function writePaths(streams: Streams, paths: Many<CimObjectPath>, options: WbemOptions): Promise<void> {
  const writer = new ObjectWriter(streams, outputForm(options));
  for await (const path of paths) await writer.writePath(path);
  await writer.end();
}

async function writeNames(streams: Streams, names: readonly string[], options: WbemOptions): Promise<void> {
  const form = outputForm(options);
  if (form === 'json') return print(streams, `${toJson(names, 2)}\n`);
  return print(streams, names.map((name) => `${form === 'ndjson' ? JSON.stringify(name) : name}\n`).join(''));
}

const list = ['-p, --properties <list>', 'only these, by comma; as columns of a table'] as const;

/** GetProperty answers with text: the type is in the class, where that can be read. */
async function typedProperty(
  { client, namespace }: Target,
  owner: string,
  name: string,
  value: CimValue,
): Promise<CimValue> {
  const cls = await client.classOf(owner, { namespace }).catch(() => null);
  const declared = cls === null ? undefined : findByName(cls.properties, name);
  return declared === undefined ? value : coerceUntyped(declared.type, declared.isArray, value);
}

function addInstanceVerbs(verb: Verb, streams: Streams): void {
  verb('gi', 'GetInstance', objectForms)
    .argument('<path>')
    .option(...list)
    .action(async (text: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const instance = await target.client.getInstance(instancePath(target), propertyList(options));
      await writeOne(streams, instance, target, options);
    });
  verb('ei', 'EnumerateInstances, pulled where the server can', objectForms)
    .argument('<class>')
    .option(...list)
    .action(async (text: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const { client, namespace } = target;
      const found = client.instances(className(target), { namespace, ...propertyList(options) });
      await writeObjects(streams, found, target, options, objectForms);
    });
  verb('ein', 'EnumerateInstanceNames')
    .argument('<class>')
    .action(async (text: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const { client, namespace } = target;
      await writePaths(streams, client.instancePaths(className(target), { namespace }), options);
    });
  verb('gp', 'GetProperty')
    .argument('<path>')
    .argument('<property>')
    .action(async (text: string, name: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const path = instancePath(target);
      const value = await target.client.getProperty(path, name);
      await print(streams, `${toJson(valueToJson(await typedProperty(target, path.className, name, value)))}\n`);
    });
  verb('query', 'ExecQuery', objectForms)
    .argument('<query>')
    .option('--language <name>', 'WQL or DMTF:CQL', 'WQL')
    .action(async (text: string, options: WbemOptions & { readonly language: string }) => {
      const target = await targetOf(undefined, options);
      const found = await target.client.execQuery(options.language, text, { namespace: target.namespace });
      await writeObjects(streams, found, target, options, objectForms);
    });
}

function addClassVerbs(verb: Verb, streams: Streams): void {
  verb('gc', 'GetClass', objectForms)
    .argument('<class>')
    .option('--local-only', 'without what it inherits')
    .action(async (text: string, options: WbemOptions & { readonly localOnly?: boolean }) => {
      const target = await targetOf(text, options);
      const { client, namespace } = target;
      const cls = await client.getClass(className(target), { namespace, localOnly: options.localOnly === true });
      await writeOne(streams, cls, target, options);
    });
  verb('ec', 'EnumerateClasses, with subclasses', schemaForms)
    .argument('[class]')
    .action(async (text: string | undefined, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const request = { namespace: target.namespace, className: target.path?.className ?? null, deepInheritance: true };
      await writeObjects(streams, await target.client.enumerateClasses(request), target, options, schemaForms);
    });
  verb('ecn', 'EnumerateClassNames, with subclasses')
    .argument('[class]')
    .action(async (text: string | undefined, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const request = { namespace: target.namespace, className: target.path?.className ?? null, deepInheritance: true };
      await writeNames(streams, await target.client.enumerateClassNames(request), options);
    });
  verb('gq', 'GetQualifier', objectForms)
    .argument('<name>')
    .action(async (name: string, options: WbemOptions) => {
      const target = await targetOf(undefined, options);
      await writeOne(streams, await target.client.getQualifier(name, { namespace: target.namespace }), target, options);
    });
  verb('eq', 'EnumerateQualifiers', objectForms).action(async (options: WbemOptions) => {
    const target = await targetOf(undefined, options);
    const found = await target.client.enumerateQualifiers({ namespace: target.namespace });
    await writeObjects(streams, found, target, options, objectForms);
  });
}

function withFilters(command: Command): Command {
  return command
    .option('--assoc-class <class>', 'only by this association')
    .option('--result-class <class>', 'only objects of this class')
    .option('--role <name>', 'role of the object given')
    .option('--result-role <name>', 'role of the objects found');
}

function addAssociationVerbs(verb: Verb, streams: Streams): void {
  const objects = (name: string, description: string, how: 'associatorsOf' | 'referencesOf'): void => {
    withFilters(verb(name, description, objectForms).argument('<path>'))
      .option(...list)
      .action(async (text: string, options: WbemOptions) => {
        const target = await targetOf(text, options);
        const { client, namespace } = target;
        const request = { namespace, ...filters(options), ...propertyList(options) };
        await writeObjects(streams, await client[how](objectPath(target), request), target, options, objectForms);
      });
  };
  const names = (name: string, description: string, how: 'associatorNames' | 'referenceNames'): void => {
    withFilters(verb(name, description).argument('<path>')).action(async (text: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const { client, namespace } = target;
      await writePaths(streams, await client[how](objectPath(target), { namespace, ...filters(options) }), options);
    });
  };
  objects('ai', 'Associators', 'associatorsOf');
  names('ain', 'AssociatorNames', 'associatorNames');
  objects('ri', 'References', 'referencesOf');
  names('rin', 'ReferenceNames', 'referenceNames');
}

/** The operations that read. */
export function addReadVerbs(verb: Verb, streams: Streams): void {
  addInstanceVerbs(verb, streams);
  addClassVerbs(verb, streams);
  addAssociationVerbs(verb, streams);
}
