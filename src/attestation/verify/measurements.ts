import { createTimeSlice, DecodeError, type HashAlgorithm, type TimeSlice } from '../../base/index.js';
import { type BankValues, type ImaEntry, ImaReader, PcrRegister } from '../../tpm/logs/index.js';
import { type Reason, reason } from '../verdict/index.js';
import type { EntryCatalog, EntryFacts } from './catalog.js';
import type { PcrTarget } from './pcr-target.js';

/** Where the last round ended: the next entry's index and the PCR's value before it, bank by bank. */
export interface LogPosition {
  readonly index: number;
  readonly values: BankValues;
}

/** An entry that is to be appraised. */
export interface MeasuredEntry {
  readonly index: number;
  readonly violation: boolean;
  readonly facts: EntryFacts;
}

export interface MeasurementProof {
  /** Entries that the quote proves, of this part of the log. */
  readonly covered: readonly MeasuredEntry[];
  /** Entries after them: nothing proves them yet. */
  readonly uncovered: readonly MeasuredEntry[];
  /** Null where no prefix fits. */
  readonly position: LogPosition | null;
  /** Bad evidence; empty for a proof. */
  readonly reasons: readonly Reason[];
}

export interface MeasurementRules {
  readonly imaPcr: number;
  readonly start: LogPosition;
  readonly target: PcrTarget;
  readonly catalog: EntryCatalog;
  /** How many wrong entries are named one by one. */
  readonly maxReasons?: number;
}

/** Reads one part of a list against its target; see `verifyMeasurements`. */
class Walk {
  readonly #rules: MeasurementRules;
  readonly #registers: readonly PcrRegister[];
  readonly #bank: HashAlgorithm;
  readonly #entries: MeasuredEntry[] = [];
  readonly #reasons: Reason[] = [];
  #fit: LogPosition | null = null;

  constructor(rules: MeasurementRules) {
    this.#rules = rules;
    this.#registers = rules.target.banks.map((bank) => new PcrRegister(bank, rules.start.values[bank]));
    this.#bank = rules.target.banks[0] as HashAlgorithm;
    this.#tryFit(rules.start.index);
  }

  #values(): BankValues {
    const values: Partial<Record<HashAlgorithm, Uint8Array>> = {};
    for (const register of this.#registers) values[register.bank] = register.value;
    return values;
  }

  #tryFit(index: number): void {
    if (this.#fit !== null) return;
    if (this.#rules.target.fits(this.#registers)) this.#fit = { index, values: this.#values() };
  }

  #bad(made: Reason): void {
    if (this.#reasons.length < (this.#rules.maxReasons ?? 16)) this.#reasons.push(made);
  }

  step(entry: ImaEntry): void {
    const { index, violation } = entry;
    if (entry.pcr !== this.#rules.imaPcr) {
      this.#bad(reason('unexpected_pcr', { index, pcr: entry.pcr }));
      return;
    }
    const facts = this.#rules.catalog.facts(entry, this.#bank);
    if (!violation && !entry.hasTemplateHash(facts.sha1)) {
      this.#bad(reason('template_hash_mismatch', { index, path: facts.path }));
    }
    this.#entries.push({ index, violation, facts });
    if (this.#fit === null) {
      for (const register of this.#registers) register.extendOctets(facts.extended(register.bank, entry));
      this.#tryFit(index + 1);
    }
  }

  malformed(error: unknown, index: number): void {
    const detail = error instanceof DecodeError ? `${error.code} at byte ${error.offset}` : undefined;
    this.#bad(reason('malformed_measurement_log', { index, ...(detail === undefined ? {} : { detail }) }));
  }

  finish(): MeasurementProof {
    const { start, target, imaPcr } = this.#rules;
    const position = this.#fit;
    if (position === null) {
      const code = target.kind === 'values' ? 'log_mismatch' : 'pcr_digest_mismatch';
      this.#reasons.push(reason(code, { index: start.index, pcr: imaPcr, bank: this.#bank }));
    }
    const split = position === null ? 0 : position.index - start.index;
    return {
      covered: this.#entries.slice(0, split),
      uncovered: this.#entries.slice(split),
      position: this.#reasons.length === 0 ? position : null,
      reasons: this.#reasons,
    };
  }
}

function* walk(log: Uint8Array, rules: MeasurementRules): Generator<undefined, MeasurementProof> {
  const steps = new Walk(rules);
  const reader = new ImaReader(log, rules.start.index);
  try {
    for (let entry = reader.next(); entry !== null; entry = reader.next()) {
      steps.step(entry);
      if ((entry.index & 127) === 127) yield;
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    steps.malformed(error, Math.max(0, reader.index - 1));
  }
  return steps.finish();
}

/**
 * Finds the shortest prefix of a binary list that leads from `start` to the target. What a list says of itself is not
 * believed: the template data are hashed for the bank, and the SHA-1 column is recomputed and compared.
 */
export function verifyMeasurements(log: Uint8Array, rules: MeasurementRules): MeasurementProof {
  const steps = walk(log, rules);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** As `verifyMeasurements`, leaving the event loop to others every 8 ms. */
export async function verifyMeasurementsInSlices(
  log: Uint8Array,
  rules: MeasurementRules,
  slice: TimeSlice = createTimeSlice(),
): Promise<MeasurementProof> {
  const steps = walk(log, rules);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await slice.pause();
  }
}
