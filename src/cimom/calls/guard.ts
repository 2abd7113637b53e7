import { type Log, messageOf, TvdcError } from '../../base/index.js';
import { type Batches, CimError } from '../../cim/operations/index.js';
import type { ObjectManagerLimits } from '../limits.js';
import { OperationEnded } from '../provider/index.js';
import type { RegisteredProvider } from '../registry/index.js';

class LateError extends TvdcError<'provider_late'> {}

/** The time or the listener of a caller ran out before the provider answered. */
function bounded<T>(promise: Promise<T>, milliseconds: number, signal: AbortSignal | null): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      settle();
      reject(new OperationEnded());
    };
    const timer = setTimeout(() => {
      settle();
      reject(new LateError('provider_late', `no answer within ${milliseconds} ms`));
    }, milliseconds);
    signal?.addEventListener('abort', onAbort, { once: true });
    promise.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error instanceof Error ? error : new TvdcError('provider_failed', messageOf(error)));
      },
    );
  });
}

/**
 * Stands between the object manager and providers: whatever a provider throws, rejects with, delivers late or never
 * becomes the failure of one request, is counted and logged.
 */
export class ProviderGuard {
  readonly #log: Log;
  readonly #limits: ObjectManagerLimits;

  constructor(log: Log, limits: ObjectManagerLimits) {
    this.#log = log;
    this.#limits = limits;
  }

  /** Status 1 for what is not a CIM failure itself. That nobody waits any more is no failure. A refusal with a registered message is an answer, not a failure. */
  failure(registered: RegisteredProvider, operation: string, error: unknown): CimError {
    const { counters, provider } = registered;
    if (error instanceof OperationEnded) return error;
    if (error instanceof CimError && (error.status !== 1 || error.messageId !== null)) {
      counters.refusals++;
      return error;
    }
    counters.failures++;
    counters.lastFailure = messageOf(error);
    this.#log.error('provider failed', {
      class: provider.className,
      operation,
      error: messageOf(error),
      stack: error instanceof Error && !(error instanceof TvdcError) ? error.stack : undefined,
    });
    if (error instanceof CimError) return error;
    // Only errors that are thrown on purpose have a text that is meant for others.
    const reason = error instanceof TvdcError ? `: ${error.message}` : '';
    return new CimError(1, `the provider of ${provider.className} failed in ${operation}${reason}`, { cause: error });
  }

  /** One answer of a provider. @throws CimError */
  async call<T>(
    registered: RegisteredProvider,
    operation: string,
    work: () => Promise<T>,
    limit = this.#limits.providerStep,
  ): Promise<T> {
    const { counters } = registered;
    const started = performance.now();
    counters.calls++;
    try {
      return await bounded(Promise.resolve(work()), limit, null);
    } catch (error) {
      throw this.failure(registered, operation, error);
    } finally {
      counters.time += performance.now() - started;
    }
  }

  /** A provider's batches, each through `check`. @throws CimError */
  async *stream<T, U>(
    registered: RegisteredProvider,
    operation: string,
    open: () => Batches<T>,
    check: (batch: readonly T[]) => readonly U[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly U[], void, undefined> {
    const { counters } = registered;
    counters.calls++;
    let iterator: AsyncIterator<readonly T[]> | null = null;
    try {
      for (;;) {
        const started = performance.now();
        let checked: readonly U[];
        try {
          iterator ??= open()[Symbol.asyncIterator]();
          const step = await bounded(Promise.resolve(iterator.next()), this.#limits.providerStep, signal);
          if (step.done === true) {
            iterator = null;
            return;
          }
          checked = check(step.value);
          counters.objects += checked.length;
        } catch (error) {
          if (signal.aborted) throw error;
          throw this.failure(registered, operation, error);
        } finally {
          counters.time += performance.now() - started;
        }
        if (checked.length > 0) yield checked;
      }
    } finally {
      // Not awaited: a provider that hangs would hold up whoever ends the enumeration.
      if (iterator?.return !== undefined) void Promise.resolve(iterator.return()).catch(() => undefined);
    }
  }
}
