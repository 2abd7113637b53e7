import { type AnswerHeaders, plainHeaders } from './answer.js';
import type { Exchange } from './options.js';

/** The exchange that is going on, filled in as it proceeds. */
export class ExchangeRecord implements Exchange {
  readonly operation: string;
  readonly requestBytes: number;
  readonly #headers: Readonly<Record<string, string>>;
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
    this.#headers = headers;
    this.requestBytes = body.length;
    this.#text = keep > 0 ? body.toString('utf8', 0, keep) : null;
  }

  /** Put together when somebody looks. */
  get request(): Exchange['request'] {
    const { Authorization: _, ...headers } = this.#headers;
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

  begin(status: number, headers: AnswerHeaders): void {
    this.#head = { status, headers };
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
