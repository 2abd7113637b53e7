import { type Clock, hash, toBase64 } from '../../base/index.js';

interface Remembered {
  readonly user: string;
  readonly expires: number;
}

/** Header values that were verified, by their SHA-256: bounded, expiring, cleared when any account changes. */
export class RememberedHeaders {
  readonly #entries = new Map<string, Remembered>();
  readonly #clock: Clock;
  readonly #most: number;
  readonly #lifetime: number;
  #generation = 0;

  constructor(clock: Clock, most: number, lifetime: number) {
    this.#clock = clock;
    this.#most = most;
    this.#lifetime = lifetime;
  }

  /** Changes whenever everything was forgotten: what was verified under an older generation must not be remembered. */
  get generation(): number {
    return this.#generation;
  }

  static digest(header: string): string {
    return toBase64(hash('sha256', Buffer.from(header)));
  }

  find(digest: string): string | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonic() < entry.expires) return entry.user;
    this.#entries.delete(digest);
    return undefined;
  }

  remember(digest: string, user: string, generation: number): void {
    if (generation !== this.#generation) return;
    if (this.#entries.size >= this.#most) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(digest, { user, expires: this.#clock.monotonic() + this.#lifetime });
  }

  forgetAll(): void {
    this.#entries.clear();
    this.#generation++;
  }
}
