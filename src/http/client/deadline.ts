import { EventEmitter } from 'node:events';
import { errors } from 'undici';
import { messageOf } from '../../base/index.js';
import { CimError } from '../../cim/operations/index.js';
import { CodecError } from '../../cim/codec/index.js';
import { TransportError } from './errors.js';

/** What undici takes beside an AbortSignal: an event target of its kind costs a tenth of a small operation. */
class EndSignal extends EventEmitter {
  aborted = false;

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.emit('abort');
  }
}

/** One hard bound for everything that a call does, and the caller's own signal. */
export class Deadline {
  readonly #signal = new EndSignal();
  readonly #timeout: number;
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort: (() => void) | null;
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
            this.#signal.abort();
          }, timeout);
    this.#onAbort = outer === undefined ? null : () => this.#signal.abort();
    if (outer?.aborted) this.#signal.abort();
    else if (this.#onAbort !== null) outer?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** For undici. */
  get signal(): EventEmitter {
    return this.#signal;
  }

  /** Time is up or the caller has lost interest. */
  get over(): boolean {
    return this.#signal.aborted;
  }

  /** The call has ended. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#onAbort !== null) this.#outer?.removeEventListener('abort', this.#onAbort);
  }

  /** Waits, unless the deadline comes first. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#signal.off('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#signal.once('abort', done);
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
    /^Z_[A-Z]+_ERROR$/.test((error as NodeJS.ErrnoException | null)?.code ?? '') ||
    error instanceof CodecError ||
    error instanceof errors.HTTPParserError ||
    error instanceof errors.ResponseContentLengthMismatchError
  );
}

function reasonOf(error: unknown): string {
  const inner = error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  const { code, reason } = (inner ?? {}) as { readonly code?: string; readonly reason?: unknown };
  // OpenSSL's own text is for programmers: numbers, files and lines.
  const text = code?.startsWith('ERR_SSL_') && typeof reason === 'string' ? `TLS: ${reason}` : messageOf(inner);
  return text === '' ? (code ?? 'the connection failed') : text;
}
