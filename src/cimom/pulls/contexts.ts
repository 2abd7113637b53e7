import { type Clock, type Randomness } from '../../base/index.js';
import { sameName } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { ObjectManagerLimits } from '../limits.js';
import { OperationEnded } from '../provider/index.js';
import type { Caller } from '../security/index.js';
import { Cursor, type Segment, type Taken } from './cursor.js';

/** What the Pull operations of an enumeration return: PullInstancesWithPath, PullInstancePaths, PullInstances. */
export type PullKind = 'instances-with-path' | 'instance-paths' | 'instances';

export interface OpenRequest<T> {
  readonly caller: Caller;
  /** Canonical. */
  readonly namespace: string;
  readonly kind: PullKind;
  /** Seconds; null: the default. */
  readonly operationTimeout: number | null;
  readonly continueOnError: boolean;
  readonly maxObjectCount: number;
  /** Aborted when the enumeration ends in any way. */
  readonly controller: AbortController;
  readonly segments: readonly Segment<T>[];
  /** Counts the whole result afresh; null: more than it wants to count. */
  readonly count: (signal: AbortSignal) => Promise<number | null>;
}

export interface Pulled<T> extends Taken<T> {
  /** null at the end. */
  readonly context: string | null;
}

interface Context {
  readonly id: string;
  readonly user: string;
  readonly namespace: string;
  readonly kind: PullKind;
  readonly cursor: Cursor<unknown>;
  readonly controller: AbortController;
  readonly continueOnError: boolean;
  readonly timeout: number;
  readonly count: (signal: AbortSignal) => Promise<number | null>;
  expires: number;
  delivered: number;
  keepAlives: number;
  /** Set while a Pull is under way: makes it fail. */
  abandon: ((error: CimError) => void) | null;
}

const reapEvery = 1000;

/**
 * The open enumerations: bound to user and namespace, named unguessably, bounded in number, closed when idle. They live
 * longer than a connection and not longer than the process.
 */
export class PullContexts {
  readonly #contexts = new Map<string, Context>();
  readonly #ofUser = new Map<string, number>();
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #limits: ObjectManagerLimits;
  #timer: NodeJS.Timeout | null = null;

  constructor(clock: Clock, randomness: Randomness, limits: ObjectManagerLimits) {
    this.#clock = clock;
    this.#randomness = randomness;
    this.#limits = limits;
  }

  get size(): number {
    return this.#contexts.size;
  }

  /** Checks what was asked for before anything is read. @throws CimError 22 (timeout), 27 (too many) */
  #admit(caller: Caller, operationTimeout: number | null): void {
    const longest = this.#limits.longestOperationTimeout;
    if (operationTimeout !== null && (operationTimeout < 1 || operationTimeout > longest)) {
      throw new CimError(22, `expected an OperationTimeout of 1 to ${longest} seconds, got ${operationTimeout}`);
    }
    this.reap();
    if ((this.#ofUser.get(caller.user) ?? 0) >= this.#limits.contextsOfUser) {
      throw new CimError(27, `the user has ${this.#limits.contextsOfUser} open enumerations, which is the limit`);
    }
    if (this.#contexts.size >= this.#limits.contexts) {
      throw new CimError(27, `there are ${this.#limits.contexts} open enumerations, which is the limit`);
    }
  }

