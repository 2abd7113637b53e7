import type { Subject, Verifier } from '../../attestation/index.js';
import { type Clock, type Log, messageOf } from '../../base/index.js';
import { CimError } from '../../cim/index.js';
import type { Rounds } from './rounds.js';

/** What one agent may send. */
export interface PushLimits {
  /** Octets of one push. */
  readonly bytes: number;
  /** Pushes at once, and the milliseconds after which one more may follow. */
  readonly burst: number;
  readonly refill: number;
  /** Milliseconds between two challenges that pushes start. */
  readonly challengePause: number;
}

export const defaultPushLimits: PushLimits = { bytes: 256 << 10, burst: 30, refill: 2_000, challengePause: 5_000 };

interface Bucket {
  tokens: number;
  filled: number;
}

/**
 * What agents send unasked: worth an alert where it is known to be bad, and a challenge where it is new. It never makes a
 * verdict better.
 */
export class Pushes {
  readonly #verifier: Verifier;
  readonly #rounds: Rounds;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #limits: PushLimits;
  readonly #buckets = new Map<string, Bucket>();
  readonly #challenged = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    parts: { readonly verifier: Verifier; readonly rounds: Rounds; readonly clock: Clock; readonly log: Log },
    limits: Partial<PushLimits> = {},
  ) {
    this.#verifier = parts.verifier;
    this.#rounds = parts.rounds;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#limits = { ...defaultPushLimits, ...limits };
  }

  #admit(vm: string): void {
    const now = this.#clock.now();
    const { burst, refill } = this.#limits;
    const bucket = this.#buckets.get(vm) ?? { tokens: burst, filled: now };
    const gained = Math.floor((now - bucket.filled) / refill);
    bucket.tokens = Math.min(burst, bucket.tokens + gained);
    bucket.filled += gained * refill;
    if (bucket.tokens === burst) bucket.filled = now;
    this.#buckets.set(vm, bucket);
    if (bucket.tokens === 0) throw new CimError(1, 'too many measurements are sent for this system; wait a little');
    bucket.tokens--;
  }

  /**
   * @returns a sentence
   * @throws CimError 4 for what is too large, 6 for a system that no managed host has, 1 for too many at once;
   * EvidenceError for what is no measurement list
   */
  async submit(vm: string, start: number, data: Uint8Array): Promise<string> {
    if (data.length > this.#limits.bytes) throw new CimError(4, `at most ${this.#limits.bytes} octets at once`);
    const policy = this.#rounds.policyOf(vm);
    if (policy === null) throw new CimError(6, `no managed host has the system ${vm}`);
    this.#admit(vm);
    const subject: Subject = { kind: 'vm', uuid: vm };
    const { covered, known } = await this.#verifier.pushed(subject, { start, data }, policy);
    if (known.length > 0) {
      const { verdict } = this.#verifier.status(subject);
      if (verdict !== null) await this.#rounds.tell({ name: this.#rounds.nameOf(subject), verdict });
    }
    if (known.length === 0 && covered) return 'nothing new';
    this.#challenge(vm);
    const seen = known.length === 0 ? 'new measurements' : `${known.length} measurements that are known to be bad`;
    return `${seen}; a challenge decides`;
  }

  #challenge(vm: string): void {
    const last = this.#challenged.get(vm) ?? -Infinity;
    if (this.#running.has(vm) || this.#clock.now() - last < this.#limits.challengePause) return;
    this.#challenged.set(vm, this.#clock.now());
    const work = this.#rounds
      .attest(vm, 'quoted')
      .then(() => undefined)
      .catch((error: unknown) => this.#log.warn('challenge after a push failed', { vm, error: messageOf(error) }))
      .finally(() => this.#running.delete(vm));
    this.#running.set(vm, work);
  }

  /** Waits for challenges that are under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
