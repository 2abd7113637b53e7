import {
  type Clock,
  type Log,
  messageOf,
  type Randomness,
  silentLog,
  systemClock,
  systemRandomness,
} from '../base/index.js';
import type { CimInstance } from '../cim/model/index.js';
import { type Batches, CimError, type CimRequest, type CimTransport, type ResultOf } from '../cim/operations/index.js';
import { type Journal, StoreError } from '../store/index.js';
import { Call, type Engine, ProviderGuard } from './calls/index.js';
import { createRepositoryWork, type IndicationSink, noIndications } from './indications/index.js';
import { defaultLimits, type ObjectManagerLimits } from './limits.js';
import { Namespaces } from './namespaces.js';
import type { ExecuteOptions, ObjectManager } from './object-manager.js';
import { OperationStatistics } from './operation-statistics.js';
import { operate } from './operations/index.js';
import { OperationEnded, type Provider } from './provider/index.js';
import { PullContexts } from './pulls/index.js';
import { createProviderRegistry, type ProviderRegistry } from './registry/index.js';
import type { Repository } from './repository/index.js';
import type { Authorizer, Caller } from './security/index.js';
import { AssociationIndex } from './association-index.js';

export interface ObjectManagerOptions {
  readonly repository: Repository;
  /** Registered at once; more may come by `registry`. */
  readonly providers?: readonly Provider[];
  readonly authorizer: Authorizer;
  /** Names and addresses of this host; the first stands in full paths unless another was asked for. */
  readonly hostNames: readonly string[];
  /** Gets an entry for every change of the repository, in the transaction of the change. */
  readonly journal?: Journal;
  readonly sink?: IndicationSink;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
  readonly log?: Log;
  readonly limits?: Partial<ObjectManagerLimits>;
}

function hasBatches(result: object): result is { readonly batches: Batches<unknown> } {
  return 'batches' in result;
}

class LocalObjectManager implements ObjectManager {
  readonly registry: ProviderRegistry;
  readonly #engine: Engine;
  readonly #log: Log;
  readonly #statistics = new OperationStatistics();
  #closing = false;

  constructor(options: ObjectManagerOptions) {
    const { repository, authorizer, hostNames } = options;
    const limits = { ...defaultLimits, ...options.limits };
    const clock = options.clock ?? systemClock;
    const randomness = options.randomness ?? systemRandomness;
    const sink = options.sink ?? noIndications;
    const namespaces = new Namespaces(repository, hostNames);
    this.#log = options.log ?? silentLog;
    this.registry = createProviderRegistry({
      namespace: (name) => namespaces.find(name)?.space.name,
      class: (namespace, name) => repository.space(namespace)?.schema.get(name),
    });
    const journal = options.journal ?? null;
    const host = namespaces.defaultHost;
    this.#engine = {
      namespaces,
      registry: this.registry,
      authorizer,
      guard: new ProviderGuard(this.#log, limits),
      contexts: new PullContexts(clock, randomness, limits),
      associations: new AssociationIndex(),
      sink,
      work: createRepositoryWork({ repository, sink, journal, clock, randomness, host }),
      limits,
      clock,
      randomness,
      log: this.#log,
      running: new Set(),
    };
    for (const provider of options.providers ?? []) this.registry.register(provider);
  }

  admit(caller: Caller): void {
    if (this.#closing) throw new CimError(28, 'the server is shutting down');
    this.#engine.authorizer.admit(caller);
  }

  async execute<R extends CimRequest>(caller: Caller, request: R, options: ExecuteOptions = {}): Promise<ResultOf<R>> {
    const started = performance.now();
    let call: Call | null = null;
    try {
      this.admit(caller);
      const operation = operate(request.kind);
      if (operation === undefined) throw new CimError(7, `${String(request.kind)} is not supported`);
      const home = this.#engine.namespaces.find(request.namespace);
      if (home === undefined) throw new CimError(3, `there is no namespace ${request.namespace}`);
      const host = this.#engine.namespaces.hostFor(options.host);
      call = new Call(this.#engine, caller, request.kind, home, host, options);
      const result = await operation(call, request);
      this.#statistics.add(request.kind, performance.now() - started, false);
      return this.#watched(call, result as ResultOf<R>);
    } catch (error) {
      call?.end();
      this.#statistics.add(request.kind, performance.now() - started, true);
      throw this.#toCimError(request.kind, error);
    }
  }

  /** Ends the call with its stream; a result without one ended already, and an opened enumeration ends with its context. */
  #watched<T extends object>(call: Call, result: T): T {
    if (!hasBatches(result)) {
      if (!call.detached) call.end();
      return result;
    }
    return { ...result, batches: this.#watch(call, result.batches) };
  }

  async *#watch<T>(call: Call, batches: Batches<T>): AsyncGenerator<readonly T[], void, undefined> {
    try {
      for await (const batch of batches) {
        yield batch;
        if (this.#closing) throw new CimError(28, 'the server is shutting down');
      }
    } catch (error) {
      throw this.#toCimError(call.operation, error);
    } finally {
      call.end();
    }
  }

  #toCimError(operation: string, error: unknown): CimError {
    if (error instanceof CimError) return error;
    this.#log.error('operation failed', {
      operation,
      error: messageOf(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
    // The one failure within that whoever sees it can end; where the data lie is nobody's business.
    const full = error instanceof StoreError && error.code === 'store_full';
    return new CimError(1, `${operation} failed${full ? ': the disk or the quota of the server is full' : ''}`, {
      cause: error,
    });
  }

  transport(caller: Caller, options: { readonly host?: string } = {}): CimTransport {
    return {
      call: (request, callOptions = {}) => this.execute(caller, request, { ...options, ...callOptions }),
    };
  }

  publish(namespace: string, indication: CimInstance): void {
    try {
      this.#engine.sink.publish(namespace, indication, null);
    } catch (error) {
      this.#log.error('indication lost', { class: indication.className, error: messageOf(error) });
    }
  }

  namespaces(): readonly string[] {
    return this.#engine.namespaces.all();
  }

  statistics() {
    return this.#statistics.report();
  }

  get openEnumerations(): number {
    return this.#engine.contexts.size;
  }

  async shutdown(): Promise<void> {
    this.#closing = true;
    this.#engine.contexts.closeAll();
    for (const controller of [...this.#engine.running]) controller.abort(new OperationEnded());
    this.#engine.running.clear();
  }
}

/** An object manager over a repository and providers. @throws RegistrationError a provider does not fit the schema */
export function createObjectManager(options: ObjectManagerOptions): ObjectManager {
  return new LocalObjectManager(options);
}
