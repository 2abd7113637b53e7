/**
 * Remembers values up to a number of bytes. Two generations: what was not used while the young one filled up is dropped with
 * the old one, which costs nothing per use.
 */
export class ByteCache<T extends object> {
  readonly #limit: number;
  #young = new Map<string, { readonly value: T; readonly bytes: number }>();
  #old = new Map<string, { readonly value: T; readonly bytes: number }>();
  #youngBytes = 0;
  #oldBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.set(key, old.value, old.bytes);
    return old.value;
  }

  set(key: string, value: T, bytes: number): void {
    this.delete(key);
    if (bytes > this.#limit / 2) return;
    if (this.#youngBytes + bytes > this.#limit / 2) {
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(key, { value, bytes });
    this.#youngBytes += bytes;
  }

  delete(key: string): void {
    const young = this.#young.get(key);
    if (young !== undefined && this.#young.delete(key)) this.#youngBytes -= young.bytes;
    const old = this.#old.get(key);
    if (old !== undefined && this.#old.delete(key)) this.#oldBytes -= old.bytes;
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#youngBytes = 0;
    this.#oldBytes = 0;
  }
}