  /** Opens an enumeration and takes the first objects. @throws CimError 22, 27, and whatever the source throws */
  async open<T>(request: OpenRequest<T>): Promise<Pulled<T>> {
    this.#admit(request.caller, request.operationTimeout);
    const cursor = new Cursor<T>(request.segments, { continueOnError: request.continueOnError });
    const context: Context = {
      id: Buffer.from(this.#randomness.bytes(24)).toString('base64url'),
      user: request.caller.user,
      namespace: request.namespace,
      kind: request.kind,
      cursor,
      controller: request.controller,
      continueOnError: request.continueOnError,
      timeout: (request.operationTimeout ?? this.#limits.defaultOperationTimeout) * 1000,
      count: request.count,
      expires: Number.POSITIVE_INFINITY,
      delivered: 0,
      keepAlives: 0,
      abandon: null,
    };
    this.#add(context);
    // An Open that fails has no context to go on with: with ContinueOnError its error waits for the first Pull.
    return this.#take(context, cursor, request.maxObjectCount, request.continueOnError);
  }

  /** @throws CimError 21 (no such context), 23 (closed meanwhile), 27 (too many empty Pulls), and the source's */
  async pull<T>(
    caller: Caller,
    namespace: string,
    kind: PullKind,
    id: string,
    maxObjectCount: number,
  ): Promise<Pulled<T>> {
    const context = this.#find(caller, namespace, id);
    if (context.kind !== kind) throw new CimError(21, 'the enumeration was opened for another kind of Pull');
    if (context.abandon !== null) throw new CimError(1, 'another Pull of this enumeration is under way');
    context.keepAlives = maxObjectCount === 0 ? context.keepAlives + 1 : 0;
    if (context.keepAlives > this.#limits.keepAlivePulls) {
      this.#end(context);
      throw new CimError(27, `more than ${this.#limits.keepAlivePulls} Pulls in a row asked for nothing`);
    }
    return this.#take(context, context.cursor as Cursor<T>, maxObjectCount, false);
  }

  async #take<T>(context: Context, cursor: Cursor<T>, most: number, holdErrors: boolean): Promise<Pulled<T>> {
    context.expires = Number.POSITIVE_INFINITY;
    const abandoned = new Promise<never>((_resolve, reject) => {
      context.abandon = reject;
    });
    const bounded = Math.min(most, this.#limits.objectsOfPull);
    try {
      const taken = await Promise.race([cursor.take(bounded, this.#limits.pullWait, holdErrors), abandoned]);
      context.delivered += taken.objects.length;
      if (taken.end) this.#end(context);
      return { ...taken, context: taken.end ? null : context.id };
    } catch (error) {
      if (!context.continueOnError) this.#end(context);
      throw error;
    } finally {
      context.abandon = null;
      context.expires = this.#clock.monotonic() + context.timeout;
    }
  }

  /** @throws CimError 21 */
  close(caller: Caller, namespace: string, id: string): void {
    this.#end(this.#find(caller, namespace, id), new CimError(23, 'the enumeration was closed meanwhile'));
  }

  /** How many objects are still to come; null: not known. @throws CimError 21 */
  async count(caller: Caller, namespace: string, id: string): Promise<number | null> {
    const context = this.#find(caller, namespace, id);
    const { remaining } = context.cursor;
    if (remaining !== null) return remaining;
    const all = await context.count(context.controller.signal);
    context.expires = this.#clock.monotonic() + context.timeout;
    return all === null ? null : Math.max(0, all - context.delivered);
  }

  #find(caller: Caller, namespace: string, id: string): Context {
    const context = this.#contexts.get(id);
    if (context === undefined || context.user !== caller.user || !sameName(context.namespace, namespace)) {
      throw new CimError(21, 'there is no such enumeration');
    }
    if (context.expires <= this.#clock.monotonic()) {
      this.#end(context);
      throw new CimError(21, 'the enumeration was closed because it was idle for too long');
    }
    return context;
  }

  #add(context: Context): void {
    this.#contexts.set(context.id, context);
    this.#ofUser.set(context.user, (this.#ofUser.get(context.user) ?? 0) + 1);
    this.#timer ??= setInterval(() => this.reap(), reapEvery).unref();
  }

  #end(context: Context, reason?: CimError): void {
    if (!this.#contexts.delete(context.id)) return;
    const left = (this.#ofUser.get(context.user) ?? 1) - 1;
    if (left > 0) this.#ofUser.set(context.user, left);
    else this.#ofUser.delete(context.user);
    if (reason !== undefined) context.abandon?.(reason);
    context.cursor.close();
    context.controller.abort(new OperationEnded());
    if (this.#contexts.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  /** Closes what was idle for longer than its timeout. */
  reap(): void {
    const now = this.#clock.monotonic();
    for (const context of this.#contexts.values()) if (context.expires <= now) this.#end(context);
  }

  /** Closes every enumeration; Pulls under way get status 28. */
  closeAll(): void {
    const reason = new CimError(28, 'the server is shutting down');
    for (const context of [...this.#contexts.values()]) this.#end(context, reason);
  }
}
