import { TvdcError } from '../../base/index.js';
import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  type CimObjectPath,
  foldName,
  parseNamespace,
  relocate,
} from '../../cim/model/index.js';
import type { CimRequest, CimTransport, ResultOf } from '../../cim/operations/index.js';
import { parseObjectPath } from '../../cim/uri/index.js';
import type { InstanceName, OperationOptions, PullMode, WbemClientOptions } from './options.js';

const mostClasses = 500;

/** A path to send: where it is addressed, and the path relative to that. */
export interface Addressed<P extends CimObjectPath = CimObjectPath> {
  readonly namespace: string;
  readonly path: P;
}

/** What all families of operations share. */
export class ClientCore {
  readonly transport: CimTransport;
  /** Namespace of operations that name none. */
  readonly namespace: string;
  readonly pullMode: PullMode;
  readonly maxObjectCount: number;
  readonly #classes = new Map<string, Promise<CimClass>>();

  constructor(transport: CimTransport, options: WbemClientOptions = {}) {
    this.transport = transport;
    this.namespace = parseNamespace(options.namespace ?? 'root/cimv2');
    this.pullMode = options.pull ?? 'auto';
    this.maxObjectCount = options.maxObjectCount ?? 1000;
  }

  /** Any operation as data. @throws CimError, and what the transport throws */
  call<R extends CimRequest>(
    request: R,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<ResultOf<R>> {
    return this.transport.call(request, options.signal === undefined ? {} : { signal: options.signal });
  }

  protected namespaceOf(options: OperationOptions): string {
    return options.namespace === undefined ? this.namespace : parseNamespace(options.namespace);
  }

  protected addressInstance(name: InstanceName, options: OperationOptions): Addressed<CimInstancePath> {
    const path = typeof name === 'string' ? parseObjectPath(name) : name;
    if (path.kind !== 'instance-path') {
      throw new TvdcError('bad_object_path', `expected an instance with its keys, got the class ${path.className}`);
    }
    return this.#address(path, options);
  }

  /** A text without keys names a class. */
  protected addressObject(name: CimObjectPath | string, options: OperationOptions): Addressed {
    return this.#address(typeof name === 'string' ? parseObjectPath(name) : name, options);
  }

  #address<P extends CimObjectPath>(path: P, options: OperationOptions): Addressed<P> {
    const namespace = options.namespace ?? path.namespace;
    return { namespace: namespace === null ? this.namespace : parseNamespace(namespace), path: relocate(path, {}) };
  }

  /** A resolved class with qualifiers, read once for each namespace. @throws CimError 6 */
  classOf(className: string, options: OperationOptions = {}): Promise<CimClass> {
    const namespace = this.namespaceOf(options);
    const key = `${foldName(namespace)}:${foldName(className)}`;
    let found = this.#classes.get(key);
    if (found === undefined) {
      found = this.call(
        {
          kind: 'GetClass',
          namespace,
          className,
          localOnly: false,
          includeQualifiers: true,
          includeClassOrigin: false,
          propertyList: null,
        },
        options,
      ).then((result) => result.class);
      if (this.#classes.size >= mostClasses) this.#classes.clear();
      this.#classes.set(key, found);
      found.catch(() => this.#classes.delete(key));
    }
    return found;
  }

  /** Forgets the classes read so far: after the schema changed. */
  forgetClasses(): void {
    this.#classes.clear();
  }
}

/** Answers of the classic operations name objects relative to the namespace asked: this makes them usable elsewhere. */
export function inNamespace<P extends CimObjectPath>(path: P, namespace: string): P {
  return path.namespace === null ? relocate(path, { host: path.host, namespace }) : path;
}

export function instanceInNamespace(instance: CimInstance, namespace: string): CimInstance {
  const path = instance.path;
  return path === null || path.namespace !== null ? instance : instance.withPath(inNamespace(path, namespace));
}
