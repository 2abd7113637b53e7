import type { CimClass, CimInstance, CimObjectPath } from '../../cim/model/index.js';
import { inNamespace, instanceInNamespace } from './core.js';
import { InstanceOperations } from './instance-operations.js';
import type {
  AssociatorFilterOptions,
  AssociatorsOptions,
  OperationOptions,
  ReferenceFilterOptions,
  ReferencesOptions,
} from './options.js';
import { collect } from './stream.js';

export function referenceFilter(options: ReferenceFilterOptions): {
  readonly resultClass: string | null;
  readonly role: string | null;
} {
  return { resultClass: options.resultClass ?? null, role: options.role ?? null };
}

export function associatorFilter(options: AssociatorFilterOptions): {
  readonly assocClass: string | null;
  readonly resultClass: string | null;
  readonly role: string | null;
  readonly resultRole: string | null;
} {
  return {
    assocClass: options.assocClass ?? null,
    resultClass: options.resultClass ?? null,
    role: options.role ?? null,
    resultRole: options.resultRole ?? null,
  };
}

function objectOptions(options: AssociatorsOptions | ReferencesOptions): {
  readonly includeQualifiers: boolean;
  readonly includeClassOrigin: boolean;
  readonly propertyList: readonly string[] | null;
} {
  return {
    includeQualifiers: options.includeQualifiers ?? false,
    includeClassOrigin: options.includeClassOrigin ?? false,
    propertyList: options.propertyList ?? null,
  };
}

function placed<T extends CimInstance | CimClass>(objects: readonly T[], namespace: string): T[] {
  return objects.map((object) => (object.kind === 'instance' ? (instanceInNamespace(object, namespace) as T) : object));
}

/** Traversal of associations by the classic operations, and ExecQuery. A name without keys is a class. */
export class AssociationOperations extends InstanceOperations {
  async associatorsOf(
    name: CimObjectPath | string,
    options: AssociatorsOptions = {},
  ): Promise<(CimInstance | CimClass)[]> {
    const { namespace, path } = this.addressObject(name, options);
    const result = await this.call(
      { kind: 'Associators', namespace, objectName: path, ...associatorFilter(options), ...objectOptions(options) },
      options,
    );
    return placed(await collect(result.batches), namespace);
  }

  async associatorNames(name: CimObjectPath | string, options: AssociatorFilterOptions = {}): Promise<CimObjectPath[]> {
    const { namespace, path } = this.addressObject(name, options);
    const result = await this.call(
      { kind: 'AssociatorNames', namespace, objectName: path, ...associatorFilter(options) },
      options,
    );
    return (await collect(result.batches)).map((found) => inNamespace(found, namespace));
  }

  async referencesOf(
    name: CimObjectPath | string,
    options: ReferencesOptions = {},
  ): Promise<(CimInstance | CimClass)[]> {
    const { namespace, path } = this.addressObject(name, options);
    const result = await this.call(
      { kind: 'References', namespace, objectName: path, ...referenceFilter(options), ...objectOptions(options) },
      options,
    );
    return placed(await collect(result.batches), namespace);
  }

  async referenceNames(name: CimObjectPath | string, options: ReferenceFilterOptions = {}): Promise<CimObjectPath[]> {
    const { namespace, path } = this.addressObject(name, options);
    const result = await this.call(
      { kind: 'ReferenceNames', namespace, objectName: path, ...referenceFilter(options) },
      options,
    );
    return (await collect(result.batches)).map((found) => inNamespace(found, namespace));
  }

  /** @param queryLanguage `DMTF:CQL` or `WQL`, for example */
  async execQuery(
    queryLanguage: string,
    query: string,
    options: OperationOptions = {},
  ): Promise<(CimInstance | CimClass)[]> {
    const namespace = this.namespaceOf(options);
    const result = await this.call({ kind: 'ExecQuery', namespace, queryLanguage, query }, options);
    return placed(await collect(result.batches), namespace);
  }
}
