import type { Streams } from './output.js';

const interval = 250;

/** Says on a terminal how far long work has come; silent where nobody looks. */
export class Progress {
  readonly #notes: NodeJS.WritableStream | null;
  readonly #what: string;
  #last = 0;
  #shown = false;

  /** @param what behind the number: `instances` */
  constructor(streams: Streams, what: string) {
    const isTerminal = (stream: NodeJS.WritableStream): boolean =>
      (stream as Partial<NodeJS.WriteStream>).isTTY === true;
    // On one terminal the objects themselves are the progress.
    this.#notes = isTerminal(streams.notes) && !isTerminal(streams.out) ? streams.notes : null;
    this.#what = what;
    this.#last = this.#notes === null ? 0 : performance.now();
  }

  at(count: number): void {
    if (this.#notes === null || count % 64 !== 0) return;
    const now = performance.now();
    if (now - this.#last < interval) return;
    this.#last = now;
    this.#shown = true;
    this.#notes.write(`\r${count} ${this.#what}`);
  }

  end(): void {
    if (this.#shown) this.#notes?.write('\r\u001b[K');
    this.#shown = false;
  }
}
