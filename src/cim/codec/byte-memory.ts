/** One bound of bytes for several memories, which grow old together. */
export class ByteBudget {
  readonly #half: number;
  #used = 0;
  readonly #memories: { age(): void }[] = [];

  constructor(bytes: number) {
    this.#half = bytes / 2;
  }

  join(memory: { age(): void }): void {
    this.#memories.push(memory);
  }

  /** @returns false: more than can be kept */
  spend(bytes: number): boolean {
    if (bytes > this.#half) return false;
    this.#used += bytes;
    if (this.#used > this.#half) {
      for (const memory of this.#memories) memory.age();
      this.#used = bytes;
    }
    return true;
  }
}

interface Entry<V> {
  readonly value: V;
  readonly size: number;
}

/**
 * What was made of immutable objects, kept only while the objects live and within a budget: two generations, of which the older
 * is dropped when the younger has used up its half. An object enters when it comes for the second time, so that objects made
 * for one answer leave nothing behind.
 */
export class ByteMemory<K extends object, V extends object> {
  readonly #budget: ByteBudget;
  #seen = new WeakSet<K>();
  #young = new WeakMap<K, Entry<V>>();
  #old = new WeakMap<K, Entry<V>>();

  constructor(budget: ByteBudget) {
    this.#budget = budget;
    budget.join(this);
  }

  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young.value;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.set(key, old.value, old.size);
    return old.value;
  }

  /** Whether the object was here before. */
  isSecond(key: K): boolean {
    if (this.#seen.has(key)) return true;
    this.#seen.add(key);
    return false;
  }

  set(key: K, value: V, size: number): void {
    if (this.#budget.spend(size)) this.#young.set(key, { value, size });
  }

  age(): void {
    this.#old = this.#young;
    this.#young = new WeakMap();
    this.#seen = new WeakSet();
  }
}
