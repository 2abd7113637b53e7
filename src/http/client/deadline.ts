import { errors } from 'undici';
import { messageOf } from '../../base/index.js';
import { CimError } from '../../cim/operations/index.js';
import { CodecError } from '../../cim/codec/index.js';
import { TransportError } from './errors.js';

/** One hard bound for everything that a call does, and the caller's own signal. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timeout: number;
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#controller.abort();
  readonly #timer: NodeJS.Timeout | null;
  #expired = false;

  constructor(timeout: number, outer: AbortSignal | undefined) {
    this.#timeout = timeout;
    this.#outer = outer;
    this.#timer =
      timeout <= 0
        ? null
        : setTimeout(() => {
            this.#expired = true;
            this.#controller.abort();
          }, timeout);
    if (outer?.aborted) this.#controller.abort();
    else outer?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Time is up or the caller has lost interest. */
  get over(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The call has ended. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }

  /** Waits, unless the deadline comes first. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.signal.addEventListener('abort', done);
    });
  }

  /** What a failure means for the caller. */
  explain(error: unknown, where: string, excerpt: string | null): Error {
    if (error instanceof CimError || error instanceof TransportError) return error;
    if (this.#expired)
      return new TransportError('timeout', `${where}: no complete answer within ${this.#timeout} ms`, { cause: error });
    if (this.#outer?.aborted)
      return new TransportError('aborted', `${where}: given up by the caller`, { cause: this.#outer.reason });
    const details = excerpt === null ? {} : { excerpt };
    if (isUnreadable(error)) {
      return new TransportError('bad_answer', `${where}: the answer cannot be read: ${messageOf(error)}`, {
        cause: error,
        details,
      });
    }
    return new TransportError('unreachable', `${where}: ${reasonOf(error)}`, { cause: error });
  }
}

function isUnreadable(error: unknown): boolean {
  return (
    error instanceof CodecError ||
    error instanceof errors.HTTPParserError ||
    error instanceof errors.ResponseContentLengthMismatchError
  );
}

function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  const text = messageOf(inner);
  const code = (inner as NodeJS.ErrnoException | null)?.code;
  return text === '' ? (code ?? 'the connection failed') : text;
}
