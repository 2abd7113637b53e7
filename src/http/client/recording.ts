import { type AnswerHeaders, plainHeaders } from './answer.js';
import { TransportError } from './errors.js';
import type { RecordedExchange } from './har.js';
import type { Exchange } from './options.js';

/** The exchange that is going on, filled in as it proceeds. */
export class ExchangeRecord implements Exchange {
  readonly operation: string;
  readonly requestBytes: number;
  /** With what is secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly started = performance.now();
  #headAt: number | null = null;
  readonly #text: string | null;
  readonly #keep: number;
  readonly #chunks: Uint8Array[] = [];
  #kept = 0;
  #bytes = 0;
  #head: { readonly status: number; readonly headers: AnswerHeaders } | null = null;
  #trailers: Readonly<Record<string, string>> = {};

  constructor(operation: string, headers: Record<string, string>, body: Buffer, keep: number) {
    this.operation = operation;
    this.#keep = keep;
    this.headers = headers;
    this.requestBytes = body.length;
    this.#text = keep > 0 ? body.toString('utf8', 0, keep) : null;
  }

  /** Put together when somebody looks. */
  get request(): Exchange['request'] {
    const { Authorization: _, ...headers } = this.headers;
    return { headers, bytes: this.requestBytes, text: this.#text };
  }

  get answerBytes(): number {
    return this.#bytes;
  }

  get answer(): Exchange['answer'] {
    if (this.#head === null) return null;
    const text = this.#keep > 0 ? Buffer.concat(this.#chunks).toString('utf8') : null;
    const headers = plainHeaders(this.#head.headers);
    return { status: this.#head.status, headers, bytes: this.#bytes, text, trailers: this.#trailers };
  }

  /** Milliseconds until the headers of the answer; null where none came. */
  get waited(): number | null {
    return this.#headAt === null ? null : this.#headAt - this.started;
  }

  begin(status: number, headers: AnswerHeaders): void {
    this.#head = { status, headers };
    this.#headAt = performance.now();
  }

  chunk(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#kept >= this.#keep) return;
    // A copy: a view would keep the whole chunk alive.
    const part = Buffer.from(bytes.subarray(0, this.#keep - this.#kept));
    this.#chunks.push(part);
    this.#kept += part.length;
  }

  end(trailers: Readonly<Record<string, string>>): void {
    this.#trailers = trailers;
  }
}

/** For a recorder: the whole exchange, secrets included. What the server said is no error of the exchange. */
export function toRecorded(
  record: ExchangeRecord,
  url: string,
  duration: number,
  error: Error | null,
): RecordedExchange {
  const { answer } = record;
  return {
    operation: record.operation,
    url,
    started: Date.now() - duration,
    duration,
    waited: record.waited,
    request: { headers: record.headers, text: record.request.text ?? '' },
    answer: answer === null ? null : { ...answer, text: answer.text ?? '' },
    error: error instanceof TransportError ? error.message : null,
  };
}
