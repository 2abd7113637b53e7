import type { Dispatcher } from 'undici';
import { messageOf, nextTurn, silentLog } from '../../base/index.js';
import {
  type BatchOutcome,
  decodeBatchResponse,
  decodeResponse,
  type DecodeResponseOptions,
  encodeBatchRequest,
  encodeRequest,
} from '../../cim/codec/index.js';
import { type Batches, type CallOptions, type CimRequest, type ResultOf } from '../../cim/operations/index.js';
import { AuthenticatingPool, forgetRest } from './authenticating-pool.js';
import { failureInTrailers, headerOf, isXmlContent, toHttpError } from './answer.js';
import { gunzipped } from './compression.js';
import { Deadline } from './deadline.js';
import { TransportError } from './errors.js';
import { cimObjectOf, isRepeatable, operationName } from './operation.js';
import type { Exchange, HttpTransport, HttpTransportOptions, OperationStatistics } from './options.js';
import { ExchangeRecord, toRecorded } from './recording.js';
import { StatisticsBook } from './statistics.js';
import { isRemote, parseTarget, withoutCredentials } from './target.js';

const defaultTimeout = 30_000;
const excerptBytes = 300;

/** A call under way. */
interface Running {
  readonly where: string;
  readonly deadline: Deadline;
  readonly record: ExchangeRecord;
  serverTime: number;
  /** Beginning of the answer, for messages about it. */
  beginning: Uint8Array | null;
  ended: boolean;
}

/** What is sent, and how its answer is read. */
interface Message<T> {
  readonly operation: string;
  readonly headers: Record<string, string>;
  encode(id: string): Buffer;
  decode(chunks: AsyncIterable<Uint8Array>, options: DecodeResponseOptions): Promise<T>;
}

function excerptOf(running: Running): string | null {
  const beginning = running.beginning;
  return beginning === null ? null : Buffer.from(beginning.subarray(0, excerptBytes)).toString('utf8');
}

