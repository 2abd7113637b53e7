import type { PulledInstancesResult, PulledPathsResult } from '../../cim/operations/index.js';
import { AssociationOperations, associatorFilter, referenceFilter } from './association-operations.js';
import type {
  AssociatorFilterOptions,
  EnumerateInstancesOptions,
  GetInstanceOptions,
  InstanceName,
  OpenOptions,
  OperationOptions,
  PullOptions,
  ReferenceFilterOptions,
} from './options.js';

interface WireOpenOptions {
  readonly filterQueryLanguage: string | null;
  readonly filterQuery: string | null;
  readonly operationTimeout: number | null;
  readonly continueOnError: boolean;
  readonly maxObjectCount: number;
}

/** The pulled enumerations of DSP0200 5.3.2.24, one method an operation. Iterators do the same with less care. */
export class PullOperations extends AssociationOperations {
  #open(options: OpenOptions): WireOpenOptions {
    return {
      filterQueryLanguage: options.filterQueryLanguage ?? null,
      filterQuery: options.filterQuery ?? null,
      operationTimeout: options.operationTimeout ?? null,
      continueOnError: options.continueOnError ?? false,
      maxObjectCount: options.maxObjectCount ?? this.maxObjectCount,
    };
  }

  openEnumerateInstances(
    className: string,
    options: EnumerateInstancesOptions & OpenOptions = {},
  ): Promise<PulledInstancesResult> {
    return this.call(
      {
        kind: 'OpenEnumerateInstances',
        namespace: this.namespaceOf(options),
        className,
        deepInheritance: options.deepInheritance ?? true,
        includeClassOrigin: options.includeClassOrigin ?? false,
        propertyList: options.propertyList ?? null,
        ...this.#open(options),
      },
      options,
    );
  }

  openEnumerateInstancePaths(
    className: string,
    options: OperationOptions & OpenOptions = {},
  ): Promise<PulledPathsResult> {
    const namespace = this.namespaceOf(options);
    return this.call({ kind: 'OpenEnumerateInstancePaths', namespace, className, ...this.#open(options) }, options);
  }

  openAssociatorInstances(
    name: InstanceName,
    options: AssociatorFilterOptions & GetInstanceOptions & OpenOptions = {},
  ): Promise<PulledInstancesResult> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.call(
      {
        kind: 'OpenAssociatorInstances',
        namespace,
        instanceName: path,
        ...associatorFilter(options),
        includeClassOrigin: options.includeClassOrigin ?? false,
        propertyList: options.propertyList ?? null,
        ...this.#open(options),
      },
      options,
    );
  }

  openAssociatorInstancePaths(
    name: InstanceName,
    options: AssociatorFilterOptions & OpenOptions = {},
  ): Promise<PulledPathsResult> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.call(
      {
        kind: 'OpenAssociatorInstancePaths',
        namespace,
        instanceName: path,
        ...associatorFilter(options),
        ...this.#open(options),
      },
      options,
    );
  }

  openReferenceInstances(
    name: InstanceName,
    options: ReferenceFilterOptions & GetInstanceOptions & OpenOptions = {},
  ): Promise<PulledInstancesResult> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.call(
      {
        kind: 'OpenReferenceInstances',
        namespace,
        instanceName: path,
        ...referenceFilter(options),
        includeClassOrigin: options.includeClassOrigin ?? false,
        propertyList: options.propertyList ?? null,
        ...this.#open(options),
      },
      options,
    );
  }

  openReferenceInstancePaths(
    name: InstanceName,
    options: ReferenceFilterOptions & OpenOptions = {},
  ): Promise<PulledPathsResult> {
    const { namespace, path } = this.addressInstance(name, options);
    return this.call(
      {
        kind: 'OpenReferenceInstancePaths',
        namespace,
        instanceName: path,
        ...referenceFilter(options),
        ...this.#open(options),
      },
      options,
    );
  }

  openQueryInstances(
    filterQueryLanguage: string,
    filterQuery: string,
    options: OperationOptions &
      Omit<OpenOptions, 'filterQuery' | 'filterQueryLanguage'> & { readonly returnQueryResultClass?: boolean } = {},
  ): Promise<PulledInstancesResult> {
    return this.call(
      {
        kind: 'OpenQueryInstances',
        namespace: this.namespaceOf(options),
        returnQueryResultClass: options.returnQueryResultClass ?? false,
        ...this.#open(options),
        filterQueryLanguage,
        filterQuery,
      },
      options,
    );
  }

  pullInstancesWithPath(enumerationContext: string, options: PullOptions = {}): Promise<PulledInstancesResult> {
    return this.call({ kind: 'PullInstancesWithPath', ...this.#pull(enumerationContext, options) }, options);
  }

  pullInstancePaths(enumerationContext: string, options: PullOptions = {}): Promise<PulledPathsResult> {
    return this.call({ kind: 'PullInstancePaths', ...this.#pull(enumerationContext, options) }, options);
  }

  /** For contexts of OpenQueryInstances: the instances have no paths. */
  pullInstances(enumerationContext: string, options: PullOptions = {}): Promise<PulledInstancesResult> {
    return this.call({ kind: 'PullInstances', ...this.#pull(enumerationContext, options) }, options);
  }

  async closeEnumeration(enumerationContext: string, options: OperationOptions = {}): Promise<void> {
    const namespace = this.namespaceOf(options);
    await this.call({ kind: 'CloseEnumeration', namespace, enumerationContext }, options);
  }

  /** How many objects are left; null: the server does not know. */
  async enumerationCount(enumerationContext: string, options: OperationOptions = {}): Promise<bigint | null> {
    const namespace = this.namespaceOf(options);
    const result = await this.call({ kind: 'EnumerationCount', namespace, enumerationContext }, options);
    return result.count;
  }

  #pull(
    enumerationContext: string,
    options: PullOptions,
  ): { readonly namespace: string; readonly enumerationContext: string; readonly maxObjectCount: number } {
    return {
      namespace: this.namespaceOf(options),
      enumerationContext,
      maxObjectCount: options.maxObjectCount ?? this.maxObjectCount,
    };
  }
}
