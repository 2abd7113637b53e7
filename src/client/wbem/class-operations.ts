import type { CimClass, CimQualifierType } from '../../cim/model/index.js';
import { ClientCore } from './core.js';
import type {
  EnumerateClassesOptions,
  EnumerateClassNamesOptions,
  GetClassOptions,
  OperationOptions,
} from './options.js';
import { collect } from './stream.js';

/** Operations on classes and qualifier types. */
export class ClassOperations extends ClientCore {
  /** @throws CimError 6 where there is no such class */
  async getClass(className: string, options: GetClassOptions = {}): Promise<CimClass> {
    const result = await this.call(
      {
        kind: 'GetClass',
        namespace: this.namespaceOf(options),
        className,
        localOnly: options.localOnly ?? false,
        includeQualifiers: options.includeQualifiers ?? true,
        includeClassOrigin: options.includeClassOrigin ?? false,
        propertyList: options.propertyList ?? null,
      },
      options,
    );
    return result.class;
  }

  async enumerateClasses(options: EnumerateClassesOptions = {}): Promise<CimClass[]> {
    const result = await this.call(
      {
        kind: 'EnumerateClasses',
        namespace: this.namespaceOf(options),
        className: options.className ?? null,
        deepInheritance: options.deepInheritance ?? false,
        localOnly: options.localOnly ?? false,
        includeQualifiers: options.includeQualifiers ?? true,
        includeClassOrigin: options.includeClassOrigin ?? false,
      },
      options,
    );
    return collect(result.batches);
  }

  async enumerateClassNames(options: EnumerateClassNamesOptions = {}): Promise<readonly string[]> {
    const result = await this.call(
      {
        kind: 'EnumerateClassNames',
        namespace: this.namespaceOf(options),
        className: options.className ?? null,
        deepInheritance: options.deepInheritance ?? false,
      },
      options,
    );
    return result.names;
  }

  async createClass(newClass: CimClass, options: OperationOptions = {}): Promise<void> {
    await this.call({ kind: 'CreateClass', namespace: this.namespaceOf(options), newClass }, options);
    this.forgetClasses();
  }

  async modifyClass(modifiedClass: CimClass, options: OperationOptions = {}): Promise<void> {
    await this.call({ kind: 'ModifyClass', namespace: this.namespaceOf(options), modifiedClass }, options);
    this.forgetClasses();
  }

  async deleteClass(className: string, options: OperationOptions = {}): Promise<void> {
    await this.call({ kind: 'DeleteClass', namespace: this.namespaceOf(options), className }, options);
    this.forgetClasses();
  }

  /** @throws CimError 6 where there is no such qualifier type */
  async getQualifier(qualifierName: string, options: OperationOptions = {}): Promise<CimQualifierType> {
    const namespace = this.namespaceOf(options);
    const result = await this.call({ kind: 'GetQualifier', namespace, qualifierName }, options);
    return result.qualifier;
  }

  async setQualifier(qualifier: CimQualifierType, options: OperationOptions = {}): Promise<void> {
    await this.call({ kind: 'SetQualifier', namespace: this.namespaceOf(options), qualifier }, options);
  }

  async deleteQualifier(qualifierName: string, options: OperationOptions = {}): Promise<void> {
    await this.call({ kind: 'DeleteQualifier', namespace: this.namespaceOf(options), qualifierName }, options);
  }

  async enumerateQualifiers(options: OperationOptions = {}): Promise<readonly CimQualifierType[]> {
    const result = await this.call({ kind: 'EnumerateQualifiers', namespace: this.namespaceOf(options) }, options);
    return result.qualifiers;
  }
}
