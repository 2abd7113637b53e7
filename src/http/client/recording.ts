import type { Exchange } from './options.js';

/** The exchange that is going on, filled in as it proceeds. */
export class ExchangeRecord implements Exchange {
  readonly operation: string;
  readonly request: Exchange['request'];
  answer: Exchange['answer'] = null;
  readonly #keep: number;
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #bytes = 0;
  #head: { readonly status: number; readonly headers: Record<string, string> } | null = null;
  #trailers: Record<string, string> = {};

  constructor(operation: string, headers: Record<string, string>, body: Buffer, keep: number) {
    this.operation = operation;
    this.#keep = keep;
    const { Authorization: _, ...shown } = headers;
    this.request = { headers: shown, bytes: body.length, text: keep > 0 ? body.toString('utf8', 0, keep) : null };
  }

  get answerBytes(): number {
    return this.#bytes;
  }

  begin(status: number, headers: Record<string, string>): void {
    this.#head = { status, headers };
    this.#publish();
  }

  chunk(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#kept >= this.#keep) return;
    const part = bytes.subarray(0, this.#keep - this.#kept);
    this.#chunks.push(part);
    this.#kept += part.length;
  }

  end(trailers: Record<string, string>): void {
    this.#trailers = trailers;
    this.#publish();
    this.#chunks = [];
  }

  #publish(): void {
    if (this.#head === null) return;
    const text = this.#keep > 0 ? Buffer.concat(this.#chunks).toString('utf8') : null;
    this.answer = { ...this.#head, bytes: this.#bytes, text, trailers: this.#trailers };
  }
}