/** The body, unpacked. @throws TransportError `bad_answer` */
function bytesOf(answer: Dispatcher.ResponseData, where: string): AsyncIterable<Uint8Array> {
  const bytes = answer.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  const coding = headerOf(answer.headers, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity') return bytes;
  if (coding === 'gzip' || coding === 'x-gzip') return gunzipped(bytes);
  throw new TransportError('bad_answer', `${where}: the answer is encoded as ${coding.slice(0, 40)}`);
}

class UndiciTransport implements HttpTransport {
  readonly url: string;
  readonly #pool: AuthenticatingPool;
  readonly #options: HttpTransportOptions;
  readonly #gzip: boolean;
  readonly #book = new StatisticsBook();
  readonly #tolerated = new Set<string>();
  #last: ExchangeRecord | null = null;
  #sequence = 0;

  constructor(options: HttpTransportOptions) {
    this.url = withoutCredentials(options.url);
    this.#options = options;
    const target = parseTarget(options.url, '/cimom');
    this.#gzip = options.gzip ?? isRemote(target);
    this.#pool = new AuthenticatingPool(target, options);
  }

  get lastExchange(): Exchange | null {
    return this.#last;
  }

  get tolerated(): readonly string[] {
    return [...this.#tolerated];
  }

  statistics(): Readonly<Record<string, OperationStatistics>> {
    return this.#book.read();
  }

  resetStatistics(): void {
    this.#book.reset();
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
    // undici ends its sockets one turn later.
    await nextTurn();
  }

  #headers(own: Readonly<Record<string, string>>): Record<string, string> {
    return {
      'User-Agent': 'tvdc',
      'Content-Type': 'application/xml; charset="utf-8"',
      Accept: 'application/xml, text/xml',
      TE: 'trailers',
      ...(this.#gzip ? { 'Accept-Encoding': 'gzip' } : {}),
      CIMProtocolVersion: '1.0',
      CIMOperation: 'MethodCall',
      ...own,
    };
  }

  async call<R extends CimRequest>(request: R, options: CallOptions = {}): Promise<ResultOf<R>> {
    const operation = operationName(request);
    const message: Message<ResultOf<R>> = {
      operation,
      headers: this.#headers({ CIMMethod: encodeURIComponent(operation), CIMObject: cimObjectOf(request) }),
      encode: (id) => encodeRequest(id, request),
      decode: (chunks, decoding) => decodeResponse(request, chunks, decoding),
    };
    const { retries = 1, backOff = 100 } = this.#options.retry ?? {};
    const deadline = new Deadline(this.#options.timeout ?? defaultTimeout, options.signal);
    const attempts = isRepeatable(request) ? retries + 1 : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        const { result, running } = await this.#attempt(message, deadline);
        return this.#guarded(result, running);
      } catch (error) {
        const again = error instanceof TransportError && error.code === 'unreachable' && attempt < attempts;
        if (!again || deadline.over) {
          deadline.clear();
          throw error;
        }
        (this.#options.log ?? silentLog).debug('client.retry', { operation, attempt, error: messageOf(error) });
        await deadline.wait(backOff * 2 ** (attempt - 1));
      }
    }
  }

  async callBatch(requests: readonly CimRequest[], options: CallOptions = {}): Promise<readonly BatchOutcome[]> {
    const deadline = new Deadline(this.#options.timeout ?? defaultTimeout, options.signal);
    try {
      const { result, running } = await this.#attempt<readonly BatchOutcome[]>(
        {
          operation: 'MULTIREQ',
          headers: this.#headers({ CIMBatch: '' }),
          encode: (id) => encodeBatchRequest(id, requests),
          decode: (chunks, decoding) => decodeBatchResponse(requests, chunks, decoding),
        },
        deadline,
      );
      this.#finish(running, false);
      return result;
    } finally {
      deadline.clear();
    }
  }

  async #attempt<T>(
    message: Message<T>,
    deadline: Deadline,
  ): Promise<{ readonly result: T; readonly running: Running }> {
    const { operation, headers } = message;
    const id = String(++this.#sequence);
    const body = message.encode(id);
    const kept = this.#options.recorder === undefined ? (this.#options.keepText ?? 0) : Number.POSITIVE_INFINITY;
    const record = new ExchangeRecord(operation, headers, body, kept);
    this.#last = record;
    const running: Running = {
      where: `${operation} at ${this.url}`,
      deadline,
      record,
      serverTime: 0,
      beginning: null,
      ended: false,
    };
    try {
      const answer = await this.#pool.post(headers, body, deadline.signal);
      await this.#accept(answer, running);
      const result = await message.decode(this.#chunks(answer, running), {
        id,
        strict: this.#options.strict === true,
        onFault: ({ fault, element }) => this.#tolerated.add(`${fault}:${element}`),
      });
      return { result, running };
    } catch (error) {
      const explained = deadline.explain(error, running.where, excerptOf(running));
      this.#finish(running, true, explained);
      throw explained;
    }
  }

  async #accept(answer: Dispatcher.ResponseData, running: Running): Promise<void> {
    running.record.begin(answer.statusCode, answer.headers);
    if (answer.statusCode !== 200) throw await toHttpError(answer, running.where);
    const time = Number(headerOf(answer.headers, 'wbemserverresponsetime') ?? 0);
    if (Number.isFinite(time)) running.serverTime = time / 1000;
    const contentType = headerOf(answer.headers, 'content-type');
    if (isXmlContent(contentType)) return;
    if (this.#options.strict === true) {
      await answer.body.dump().catch(() => undefined);
      throw new TransportError('bad_answer', `${running.where}: expected XML, got ${contentType}`);
    }
    this.#tolerated.add('content-type');
  }

  /** Bytes of the answer; what the trailers say is thrown at the end. */
  async *#chunks(answer: Dispatcher.ResponseData, running: Running): AsyncGenerator<Uint8Array, void, undefined> {
    const most = this.#options.maxAnswerBytes ?? Number.POSITIVE_INFINITY;
    let ended = false;
    try {
      for await (const chunk of bytesOf(answer, running.where)) {
        running.beginning ??= chunk;
        running.record.chunk(chunk);
        if (running.record.answerBytes > most) {
          throw new TransportError('too_large', `${running.where}: the answer has more than ${most} bytes`);
        }
        yield chunk;
      }
      ended = true;
    } catch (error) {
      // A compressed answer that failed half-way has no end, and its trailers say why.
      throw failureInTrailers(answer.trailers) ?? error;
    } finally {
      // Whoever left early: reading the little that is left keeps the connection, a long rest is cut off.
      if (!ended) void forgetRest(answer);
    }
    const trailers = answer.trailers;
    running.record.end(trailers);
    const failure = failureInTrailers(trailers);
    if (failure !== null) throw failure;
  }

  #finish(running: Running, failed: boolean, error: Error | null = null): void {
    if (running.ended) return;
    running.ended = true;
    const time = performance.now() - running.record.started;
    this.#options.recorder?.record(toRecorded(running.record, this.url, time, error));
    this.#book.add(running.record.operation, {
      time,
      failed,
      serverTime: running.serverTime,
      requestBytes: running.record.requestBytes,
      answerBytes: running.record.answerBytes,
    });
  }

  #guarded<T extends ResultOf<CimRequest>>(result: T, running: Running): T {
    if (!('batches' in result)) {
      running.deadline.clear();
      this.#finish(running, false);
      return result;
    }
    const batches: Batches<unknown> = result.batches;
    return { ...result, batches: this.#guardedBatches(batches, running) };
  }

  async *#guardedBatches<T>(batches: Batches<T>, running: Running): AsyncGenerator<readonly T[], void, undefined> {
    let failed = true;
    let explained: Error | null = null;
    try {
      yield* batches;
      failed = false;
    } catch (error) {
      explained = running.deadline.explain(error, running.where, excerptOf(running));
      throw explained;
    } finally {
      running.deadline.clear();
      this.#finish(running, failed, explained);
    }
  }
}

/**
 * A transport over HTTP (DSP0200), with connections kept open, a hard deadline for each operation, and streams that are
 * decoded while they arrive.
 *
 * Operations throw CimError (the server's answer, in the body or in trailers) or {@link TransportError}.
 * @throws ConfigurationError `bad_url`
 */
export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  return new UndiciTransport(options);
}
