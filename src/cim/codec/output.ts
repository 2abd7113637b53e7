/** Size of the pieces in which a large answer leaves. */
export const batchSize = 64 * 1024;
// Small answers fit into the pool of small buffers.
const firstSize = Buffer.poolSize / 2 - 1;
// UTF-8 takes at most three bytes for a UTF-16 unit.
const worstCase = 3;

/** Collects text and ready bytes into pieces of about 64 KiB, copying each only once. */
export class Output {
  #slab: Buffer | null = null;
  #at = 0;
  #full: Buffer[] = [];
  #fullSize = 0;
  #grown = false;

  /** Bytes waiting. */
  get size(): number {
    return this.#fullSize + this.#at;
  }

  #room(size: number): Buffer {
    if (this.#slab !== null && this.#slab.length - this.#at >= size) return this.#slab;
    this.#close();
    const usual = this.#full.length === 0 && !this.#grown ? firstSize : batchSize;
    this.#grown = true;
    this.#slab = Buffer.allocUnsafe(Math.max(usual, size));
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
    this.#close();
    const pieces: Buffer[] = [];
    let small: Buffer[] = [];
    const join = (): void => {
      if (small.length > 0) pieces.push(small.length === 1 ? (small[0] as Buffer) : Buffer.concat(small));
      small = [];
    };
    for (const piece of this.#full) {
      if (piece.length < batchSize) small.push(piece);
      else {
        join();
        pieces.push(piece);
      }
    }
    join();
    this.#full = [];
    this.#fullSize = 0;
    return pieces;
  }

  /** The same as one piece. */
  take(): Buffer {
    this.#close();
    const pieces = this.#full;
    this.#full = [];
    this.#fullSize = 0;
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }
}
