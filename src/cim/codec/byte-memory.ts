// A weak table that grows is built anew in one go, and collecting garbage goes through all of it in one go: with a hundred
// thousand entries everybody waits for 10 to 40 ms.
const mostEntries = 32 * 1024;
const mostSeen = 16 * 1024;

/** One bound of bytes for several memories, which grow old together. */
export class ByteBudget {
  readonly #half: number;
  readonly #entries: number;
  #used = 0;
  #count = 0;
  readonly #memories: { age(): void }[] = [];

  /** @param entries how many may be kept in one half of the bytes */
  constructor(bytes: number, entries = mostEntries) {
    this.#half = bytes / 2;
    this.#entries = entries;
  }

  join(memory: { age(): void }): void {
    this.#memories.push(memory);
  }

  /** @returns false: more than can be kept */
  spend(bytes: number): boolean {
    if (bytes > this.#half) return false;
    this.#used += bytes;
    this.#count++;
    if (this.#used > this.#half || this.#count > this.#entries) {
      for (const memory of this.#memories) memory.age();
      this.#used = bytes;
      this.#count = 1;
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
 * is dropped when the younger has used up its half. An object enters when it comes for the second time, and not too many others
 * came in between, so that objects made for one answer leave nothing behind.
 */
export class ByteMemory<K extends object, V extends object> {
  readonly #budget: ByteBudget;
  #seen = new WeakSet<K>();
  #seenBefore = new WeakSet<K>();
  #seenCount = 0;
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

  /** Whether the object was here before, not too long ago. */
  isSecond(key: K): boolean {
    if (this.#seen.has(key) || this.#seenBefore.has(key)) return true;
    if (++this.#seenCount > mostSeen) {
      this.#seenBefore = this.#seen;
      this.#seen = new WeakSet();
      this.#seenCount = 1;
    }
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
    this.#seenBefore = new WeakSet();
    this.#seenCount = 0;
  }
}
