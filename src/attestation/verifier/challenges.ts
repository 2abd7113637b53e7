import { type Clock, type Randomness, toHex } from '../../base/index.js';
import { type Subject, subjectKey } from '../evidence/index.js';
import { EvidenceError, LookError } from '../verify/index.js';
import type { Challenge } from './types.js';

const maxOpen = 10_000;

/** Nonces that were given out: each is good for one answer of each subject, for a limited time. */
export class Challenges {
  readonly #open = new Map<string, { readonly expires: number; readonly answered: Set<string> }>();
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #lifetime: number;

  constructor(clock: Clock, randomness: Randomness, lifetime: number) {
    this.#clock = clock;
    this.#randomness = randomness;
    this.#lifetime = lifetime;
  }

  create(): Challenge {
    const issued = this.#clock.now();
    for (const [nonce, { expires }] of this.#open) {
      if (expires > issued && this.#open.size < maxOpen) break;
      this.#open.delete(nonce);
    }
    const nonce = this.#randomness.bytes(32);
    const expires = issued + this.#lifetime;
    this.#open.set(toHex(nonce), { expires, answered: new Set() });
    return { nonce, issued, expires };
  }

  /**
   * Uses a challenge for one subject.
   * @throws EvidenceError `nonce_reused`; LookError `nonce_unknown` for one that was never made or is too old
   */
  use(challenge: Challenge, subject: Subject): void {
    const open = this.#open.get(toHex(challenge.nonce));
    if (open === undefined || open.expires <= this.#clock.now()) throw new LookError('nonce_unknown');
    const key = subjectKey(subject);
    if (open.answered.has(key)) throw new EvidenceError('nonce_reused');
    open.answered.add(key);
  }
}
