import { createTimeSlice, digestSizes, type HashAlgorithm, hashOctets } from '../../../base/index.js';
import type { ImaEntry } from './entry.js';
import { ImaReader } from './read.js';

/** Value of one PCR in each bank that is followed. */
export type BankValues = Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>;

/** One PCR in one bank while a log is replayed: value := H(value ‖ digest) for each extend. */
export class PcrRegister {
  readonly bank: HashAlgorithm;
  readonly #size: number;
  // Value and digest lie side by side, so that an extend hashes without joining them first.
  readonly #pair: Buffer;

  constructor(bank: HashAlgorithm, initial?: Uint8Array) {
    this.bank = bank;
    this.#size = digestSizes[bank];
    this.#pair = Buffer.alloc(this.#size * 2);
    if (initial !== undefined) this.#pair.set(initial.subarray(0, this.#size));
  }

  extend(digest: Uint8Array): void {
    this.#pair.set(digest, this.#size);
    this.#pair.write(hashOctets(this.bank, this.#pair), 0, 'latin1');
  }

  /** As `extend`, with a digest of one character an octet. */
  extendOctets(digest: string): void {
    this.#pair.write(digest, this.#size, 'latin1');
    this.#pair.write(hashOctets(this.bank, this.#pair), 0, 'latin1');
  }

  /** A copy of the value. */
  get value(): Uint8Array {
    return new Uint8Array(this.#pair.subarray(0, this.#size));
  }

  is(value: Uint8Array): boolean {
    if (value.length !== this.#size) return false;
    for (let at = 0; at < this.#size; at++) if (this.#pair[at] !== value[at]) return false;
    return true;
  }
}

/** Follows one PCR in several banks through a measurement list. */
export class ImaReplay {
  readonly #registers: readonly PcrRegister[];

  constructor(banks: readonly HashAlgorithm[], initial: BankValues = {}) {
    this.#registers = banks.map((bank) => new PcrRegister(bank, initial[bank]));
  }

  step(entry: ImaEntry): void {
    for (const register of this.#registers) register.extendOctets(entry.extendedOctets(register.bank));
  }

  get values(): BankValues {
    return Object.fromEntries(this.#registers.map((register) => [register.bank, register.value]));
  }
}

export interface ReplayOptions {
  readonly banks: readonly HashAlgorithm[];
  /** Entries of other PCRs are passed over; default 10. */
  readonly pcr?: number;
  /** Values to start from, for a part of a log; default zeros. */
  readonly initial?: BankValues;
}

export interface ReplayResult {
  readonly values: BankValues;
  readonly entries: number;
  /** Indices of violations. */
  readonly violations: readonly number[];
}

function* replaySteps(log: Uint8Array, options: ReplayOptions): Generator<undefined, ReplayResult> {
  const reader = new ImaReader(log);
  const replay = new ImaReplay(options.banks, options.initial);
  const pcr = options.pcr ?? 10;
  const violations: number[] = [];
  for (let entry = reader.next(); entry !== null; entry = reader.next()) {
    if (entry.pcr !== pcr) continue;
    replay.step(entry);
    if (entry.violation) violations.push(entry.index);
    if (entry.index % 256 === 255) yield;
  }
  reader.end();
  return { values: replay.values, entries: reader.index, violations };
}

/**
 * Replays a binary list in every bank at once.
 * @throws DecodeError as `ImaReader`
 */
export function replayImaLog(log: Uint8Array, options: ReplayOptions): ReplayResult {
  const steps = replaySteps(log, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `replayImaLog`, in slices that leave the event loop to others every 8 ms. */
export async function replayImaLogInSlices(log: Uint8Array, options: ReplayOptions): Promise<ReplayResult> {
  const steps = replaySteps(log, options);
  const slice = createTimeSlice();
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await slice.pause();
  }
}
