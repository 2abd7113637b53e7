import type { CimClass, CimInstance, CimInstancePath, CimQualifierType } from '../model/index.js';
import { CimError, type CallOptions, type CimRequest, type CimTransport, type ResultOf } from '../operations/index.js';
import type { MofTarget } from './target.js';

const notFound = 6;

/** Any server as a target: its operations, one after the other. */
class TransportTarget implements MofTarget {
  readonly #transport: CimTransport;
  readonly #options: CallOptions;

  constructor(transport: CimTransport, options: CallOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  #call<R extends CimRequest>(request: R): Promise<ResultOf<R>> {
    return this.#transport.call(request, this.#options);
  }

  async #found<R extends CimRequest>(request: R): Promise<ResultOf<R> | null> {
    try {
      return await this.#call(request);
    } catch (error) {
      if (error instanceof CimError && error.status === notFound) return null;
      throw error;
    }
  }

  async getQualifierType(namespace: string, name: string): Promise<CimQualifierType | null> {
    const result = await this.#found({ kind: 'GetQualifier', namespace, qualifierName: name });
    return result?.qualifier ?? null;
  }

  async setQualifierType(namespace: string, qualifier: CimQualifierType): Promise<void> {
    await this.#call({ kind: 'SetQualifier', namespace, qualifier });
  }

  async deleteQualifierType(namespace: string, name: string): Promise<void> {
    await this.#call({ kind: 'DeleteQualifier', namespace, qualifierName: name });
  }

  async getClass(namespace: string, name: string): Promise<CimClass | null> {
    const result = await this.#found({
      kind: 'GetClass',
      namespace,
      className: name,
      localOnly: true,
      includeQualifiers: true,
      includeClassOrigin: true,
      propertyList: null,
    });
    return result?.class ?? null;
  }

  async createClass(namespace: string, newClass: CimClass): Promise<void> {
    await this.#call({ kind: 'CreateClass', namespace, newClass });
  }

  async modifyClass(namespace: string, modifiedClass: CimClass): Promise<void> {
    await this.#call({ kind: 'ModifyClass', namespace, modifiedClass });
  }

  async deleteClass(namespace: string, name: string): Promise<void> {
    await this.#call({ kind: 'DeleteClass', namespace, className: name });
  }

  async getInstance(namespace: string, instanceName: CimInstancePath): Promise<CimInstance | null> {
    const result = await this.#found({
      kind: 'GetInstance',
      namespace,
      instanceName,
      includeClassOrigin: false,
      propertyList: null,
    });
    return result === null ? null : result.instance.withPath(instanceName);
  }

  async createInstance(namespace: string, newInstance: CimInstance): Promise<CimInstancePath> {
    return (await this.#call({ kind: 'CreateInstance', namespace, newInstance })).path;
  }

  async modifyInstance(namespace: string, modifiedInstance: CimInstance): Promise<void> {
    await this.#call({ kind: 'ModifyInstance', namespace, modifiedInstance, propertyList: null });
  }

  async deleteInstance(namespace: string, instanceName: CimInstancePath): Promise<void> {
    await this.#call({ kind: 'DeleteInstance', namespace, instanceName });
  }
}

/** A server, reached through a transport, as the target of a load. It is not atomic: a failed load is undone in reverse. */
export function createTransportTarget(transport: CimTransport, options: CallOptions = {}): MofTarget {
  return new TransportTarget(transport, options);
}
