import type { CimClass, CimInstance, CimInstancePath, CimObjectPath } from '../../cim/model/index.js';
import type { Batches, PulledInstancesResult, PulledPathsResult } from '../../cim/operations/index.js';
import { inNamespace, instanceInNamespace } from './core.js';
import { InvokeOperations } from './invoke.js';
import { PullMemory, type Source } from './iterate.js';
import type {
  AssociatorFilterOptions,
  EnumerateInstancesOptions,
  GetInstanceOptions,
  InstanceName,
  IteratorOptions,
  OperationOptions,
  PullOptions,
  ReferenceFilterOptions,
} from './options.js';
import { ObjectStream } from './stream.js';

interface Origin {
  readonly namespace: string;
  readonly signal: AbortSignal | undefined;
}

async function* mapped<A, B>(
  batches: Batches<A>,
  map: (object: A) => B,
): AsyncGenerator<readonly B[], void, undefined> {
  for await (const batch of batches) yield batch.map(map);
}

/** Classic traversal of an instance may name classes only by a fault of the server: they are left out. */
async function* onlyInstances(
  objects: readonly (CimInstance | CimClass)[],
): AsyncGenerator<readonly CimInstance[], void, undefined> {
  yield objects.filter((object): object is CimInstance => object.kind === 'instance');
}

async function* onlyInstancePaths(
  paths: readonly CimObjectPath[],
): AsyncGenerator<readonly CimInstancePath[], void, undefined> {
  yield paths.filter((path): path is CimInstancePath => path.kind === 'instance-path');
}

function pullOptions(namespace: string, signal: AbortSignal | undefined, options: IteratorOptions): PullOptions {
  return {
    namespace,
    ...(signal === undefined ? {} : { signal }),
    ...(options.maxObjectCount === undefined ? {} : { maxObjectCount: options.maxObjectCount }),
  };
}

function hasFilter(options: IteratorOptions): boolean {
  return (options.filterQuery ?? null) !== null || (options.filterQueryLanguage ?? null) !== null;
}

/**
 * A WBEM client over any transport. Methods named as in DSP0200 are those operations; `instances`, `instancePaths`,
 * `associators`, `associatorPaths`, `references`, `referencePaths` and `query` are streams that pull where the server can,
 * else use the classic operation; the answer to that question is remembered for each operation.
 *
 * @example
 * const client = new WbemClient(createHttpTransport({ url: 'https://host:5989', user, password }));
 * for await (const system of client.instances('CIM_ComputerSystem')) console.log(system.getString('ElementName'));
 */
export class WbemClient extends InvokeOperations {
  readonly #memory = new PullMemory();

