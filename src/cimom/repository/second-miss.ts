const slots = 1 << 15;

/**
 * Tells whether a key was asked for before, not long ago, in a fixed amount of memory. What is read once in a walk wider than the
 * cache would only drive out what is read often.
 */
export class SecondMiss {
  readonly #seen = new Uint32Array(slots);

  /** True the second time; a rare wrong answer costs one place in the cache. */
  again(key: string): boolean {
    let sum = 0x811c9dc5;
    for (let at = 0; at < key.length; at++) sum = Math.imul(sum ^ key.charCodeAt(at), 0x01000193);
    const mark = sum >>> 0 || 1;
    const slot = mark & (slots - 1);
    if (this.#seen[slot] === mark) return true;
    this.#seen[slot] = mark;
    return false;
  }
}
