const newline = 0x0a;

/** Cuts a stream of bytes into lines, in time that grows with their length alone. */
export class LineSplitter {
  readonly #longest: number;
  readonly #parts: Buffer[] = [];
  #length = 0;

  /** @param longest bytes of a line */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** Complete lines, without their ends; null for a line that is too long, after which nothing more is read. */
  *push(chunk: Buffer): Generator<Buffer | null, void, undefined> {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(newline, from);
      const part = chunk.subarray(from, end < 0 ? undefined : end);
      this.#length += part.length;
      if (this.#length > this.#longest) {
        yield null;
        return;
      }
      if (part.length > 0) this.#parts.push(part);
      if (end < 0) return;
      yield this.take();
      from = end + 1;
    }
  }

  /** What has come of a line that has no end yet. */
  take(): Buffer {
    const line = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts, this.#length);
    this.#parts.length = 0;
    this.#length = 0;
    return line;
  }
}
