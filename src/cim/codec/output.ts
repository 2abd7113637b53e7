import { batchSize, isLent, recycle, takeSlab } from './slabs.js';

// A slab counts as full with a little room left: what did not fit would begin another one.
const fullSize = batchSize - 4096;
// UTF-8 takes at most three bytes for a UTF-16 unit.
const worstCase = 3;

/** Collects text and ready bytes into pieces of about 64 KiB, copying each only once. */
export class Output {
  #slab: Buffer | null = null;
  #at = 0;
  #full: Buffer[] = [];
  #fullSize = 0;

  /** Bytes waiting. */
  get size(): number {
    return this.#fullSize + this.#at;
  }

  /** Whether enough waits for a piece to leave. */
  get isFull(): boolean {
    return this.#fullSize + this.#at >= fullSize;
  }

  #room(size: number): Buffer {
    if (this.#slab !== null && this.#slab.length - this.#at >= size) return this.#slab;
    this.#close();
    this.#slab = takeSlab();
    return this.#slab;
  }

  #close(): void {
    if (this.#slab === null || this.#at === 0) return;
    this.#full.push(this.#slab.subarray(0, this.#at));
    this.#fullSize += this.#at;
    this.#slab = null;
    this.#at = 0;
  }

  text(text: string): void {
    if (text.length * worstCase > batchSize / 2) {
      this.bytes(Buffer.from(text));
      return;
    }
    const slab = this.#room(text.length * worstCase);
    this.#at += slab.write(text, this.#at);
  }

  bytes(bytes: Buffer): void {
    if (bytes.length > batchSize / 4) {
      this.#close();
      this.#full.push(bytes);
      this.#fullSize += bytes.length;
      return;
    }
    const slab = this.#room(bytes.length);
    slab.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Everything so far, small neighbours made one; it is no longer here afterwards. */
  pieces(): readonly Buffer[] {
    const pieces: Buffer[] = [];
    let small: Buffer[] = [];
    const join = (): void => {
      if (small.length > 0) pieces.push(small.length === 1 ? (small[0] as Buffer) : joined(small));
      small = [];
    };
    for (const piece of this.#takeFull()) {
      if (piece.length < batchSize / 4) small.push(piece);
      else {
        join();
        pieces.push(piece);
      }
    }
    join();
    return pieces;
  }

  /** The same as one piece that may be kept. */
  take(): Buffer {
    const pieces = this.#takeFull();
    const only = pieces.length === 1 ? (pieces[0] as Buffer) : null;
    return only !== null && !isLent(only) ? only : joined(pieces);
  }

  #takeFull(): readonly Buffer[] {
    this.#close();
    const pieces = this.#full;
    this.#full = [];
    this.#fullSize = 0;
    return pieces;
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  const whole = Buffer.concat(pieces);
  for (const piece of pieces) recycle(piece);
  return whole;
}
