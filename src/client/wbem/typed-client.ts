import {
  isCimArray,
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  type CimValue,
  type EmbeddedKind,
} from '../../cim/model/index.js';
import { TvdcError } from '../../base/index.js';
import { describeType, describeValue, isValueOf } from '../../cim/schema/index.js';
import type { EnumerateInstancesOptions, InstanceName, OperationOptions } from './options.js';
import { ObjectStream } from './stream.js';
import { toTypedValue } from './values.js';
import type { WbemClient } from './wbem-client.js';

/** An instance read as the type of its class. */
export interface TypedInstance<T> {
  readonly path: CimInstancePath;
  /** Class of the instance itself: the class asked for or a subclass. */
  readonly className: string;
  /** Frozen; names as the class spells them. What the server left out is NULL, as DSP0200 has it. */
  readonly values: Readonly<T>;
  /** The same as it came, with what a subclass adds. */
  readonly instance: CimInstance;
}

type Options<N extends string> = Omit<EnumerateInstancesOptions, 'propertyList'> & {
  /** Only these. */
  readonly propertyList?: readonly N[];
};

type Names<T> = keyof T & string;
/** What a method takes: the generated `…_In`. */
type InOf<M> = M extends { in: infer I } ? I : never;
/** What a method gives: the generated `…_Out`. */
type OutOf<M> = M extends { out: infer O } ? O : never;

interface Element {
  readonly name: string;
  readonly type: Parameters<typeof isValueOf>[0];
  readonly isArray: boolean;
  readonly referenceClass?: string | null;
  readonly embedded?: EmbeddedKind | null;
}

/** Embedded objects are strings to CIM, but not to a program. */
function isAsEmbedded({ type, embedded = null }: Element, value: CimValue): boolean {
  if (type !== 'string') return true;
  return [value].flat().every((item) => {
    if (item === null) return true;
    if (typeof item !== 'object') return embedded === null;
    return item.kind === 'instance' ? embedded !== null : embedded === 'object';
  });
}

/** The value, sure to be what the declared type says. @throws TvdcError `bad_value` */
function checked(owner: string, element: Element, value: CimValue): CimValue {
  if (isValueOf(element.type, element.isArray, value) && isAsEmbedded(element, value)) return value;
  const got = `${describeValue(value)}${isCimArray(value) ? '' : ` (${typeof value})`}`;
  throw new TvdcError('bad_value', `${owner}.${element.name}: expected ${describeType(element)}, got ${got}`);
}

/**
 * Reads an instance as the type that `tvdc mof types` wrote for its class. The class comes along because types are gone when a
 * program runs: each value is checked against it.
 * @param names only these properties; left out: all of the class
 * @throws TvdcError `bad_value` where the instance does not fit its class or has no path
 */
export function toTypedInstance<T>(cls: CimClass, instance: CimInstance, names?: readonly string[]): TypedInstance<T> {
  const { path, className } = instance;
  if (path === null) throw new TvdcError('bad_value', `expected an instance of ${className} with its path`);
  const wanted = names === undefined ? null : new Set(names);
  const values: Record<string, CimValue> = {};
  for (const property of cls.properties) {
    if (wanted?.has(property.name) === false) continue;
    values[property.name] = checked(cls.name, property, instance.get(property.name) ?? null);
  }
  return { path, className, values: Object.freeze(values) as Readonly<T>, instance };
}

/**
 * A client for the classes of a schema: names of classes, properties, methods and parameters are known to the compiler, and so
 * are the types of their values. Everything read is checked against the server's class, which is read once, so that what the
 * compiler believes is what the program gets.
 */
export class TypedClient<Classes, Methods extends { readonly [K in keyof Classes]: unknown }> {
  readonly client: WbemClient;

  constructor(client: WbemClient) {
    this.client = client;
  }

