/** Lists of numbers for consecutive keys, packed into two arrays. */
export class PackedLists {
  readonly starts: Uint32Array;
  readonly items: Uint32Array;

  constructor(lists: readonly (readonly number[])[]) {
    this.starts = new Uint32Array(lists.length + 1);
    let total = 0;
    for (const [at, list] of lists.entries()) {
      this.starts[at] = total;
      total += list.length;
    }
    this.starts[lists.length] = total;
    this.items = new Uint32Array(total);
    for (const [at, list] of lists.entries()) this.items.set(list, this.starts[at]);
  }

  of(key: number): Uint32Array {
    return this.items.subarray(this.starts[key], this.starts[key + 1]);
  }

  /** Bytes held. */
  get size(): number {
    return this.starts.byteLength + this.items.byteLength;
  }
}
