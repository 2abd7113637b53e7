import type { Streams } from './output.js';

const interval = 250;
const clearLine = '\r\u001b[K';

/** Says on a terminal how far a job is. */
export class JobProgress {
  readonly #notes: NodeJS.WritableStream | null;
  #shown = '';

  constructor({ notes }: Streams) {
    this.#notes = (notes as Partial<NodeJS.WriteStream>).isTTY === true ? notes : null;
  }

  at(name: string, percent: number): void {
    const text = `${name} … ${percent} %`;
    if (text === this.#shown) return;
    this.#shown = text;
    this.#notes?.write(`${clearLine}${text}`);
  }

  end(): void {
    if (this.#shown !== '') this.#notes?.write(clearLine);
    this.#shown = '';
  }
}

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
    if (this.#shown) this.#notes?.write(clearLine);
    this.#shown = false;
  }
}
