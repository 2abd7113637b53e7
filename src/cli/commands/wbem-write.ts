import { type CimMethod, findByName } from '../../cim/index.js';
import { outputForm } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { print, type Streams, toJson, valueToJson } from '../output/index.js';
import { type Verb, writePaths } from './wbem-read.js';
import { className, instancePath, objectPath, targetOf, typedValues, type WbemOptions } from './wbem-target.js';

async function invoke(
  streams: Streams,
  text: string,
  methodName: string,
  words: readonly string[],
  options: WbemOptions,
): Promise<void> {
  const form = outputForm(options);
  const target = await targetOf(text, options);
  const { client, namespace } = target;
  const path = objectPath(target);
  const cls = await client.classOf(path.className, { namespace });
  const method: CimMethod | undefined = findByName(cls.methods, methodName);
  if (method === undefined && words.length > 0) throw new UsageError(`${cls.name} has no method ${methodName}`);
  const parameters = method === undefined ? {} : typedValues(words, method.parameters, `method ${method.name}`);
  const result = await client.invoke(path, methodName, parameters, { namespace });
  const out = Object.fromEntries(Object.entries(result.out).map(([name, value]) => [name, valueToJson(value)]));
  const returnValue = valueToJson(result.returnValue);
  if (form === 'table') {
    const lines = Object.entries(out).map(([name, value]) => `-${name}=${toJson(value)}\n`);
    await print(streams, `${toJson(returnValue)}\n${lines.join('')}`);
  } else {
    await print(streams, `${toJson({ returnValue, out }, form === 'json' ? 2 : undefined)}\n`);
  }
}

/** The operations that change something. */
export function addWriteVerbs(verb: Verb, streams: Streams): void {
  verb('cm', 'call a method; prints the return value, then what comes out')
    .argument('<path>')
    .argument('<method>')
    .argument('[parameters...]', 'name=value; repeated for arrays')
    .action((text: string, name: string, words: string[], options: WbemOptions) =>
      invoke(streams, text, name, words, options),
    );
  verb('ci', 'CreateInstance; prints the path')
    .argument('<class>')
    .argument('[properties...]', 'name=value; repeated for arrays')
    .action(async (text: string, words: string[], options: WbemOptions) => {
      const target = await targetOf(text, options);
      const { client, namespace } = target;
      const cls = await client.classOf(className(target), { namespace });
      const path = await client.create(cls.name, typedValues(words, cls.properties, cls.name), { namespace });
      await writePaths(streams, [path], options);
    });
  verb('mi', 'ModifyInstance')
    .argument('<path>')
    .argument('<properties...>', 'name=value; repeated for arrays')
    .action(async (text: string, words: string[], options: WbemOptions) => {
      const target = await targetOf(text, options);
      const { client, namespace } = target;
      const cls = await client.classOf(className(target), { namespace });
      await client.modify(instancePath(target), typedValues(words, cls.properties, cls.name));
    });
  verb('di', 'DeleteInstance')
    .argument('<path>')
    .action(async (text: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      await target.client.deleteInstance(instancePath(target));
    });
  verb('sp', 'SetProperty')
    .argument('<path>')
    .argument('<assignment>', 'name=value')
    .action(async (text: string, word: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      const { client, namespace } = target;
      const cls = await client.classOf(className(target), { namespace });
      for (const [name, value] of Object.entries(typedValues([word], cls.properties, cls.name))) {
        await client.setProperty(instancePath(target), name, value);
      }
    });
  verb('dc', 'DeleteClass')
    .argument('<class>')
    .action(async (text: string, options: WbemOptions) => {
      const target = await targetOf(text, options);
      await target.client.deleteClass(className(target), { namespace: target.namespace });
    });
}
