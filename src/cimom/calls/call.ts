import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  type CimObjectPath,
  type CimValue,
  sameName,
} from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { normalizePath } from '../../cim/schema/index.js';
import type { ResolvedNamespace } from '../namespaces.js';
import { OperationEnded, type ProviderContext } from '../provider/index.js';
import { type Action, type Caller, outOfScope } from '../security/index.js';
import { classViewOf } from './class-view.js';
import type { Engine } from './engine.js';
import { References } from './references.js';

/** What an operation says about itself before it is allowed. */
export interface Subject {
  readonly access: Action['access'];
  readonly className?: string | null;
  readonly object?: CimObjectPath | null;
  readonly methodName?: string;
  readonly parameters?: Readonly<Record<string, CimValue>>;
}

// Made once: an exception for each call would cost its stack.
const ended = new OperationEnded();

/** One request on its way: who, where, under which host name, until when. */
export class Call {
  readonly engine: Engine;
  readonly caller: Caller;
  readonly operation: string;
  /** Namespace of the request. */
  readonly home: ResolvedNamespace;
  /** What stands as host in full paths. */
  readonly host: string;
  /** References that come in with the request. */
  readonly references: References;
  readonly #options: { readonly signal?: AbortSignal };
  #outer: AbortSignal | null = null;
  #controller: AbortController | null = null;
  #detached = false;
  #action: Action | null = null;
  readonly #onAbort = (): void => this.end();

  constructor(
    engine: Engine,
    caller: Caller,
    operation: string,
    home: ResolvedNamespace,
    host: string,
    options: { readonly signal?: AbortSignal },
  ) {
    this.engine = engine;
    this.caller = caller;
    this.operation = operation;
    this.home = home;
    this.host = host;
    this.references = new References(engine.namespaces, home);
    this.#options = options;
  }

  /** Made on first use: most requests need none. */
  get controller(): AbortController {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      this.engine.running.add(this.#controller);
      // Asked for only now: it may be made on demand.
      this.#outer = this.#options.signal ?? null;
      if (this.#outer?.aborted === true) this.end();
      else this.#outer?.addEventListener('abort', this.#onAbort, { once: true });
    }
    return this.#controller;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The enumeration lives on after the request that opened it: that request's signal no longer counts. */
  detach(): AbortController {
    const controller = this.controller;
    this.#outer?.removeEventListener('abort', this.#onAbort);
    controller.signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#detached = true;
    return controller;
  }

  /** Whether an enumeration took over. */
  get detached(): boolean {
    return this.#detached;
  }

  /** Tells providers that nobody waits any more. */
  end(): void {
    const controller = this.#controller;
    if (controller === null || !this.engine.running.delete(controller)) return;
    this.#outer?.removeEventListener('abort', this.#onAbort);
    controller.abort(ended);
  }

  /** @throws CimError 2 */
  authorize(subject: Subject): Promise<void> {
    this.#action = {
      operation: this.operation,
      access: subject.access,
      namespace: this.home.space.name,
      className: subject.className ?? null,
      object: subject.object ?? null,
      methodName: subject.methodName ?? null,
      parameters: subject.parameters ?? {},
    };
    return this.engine.authorizer.request(this.caller, this.#action);
  }

  /** Resolved class of a namespace. @throws CimError `status` */
  classOf(name: string, status: 4 | 5 | 6 = 5, place: ResolvedNamespace = this.home): CimClass {
    const cls = place.space.schema.get(name);
    if (cls === undefined) throw new CimError(status, `${place.name} has no class ${name}`);
    return cls;
  }

  /** What the caller may see now; null: everything. Grants may change while an enumeration is open. */
  visibility(): ((object: CimInstance | CimInstancePath, namespace: string) => boolean) | null {
    return this.engine.authorizer.visible(this.caller);
  }

  /** What the caller may see of a batch; the batch itself where that is all of it. */
  visible<T extends CimInstance | CimInstancePath>(batch: readonly T[], namespace: string): readonly T[] {
    const test = this.visibility();
    if (test === null) return batch;
    const seen = batch.filter((object) => test(object, namespace));
    return seen.length === batch.length ? batch : seen;
  }

  /** @throws CimError 2 */
  requireVisible(object: CimInstance | CimInstancePath, namespace: string): void {
    const test = this.visibility();
    if (test === null || test(object, namespace)) return;
    if (this.#action !== null) this.engine.authorizer.denied?.(this.caller, this.#action, outOfScope);
    throw new CimError(2, outOfScope);
  }

  context(place: ResolvedNamespace, propertyList: readonly string[] | null): ProviderContext {
    const signal = (): AbortSignal => this.signal;
    return {
      caller: this.caller,
      namespace: place.name,
      propertyList,
      get signal() {
        return signal();
      },
      classes: classViewOf(place.space.schema),
    };
  }

  /**
   * A path of the request's namespace as its class spells it, without host and namespace.
   * @throws CimError 4 (keys), 5 (class), or `missing` where given
   */
  localPath(path: CimInstancePath, missing: 4 | 5 | 6 = 5): CimInstancePath {
    const cls = this.classOf(path.className, missing);
    return this.references.keys({ ...normalizePath(cls, path, this.home.space.schema), host: null, namespace: null });
  }

  /** The path with namespace and host as this caller sees them. */
  fullPath<P extends CimObjectPath>(path: P, place: ResolvedNamespace): P {
    const namespace =
      path.namespace === null || sameName(path.namespace, place.space.name) ? place.name : path.namespace;
    return { ...path, host: this.host, namespace };
  }
}