  #stream<P extends PulledInstancesResult | PulledPathsResult, T>(
    options: IteratorOptions,
    source: Source<P, T>,
  ): ObjectStream<T> {
    return new ObjectStream(() => this.#memory.batches(source, options.pull ?? this.pullMode));
  }

  #origin(namespace: string, options: OperationOptions): Origin {
    return { namespace, signal: options.signal };
  }

  #pulling(
    { namespace, signal }: Origin,
    options: IteratorOptions,
  ): Pick<Source<PulledInstancesResult, CimInstance>, 'pull' | 'close' | 'objectsOf'> {
    return {
      pull: (context) => this.pullInstancesWithPath(context, pullOptions(namespace, signal, options)),
      // Not with the caller's signal: it may be the reason for closing.
      close: (context) => this.closeEnumeration(context, { namespace }),
      objectsOf: (answer) => answer.instances.map((instance) => instanceInNamespace(instance, namespace)),
    };
  }

  #pullingPaths(
    { namespace, signal }: Origin,
    options: IteratorOptions,
  ): Pick<Source<PulledPathsResult, CimInstancePath>, 'pull' | 'close' | 'objectsOf'> {
    return {
      pull: (context) => this.pullInstancePaths(context, pullOptions(namespace, signal, options)),
      close: (context) => this.closeEnumeration(context, { namespace }),
      objectsOf: (answer) => answer.paths.map((path) => inNamespace(path, namespace)),
    };
  }

  /** All instances of a class and its subclasses. */
  instances(className: string, options: EnumerateInstancesOptions & IteratorOptions = {}): ObjectStream<CimInstance> {
    const namespace = this.namespaceOf(options);
    return this.#stream(options, {
      operation: 'OpenEnumerateInstances',
      open: () => this.openEnumerateInstances(className, options),
      ...this.#pulling(this.#origin(namespace, options), options),
      classic: hasFilter(options) ? null : () => this.#classicInstances(namespace, className, options),
    });
  }

  async #classicInstances(
    namespace: string,
    className: string,
    options: EnumerateInstancesOptions,
  ): Promise<Batches<CimInstance>> {
    const result = await this.call(
      {
        kind: 'EnumerateInstances',
        namespace,
        className,
        deepInheritance: options.deepInheritance ?? true,
        includeClassOrigin: options.includeClassOrigin ?? false,
        propertyList: options.propertyList ?? null,
      },
      options,
    );
    return mapped(result.batches, (instance) => instanceInNamespace(instance, namespace));
  }

  /** Paths of all instances of a class and its subclasses. */
  instancePaths(className: string, options: OperationOptions & IteratorOptions = {}): ObjectStream<CimInstancePath> {
    const namespace = this.namespaceOf(options);
    return this.#stream(options, {
      operation: 'OpenEnumerateInstancePaths',
      open: () => this.openEnumerateInstancePaths(className, options),
      ...this.#pullingPaths(this.#origin(namespace, options), options),
      classic: hasFilter(options)
        ? null
        : async () => {
            const result = await this.call({ kind: 'EnumerateInstanceNames', namespace, className }, options);
            return mapped(result.batches, (path) => inNamespace(path, namespace));
          },
    });
  }

  /** Instances at the other ends of the associations of an instance. */
  associators(
    name: InstanceName,
    options: AssociatorFilterOptions & GetInstanceOptions & IteratorOptions = {},
  ): ObjectStream<CimInstance> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.#stream(options, {
      operation: 'OpenAssociatorInstances',
      open: () => this.openAssociatorInstances(path, { ...options, namespace }),
      ...this.#pulling(this.#origin(namespace, options), options),
      classic: hasFilter(options)
        ? null
        : async () => onlyInstances(await this.associatorsOf(path, { ...options, namespace })),
    });
  }

  associatorPaths(
    name: InstanceName,
    options: AssociatorFilterOptions & IteratorOptions = {},
  ): ObjectStream<CimInstancePath> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.#stream(options, {
      operation: 'OpenAssociatorInstancePaths',
      open: () => this.openAssociatorInstancePaths(path, { ...options, namespace }),
      ...this.#pullingPaths(this.#origin(namespace, options), options),
      classic: hasFilter(options)
        ? null
        : async () => onlyInstancePaths(await this.associatorNames(path, { ...options, namespace })),
    });
  }

  /** Association instances that name an instance. */
  references(
    name: InstanceName,
    options: ReferenceFilterOptions & GetInstanceOptions & IteratorOptions = {},
  ): ObjectStream<CimInstance> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.#stream(options, {
      operation: 'OpenReferenceInstances',
      open: () => this.openReferenceInstances(path, { ...options, namespace }),
      ...this.#pulling(this.#origin(namespace, options), options),
      classic: hasFilter(options)
        ? null
        : async () => onlyInstances(await this.referencesOf(path, { ...options, namespace })),
    });
  }

  referencePaths(
    name: InstanceName,
    options: ReferenceFilterOptions & IteratorOptions = {},
  ): ObjectStream<CimInstancePath> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.#stream(options, {
      operation: 'OpenReferenceInstancePaths',
      open: () => this.openReferenceInstancePaths(path, { ...options, namespace }),
      ...this.#pullingPaths(this.#origin(namespace, options), options),
      classic: hasFilter(options)
        ? null
        : async () => onlyInstancePaths(await this.referenceNames(path, { ...options, namespace })),
    });
  }

  /** Instances that a query finds. */
  query(
    queryLanguage: string,
    query: string,
    options: OperationOptions & Omit<IteratorOptions, 'filterQuery' | 'filterQueryLanguage'> = {},
  ): ObjectStream<CimInstance> {
    const namespace = this.namespaceOf(options);
    const origin = this.#origin(namespace, options);
    return this.#stream(options, {
      operation: 'OpenQueryInstances',
      open: () => this.openQueryInstances(queryLanguage, query, options),
      ...this.#pulling(origin, options),
      pull: (context) => this.pullInstances(context, pullOptions(namespace, origin.signal, options)),
      classic: async () => onlyInstances(await this.execQuery(queryLanguage, query, options)),
    });
  }
}
