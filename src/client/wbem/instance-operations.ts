import { TvdcError } from '../../base/index.js';
import {
  type CimInstance,
  CimInstance as Instance,
  type CimInstancePath,
  type CimValue,
  createInstance,
  relocate,
  shapeOf,
} from '../../cim/model/index.js';
import { ClassOperations } from './class-operations.js';
import { inNamespace, instanceInNamespace } from './core.js';
import type {
  EnumerateInstancesOptions,
  GetInstanceOptions,
  InstanceName,
  ModifyInstanceOptions,
  OperationOptions,
} from './options.js';
import { collect } from './stream.js';
import { toDeclaredValue } from './values.js';

/** Operations on instances and single properties. */
export class InstanceOperations extends ClassOperations {
  /** @throws CimError 6 where there is no such instance */
  async getInstance(name: InstanceName, options: GetInstanceOptions = {}): Promise<CimInstance> {
    const { namespace, path } = this.addressInstance(name, options);
    const result = await this.call(
      {
        kind: 'GetInstance',
        namespace,
        instanceName: path,
        includeClassOrigin: options.includeClassOrigin ?? false,
        propertyList: options.propertyList ?? null,
      },
      options,
    );
    return result.instance.withPath(relocate(path, { namespace }));
  }

  async enumerateInstances(className: string, options: EnumerateInstancesOptions = {}): Promise<CimInstance[]> {
    const namespace = this.namespaceOf(options);
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
    return (await collect(result.batches)).map((instance) => instanceInNamespace(instance, namespace));
  }

  async enumerateInstanceNames(className: string, options: OperationOptions = {}): Promise<CimInstancePath[]> {
    const namespace = this.namespaceOf(options);
    const result = await this.call({ kind: 'EnumerateInstanceNames', namespace, className }, options);
    return (await collect(result.batches)).map((path) => inNamespace(path, namespace));
  }

  /** @returns the path that the server gave it */
  async createInstance(newInstance: CimInstance, options: OperationOptions = {}): Promise<CimInstancePath> {
    const namespace = options.namespace ?? newInstance.path?.namespace ?? this.namespace;
    const result = await this.call(
      { kind: 'CreateInstance', namespace, newInstance: newInstance.withPath(null) },
      options,
    );
    return inNamespace(result.path, namespace);
  }

  /** Creates from plain values; the class, which is read once, says the types. */
  async create(
    className: string,
    values: Readonly<Record<string, CimValue | undefined>>,
    options: OperationOptions = {},
  ): Promise<CimInstancePath> {
    const cls = await this.classOf(className, options);
    const typed: Record<string, CimValue | undefined> = {};
    for (const [name, value] of Object.entries(values)) typed[name] = toDeclaredValue(cls, name, value);
    return this.createInstance(createInstance(cls, typed), { ...options, namespace: this.namespaceOf(options) });
  }

  /** Changes the instance that `modifiedInstance.path` names. */
  async modifyInstance(modifiedInstance: CimInstance, options: ModifyInstanceOptions = {}): Promise<void> {
    if (modifiedInstance.path === null) {
      throw new TvdcError('bad_object_path', `expected an instance of ${modifiedInstance.className} with its path`);
    }
    const { namespace, path } = this.addressInstance(modifiedInstance.path, options);
    await this.call(
      {
        kind: 'ModifyInstance',
        namespace,
        modifiedInstance: modifiedInstance.withPath(path),
        propertyList: options.propertyList ?? null,
      },
      options,
    );
  }

  /** Changes only the named properties; the class, which is read once, says the types. */
  async modify(
    name: InstanceName,
    changes: Readonly<Record<string, CimValue>>,
    options: OperationOptions = {},
  ): Promise<void> {
    const { namespace, path } = this.addressInstance(name, options);
    const cls = await this.classOf(path.className, { ...options, namespace });
    const shape = shapeOf(cls);
    const values: (CimValue | undefined)[] = shape.properties.map(() => undefined);
    for (const [property, value] of Object.entries(changes)) {
      values[shape.indexOf(property)] = toDeclaredValue(cls, property, value);
    }
    const instance = new Instance(shape, values, relocate(path, { namespace }));
    await this.modifyInstance(instance, { ...options, propertyList: Object.keys(changes) });
  }

  async deleteInstance(name: InstanceName, options: OperationOptions = {}): Promise<void> {
    const { namespace, path } = this.addressInstance(name, options);
    await this.call({ kind: 'DeleteInstance', namespace, instanceName: path }, options);
  }

  /** Deprecated in DSP0200, kept for servers that know nothing else. Values whose type is not said come as text. */
  async getProperty(name: InstanceName, propertyName: string, options: OperationOptions = {}): Promise<CimValue> {
    const { namespace, path } = this.addressInstance(name, options);
    const result = await this.call({ kind: 'GetProperty', namespace, instanceName: path, propertyName }, options);
    return result.value;
  }

  async setProperty(
    name: InstanceName,
    propertyName: string,
    newValue: CimValue,
    options: OperationOptions = {},
  ): Promise<void> {
    const { namespace, path } = this.addressInstance(name, options);
    await this.call({ kind: 'SetProperty', namespace, instanceName: path, propertyName, newValue }, options);
  }
}
