/** A matrix of bits, one row for each label, one column for each type; rows are words of 32 bits. */
export class BitRows {
  readonly words: Uint32Array;
  readonly columns: number;
  readonly rows: number;
  /** Words of one row. */
  readonly width: number;
  // First and one past the last word of a row that is not zero, and the OR of all: most pairs end there.
  readonly #from: Uint16Array;
  readonly #to: Uint16Array;
  readonly #fold: Uint32Array;

  constructor(rows: number, columns: number) {
    this.rows = rows;
    this.columns = columns;
    this.width = Math.max(1, (columns + 31) >>> 5);
    this.words = new Uint32Array(rows * this.width);
    this.#from = new Uint16Array(rows).fill(this.width);
    this.#to = new Uint16Array(rows);
    this.#fold = new Uint32Array(rows);
  }

  /** Sets one bit; only while the policy is compiled. */
  set(row: number, column: number): void {
    const word = column >>> 5;
    const at = row * this.width + word;
    this.words[at] = (this.words[at] as number) | (1 << (column & 31));
    if (word < (this.#from[row] as number)) this.#from[row] = word;
    if (word >= (this.#to[row] as number)) this.#to[row] = word + 1;
    this.#fold[row] = (this.#fold[row] as number) | (1 << (column & 31));
  }

  has(row: number, column: number): boolean {
    return ((this.words[row * this.width + (column >>> 5)] as number) & (1 << (column & 31))) !== 0;
  }

  /** Whether two rows have a bit in common. */
  meet(a: number, b: number): boolean {
    if (((this.#fold[a] as number) & (this.#fold[b] as number)) === 0) return false;
    const from = Math.max(this.#from[a] as number, this.#from[b] as number);
    const to = Math.min(this.#to[a] as number, this.#to[b] as number);
    const { words } = this;
    for (let i = a * this.width + from, j = b * this.width + from, end = a * this.width + to; i < end; i++, j++) {
      if (((words[i] as number) & (words[j] as number)) !== 0) return true;
    }
    return false;
  }

  /** Whether every bit of `inner` is in `outer`. */
  covers(outer: number, inner: number): boolean {
    if (((this.#fold[inner] as number) & ~(this.#fold[outer] as number)) !== 0) return false;
    const from = this.#from[inner] as number;
    const to = this.#to[inner] as number;
    const { words } = this;
    for (let i = inner * this.width + from, j = outer * this.width + from, n = to - from; n > 0; n--, i++, j++) {
      if (((words[i] as number) & ~(words[j] as number)) !== 0) return false;
    }
    return true;
  }

  isEmpty(row: number): boolean {
    return (this.#fold[row] as number) === 0;
  }

  /** Columns of a row, ascending. */
  columnsOf(row: number): number[] {
    return this.common(row, row);
  }

  /** Columns that two rows have in common, ascending. */
  common(a: number, b: number): number[] {
    const found: number[] = [];
    const from = Math.max(this.#from[a] as number, this.#from[b] as number);
    const to = Math.min(this.#to[a] as number, this.#to[b] as number);
    for (let word = from; word < to; word++) {
      let bits = (this.words[a * this.width + word] as number) & (this.words[b * this.width + word] as number);
      while (bits !== 0) {
        const low = bits & -bits;
        found.push(word * 32 + (31 - Math.clz32(low)));
        bits ^= low;
      }
    }
    return found;
  }

  /** Bytes held. */
  get size(): number {
    return this.words.byteLength + this.#fold.byteLength + this.#from.byteLength + this.#to.byteLength;
  }
}
