import type { CimInstance, CimInstancePath, CimMethod, CimParameter, CimValue } from '../../cim/model/index.js';
import { findByName } from '../../cim/model/index.js';
import type { Batches } from '../../cim/operations/index.js';
import type { MethodFunction, MethodOutcome, Provider, ProviderContext } from '../provider/index.js';
import { conditionToJson } from './condition.js';
import { badAnswer, foreignText } from './errors.js';
import { JsonReader } from './from-json.js';
import type { RpcParameters, RpcPeer } from './json-rpc.js';
import type { ProviderKeeper } from './keeper.js';
import type { ProcessLimits } from './limits.js';
import { instanceToJson, pathToJson, valueToJson } from './to-json.js';

/** What a provider process can do for a class, by the names of the provider contract. */
export const processOperations = ['enumerate', 'get', 'create', 'modify', 'delete', 'references', 'query'] as const;
export type ProcessOperation = (typeof processOperations)[number];

/** One class that a provider process serves. */
export interface ServedClass {
  readonly className: string;
  readonly namespaces: readonly string[];
  readonly operations: readonly ProcessOperation[];
  readonly methods: readonly string[];
}

interface Answer {
  readonly [name: string]: unknown;
}

// An instance more costs a microsecond or two: so many leave others their turn.
const decodedAtOnce = 200;

function answerOf(result: unknown): Answer {
  if (typeof result === 'object' && result !== null && !Array.isArray(result)) return result as Answer;
  if (result === null || result === undefined) return {};
  throw badAnswer('expected an object as result');
}

class ProcessProvider {
  readonly #served: ServedClass;
  readonly #keeper: ProviderKeeper;
  readonly #limits: ProcessLimits;

  constructor(served: ServedClass, keeper: ProviderKeeper, limits: ProcessLimits) {
    this.#served = served;
    this.#keeper = keeper;
    this.#limits = limits;
  }

  async #peer(): Promise<RpcPeer> {
    return (await this.#keeper.connection()).peer;
  }

  async #ask(peer: RpcPeer, operation: string, context: ProviderContext, more: RpcParameters): Promise<Answer> {
    const { caller, namespace, propertyList } = context;
    const timeout = operation === 'invoke' ? this.#limits.methodTime : this.#limits.answerTime;
    const params = {
      class: this.#served.className,
      namespace,
      caller: { user: caller.user, address: caller.address },
      propertyList,
      timeout,
      ...more,
    };
    return answerOf(await peer.request(operation, params, { timeout, signal: context.signal }));
  }

  /** The process is asked for the next batch when this one was taken: it never runs ahead. */
  async *batches(
    operation: string,
    context: ProviderContext,
    more: RpcParameters,
  ): AsyncGenerator<readonly CimInstance[], void, undefined> {
    const peer = await this.#peer();
    const reader = new JsonReader(context.classes, context.namespace);
    let cursor: unknown = null;
    try {
      let answer = await this.#ask(peer, operation, context, more);
      for (;;) {
        cursor = answer['cursor'] ?? null;
        const instances = answer['instances'] ?? [];
        if (!Array.isArray(instances)) throw badAnswer(`${operation}: expected an array of instances`);
        for (let at = 0; at < instances.length; at += decodedAtOnce) {
          yield instances.slice(at, at + decodedAtOnce).map((json: unknown) => reader.instance(json));
        }
        if (cursor === null) return;
        answer = await this.#ask(peer, 'next', context, { cursor });
      }
    } finally {
      if (cursor !== null) peer.notify('close', { class: this.#served.className, cursor });
    }
  }

  async get(context: ProviderContext, path: CimInstancePath): Promise<CimInstance | null> {
    const { instance } = await this.#ask(await this.#peer(), 'get', context, { path: pathToJson(path) });
    if (instance === undefined) throw badAnswer('get: expected an instance or null');
    return instance === null ? null : new JsonReader(context.classes, context.namespace).instance(instance);
  }

  async create(context: ProviderContext, instance: CimInstance): Promise<CimInstancePath> {
    const peer = await this.#peer();
    const { path } = await this.#ask(peer, 'create', context, { instance: instanceToJson(instance) });
    return new JsonReader(context.classes, context.namespace).path(path);
  }

  async modify(context: ProviderContext, instance: CimInstance, list: readonly string[] | null): Promise<void> {
    const more = { instance: instanceToJson(instance), propertyList: list };
    await this.#ask(await this.#peer(), 'modify', context, more);
  }

  async delete(context: ProviderContext, path: CimInstancePath): Promise<void> {
    await this.#ask(await this.#peer(), 'delete', context, { path: pathToJson(path) });
  }

  method(name: string): MethodFunction {
    return async (context, self, parameters): Promise<MethodOutcome> => {
      const method = findByName(context.classes.get(this.#served.className).methods, name);
      if (method === undefined) throw badAnswer(`${this.#served.className} has no method ${name}`);
      const answer = await this.#ask(await this.#peer(), 'invoke', context, {
        method: method.name,
        path: self === null ? null : pathToJson(self),
        parameters: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, valueToJson(value)])),
      });
      return outcomeOf(method, answer, new JsonReader(context.classes, context.namespace));
    };
  }
}

function outcomeOf(method: CimMethod, { returnValue, out }: Answer, reader: JsonReader): MethodOutcome {
  const result = { name: `return value of ${method.name}`, type: method.returnType, isArray: false, embedded: null };
  const values: [string, CimValue][] = Object.entries(answerOf(out)).map(([name, json]) => {
    const parameter: CimParameter | undefined = findByName(method.parameters, name);
    if (parameter === undefined) throw badAnswer(`${method.name} has no parameter ${foreignText(name)}`);
    return [parameter.name, reader.value(parameter, json)];
  });
  return { returnValue: reader.value(result, returnValue ?? null), out: Object.fromEntries(values) };
}

/** The provider of one class, as the object manager sees it, whose work is done in another process. */
export function createProcessProvider(served: ServedClass, keeper: ProviderKeeper, limits: ProcessLimits): Provider {
  const provider = new ProcessProvider(served, keeper, limits);
  const offers = new Set<string>(served.operations);
  const operations: Omit<Required<Provider>, 'className' | 'namespaces' | 'methods'> = {
    enumerate: (context) => provider.batches('enumerate', context, {}),
    query: (context, { language, text, where }): Batches<CimInstance> =>
      provider.batches('query', context, { language, query: text, where: conditionToJson(where) }),
    references: (context, object, role) => provider.batches('references', context, { path: pathToJson(object), role }),
    get: (context, path) => provider.get(context, path),
    create: (context, instance) => provider.create(context, instance),
    modify: (context, instance, list) => provider.modify(context, instance, list),
    delete: (context, path) => provider.delete(context, path),
  };
  return {
    className: served.className,
    namespaces: served.namespaces,
    ...Object.fromEntries(Object.entries(operations).filter(([name]) => offers.has(name))),
    methods: Object.fromEntries(served.methods.map((name) => [name, provider.method(name)])),
  };
}