  /** @throws CimError 6; TvdcError `bad_value` where the instance is not what the class says */
  async get<K extends Names<Classes>, N extends Names<Classes[K]> = Names<Classes[K]>>(
    className: K,
    name: InstanceName,
    options: Omit<Options<N>, 'deepInheritance'> = {},
  ): Promise<TypedInstance<Pick<Classes[K], N>>> {
    const instance = await this.client.getInstance(name, options);
    const namespace = options.namespace ?? instance.path?.namespace ?? this.client.namespace;
    const cls = await this.client.classOf(className, { ...options, namespace });
    return toTypedInstance(cls, instance, options.propertyList);
  }

  /** Instances of the class and its subclasses, pulled where the server can. */
  instances<K extends Names<Classes>, N extends Names<Classes[K]> = Names<Classes[K]>>(
    className: K,
    options: Options<N> = {},
  ): ObjectStream<TypedInstance<Pick<Classes[K], N>>> {
    const { client } = this;
    const { propertyList } = options;
    return new ObjectStream(async function* () {
      const cls = await client.classOf(className, options);
      for await (const batch of client.instances(className, options).batches()) {
        yield batch.map((instance) => toTypedInstance<Pick<Classes[K], N>>(cls, instance, propertyList));
      }
    });
  }

  /** @returns the path that the server gave it */
  create<K extends Names<Classes>>(
    className: K,
    values: Partial<Classes[K]>,
    options: OperationOptions = {},
  ): Promise<CimInstancePath> {
    return this.client.create(className, values as Readonly<Record<string, CimValue | undefined>>, options);
  }

  /** Changes the named properties only. */
  modify<K extends Names<Classes>>(
    _className: K,
    name: InstanceName,
    changes: Partial<Classes[K]>,
    options: OperationOptions = {},
  ): Promise<void> {
    return this.client.modify(name, changes as Readonly<Record<string, CimValue>>, options);
  }

  /**
   * Calls a method on an instance, or on the class itself.
   * @param target null: the class
   * @throws CimError; TvdcError `bad_value` where the answer is not what the class says
   */
  async invoke<K extends Names<Classes>, M extends Names<Methods[K]>>(
    className: K,
    target: CimInstancePath | null,
    methodName: M,
    parameters: InOf<Methods[K][M]>,
    options: OperationOptions = {},
  ): Promise<OutOf<Methods[K][M]>> {
    const namespace = options.namespace ?? target?.namespace ?? this.client.namespace;
    const cls = await this.client.classOf(className, { ...options, namespace });
    const given = parameters as Readonly<Record<string, CimValue | undefined>>;
    const result = await this.client.invoke(target ?? className, methodName, given, {
      ...options,
      namespace,
      class: cls,
    });
    const method = cls.methods.find(({ name }) => name === methodName);
    const owner = `${className}.${methodName}`;
    const out: Record<string, CimValue> = {};
    if (method !== undefined) {
      const returned = { name: 'returnValue', type: method.returnType, isArray: false };
      out['returnValue'] = checked(owner, returned, toTypedValue(returned, result.returnValue));
      for (const [name, value] of Object.entries(result.out)) {
        const declared = method.parameters.find((parameter) => parameter.name.toLowerCase() === name.toLowerCase());
        if (declared !== undefined) out[declared.name] = checked(owner, declared, value);
      }
    }
    return Object.freeze(out) as OutOf<Methods[K][M]>;
  }
}

/**
 * Types a client with what `tvdc mof types` wrote.
 *
 * @example
 * import type { CimClasses, CimMethods } from './tvdc-types.js';
 * const tvdc = typedClient<CimClasses, CimMethods>(client);
 * for await (const { path, values } of tvdc.instances('TVDC_ComputerSystem')) {
 *   if (values.EnabledState === TVDC_ComputerSystem_EnabledState.Disabled)
 *     await tvdc.invoke('TVDC_ComputerSystem', path, 'RequestStateChange', { RequestedState: 2 });
 * }
 */
export function typedClient<Classes, Methods extends { readonly [K in keyof Classes]: unknown }>(
  client: WbemClient,
): TypedClient<Classes, Methods> {
  return new TypedClient<Classes, Methods>(client);
}
