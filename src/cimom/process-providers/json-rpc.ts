// JSON-RPC 2.0 over a stream of bytes, one message a line.
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../../base/index.js';
import { CimError } from '../../cim/operations/index.js';
import { OperationEnded } from '../provider/index.js';
import { badAnswer, foreignText, ProviderProcessError } from './errors.js';
import type { ProcessLimits } from './limits.js';
import { LineSplitter } from './lines.js';

/** Named parameters of a request. */
export type RpcParameters = Readonly<Record<string, unknown>>;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface CallOptions {
  /** Milliseconds. */
  readonly timeout: number;
  /** Nobody waits any more: the other side is told. */
  readonly signal: AbortSignal;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

/** What the other end does unasked. */
export interface RpcListener {
  /** It broke the protocol: no more is read, the conversation must be ended by `fail`. */
  readonly onFault: (error: ProviderProcessError) => void;
  /** It says something that has no answer. */
  readonly onNotification: (method: string, params: RpcParameters) => void;
}

function isParameters(params: unknown): params is RpcParameters {
  return typeof params === 'object' && params !== null && !Array.isArray(params);
}

const lowestStatus = 1;
const highestStatus = 29;
const methodNotFound = -32601;

function toError({ code, message }: NonNullable<Message['error']>): Error {
  const text = foreignText(typeof message === 'string' ? message : 'no reason given');
  if (typeof code === 'number' && Number.isInteger(code) && code >= lowestStatus && code <= highestStatus) {
    return new CimError(code, text);
  }
  return new ProviderProcessError('provider_failed', `${text} (${foreignText(String(code))})`);
}

/** One end of a conversation, which asks; the other end answers in any order, and may notify. */
export class RpcPeer {
  readonly #output: Writable;
  readonly #limits: ProcessLimits;
  readonly #listener: RpcListener;
  readonly #waiting = new Map<number, Waiting>();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  #sequence = 0;
  #failure: ProviderProcessError | null = null;

  constructor(input: Readable, output: Writable, limits: ProcessLimits, listener: RpcListener) {
    this.#output = output;
    this.#limits = limits;
    this.#listener = listener;
    const lines = new LineSplitter(limits.messageBytes);
    input.on('data', (chunk: Buffer) => {
      if (this.#failure !== null) return;
      try {
        for (const line of lines.push(chunk)) {
          if (line === null) throw badAnswer(`a message has more than ${limits.messageBytes} bytes`);
          this.#receive(line);
        }
      } catch (error) {
        input.removeAllListeners('data');
        input.resume();
        listener.onFault(error instanceof ProviderProcessError ? error : badAnswer(messageOf(error)));
      }
    });
  }

  /** Why the conversation is over; null: it is not. */
  get failure(): ProviderProcessError | null {
    return this.#failure;
  }

  /** Ends the conversation: whoever waits gets the reason. */
  fail(reason: ProviderProcessError): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason);
  }

  /** @throws CimError the other side's answer @throws ProviderProcessError */
  async request(method: string, params: RpcParameters, { timeout, signal }: CallOptions): Promise<unknown> {
    if (this.#failure !== null) throw this.#failure;
    signal.throwIfAborted();
    if (this.#waiting.size >= this.#limits.waitingRequests) {
      throw new ProviderProcessError('provider_busy', `${this.#waiting.size} requests wait for their answers`);
    }
    const id = ++this.#sequence;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#waiting.delete(id);
      };
      const waiting: Waiting = {
        resolve: (result) => {
          settle();
          resolve(result);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const giveUp = (error: Error): void => {
        waiting.reject(error);
        this.notify('cancel', { id });
      };
      const onAbort = (): void => giveUp(new OperationEnded());
      const timer = setTimeout(
        () => giveUp(new ProviderProcessError('provider_late', `no answer to ${method} within ${timeout} ms`)),
        timeout,
      );
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.set(id, waiting);
      try {
        this.#send({ jsonrpc: '2.0', id, method, params });
      } catch (error) {
        waiting.reject(error as Error);
      }
    });
  }

  /** Says something that has no answer; what cannot be said is dropped. */
  notify(method: string, params: RpcParameters): void {
    if (this.#failure !== null) return;
    try {
      this.#send({ jsonrpc: '2.0', method, params });
    } catch {
      // A process that does not read hears no more requests either.
    }
  }

  #send(message: object): void {
    const line = Buffer.from(`${JSON.stringify(message)}\n`);
    if (line.length > this.#limits.messageBytes) {
      throw new ProviderProcessError(
        'provider_busy',
        `the request has more than ${this.#limits.messageBytes} bytes, which is the limit of a message`,
      );
    }
    if (this.#output.writableLength + line.length > this.#limits.waitingBytes) {
      throw new ProviderProcessError('provider_busy', 'the process does not read its requests');
    }
    this.#output.write(line);
  }

  #receive(line: Buffer): void {
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) return;
    const message = this.#parse(line);
    if (message.method !== undefined) {
      if (message.id === undefined) {
        const { method, params } = message;
        if (typeof method === 'string') this.#listener.onNotification(method, isParameters(params) ? params : {});
        return;
      }
      this.#send({
        jsonrpc: '2.0',
        id: message.id,
        error: { code: methodNotFound, message: 'nothing to be asked here' },
      });
      return;
    }
    // An answer that comes after its request was given up has nobody to hear it.
    const waiting = typeof message.id === 'number' ? this.#waiting.get(message.id) : undefined;
    if (waiting === undefined) return;
    if (typeof message.error === 'object' && message.error !== null) waiting.reject(toError(message.error));
    else waiting.resolve(message.result);
  }

  #parse(line: Buffer): Message {
    let message: unknown;
    try {
      message = JSON.parse(this.#decoder.decode(line));
    } catch {
      const beginning = foreignText(line.toString('latin1', 0, 60));
      throw badAnswer(`expected JSON-RPC, one message a line, got: ${beginning}`);
    }
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      throw badAnswer('expected a JSON-RPC object');
    }
    return message;
  }
}
