import { digestSizes, equalBytes, type HashAlgorithm } from '../../base/index.js';
import { pcrDigest } from '../../tpm/index.js';
import type { PcrRegister } from '../../tpm/logs/index.js';
import type { PcrValues } from '../evidence/index.js';
import type { VerifiedQuote } from './quote.js';
import { EvidenceError } from './errors.js';

/** PCR values as far as they are known, bank by bank. */
export type KnownValues = Readonly<Partial<Record<HashAlgorithm, ReadonlyMap<number, Uint8Array>>>>;

/**
 * What the measurement list has to lead to. `values`: every quoted PCR is known and proven. `digest`: the values of the
 * measurement list's PCR are not given, so that each prefix is tried against the quote's digest.
 */
export interface PcrTarget {
  readonly kind: 'values' | 'digest';
  /** Proven at once for `values`; for `digest` proven when a prefix fits. The list's PCR is in it only for `values`. */
  readonly known: KnownValues;
  /** Banks that must be replayed, the judged one first. */
  readonly banks: readonly HashAlgorithm[];
  /** Whether the list's PCR may have these values. */
  fits(registers: readonly PcrRegister[]): boolean;
}

function value(values: KnownValues, bank: HashAlgorithm, pcr: number): Uint8Array | undefined {
  return values[bank]?.get(pcr);
}

/** Value of a PCR after a reset of the platform (PC Client Platform TPM Profile, 4.6.2). */
function initialValue(bank: HashAlgorithm, pcr: number): Uint8Array {
  return new Uint8Array(digestSizes[bank]).fill(pcr >= 17 && pcr <= 22 ? 0xff : 0);
}

/** @throws EvidenceError `malformed_pcr_values` */
export function knownValues(values: PcrValues): KnownValues {
  const known: Partial<Record<HashAlgorithm, ReadonlyMap<number, Uint8Array>>> = {};
  for (const [name, ofBank] of Object.entries(values)) {
    const bank = name as HashAlgorithm;
    const map = new Map<number, Uint8Array>();
    for (const [key, octets] of Object.entries(ofBank)) {
      const pcr = Number(key);
      if (digestSizes[bank] !== octets.length || !Number.isInteger(pcr) || pcr < 0 || pcr > 23) {
        throw new EvidenceError('malformed_pcr_values', { bank: name, pcr });
      }
      map.set(pcr, octets);
    }
    known[bank] = map;
  }
  return known;
}

/**
 * Brings together what is stated of the quoted PCRs and what the logs lead to, and checks it against the quote's digest
 * as far as that is possible before the measurement list is read.
 * @param stated PCR values that came with the evidence
 * @param replayed values that the event logs lead to; used only where `stated` has none
 * @throws EvidenceError `pcr_digest_mismatch`
 */
export function resolvePcrTarget(
  quote: Pick<VerifiedQuote, 'selection' | 'pcrDigest' | 'digestAlgorithm'>,
  bank: HashAlgorithm,
  imaPcr: number,
  stated: KnownValues,
  replayed: KnownValues,
): PcrTarget {
  const selected = quote.selection.flatMap((part) => part.indexes.map((pcr) => ({ bank: part.bank, pcr })));
  const known: Partial<Record<HashAlgorithm, Map<number, Uint8Array>>> = {};
  const open: HashAlgorithm[] = [];
  for (const { bank: of, pcr } of selected) {
    const given = value(stated, of, pcr);
    if (given === undefined && pcr === imaPcr) {
      open.push(of);
      continue;
    }
    (known[of] ??= new Map()).set(pcr, given ?? value(replayed, of, pcr) ?? initialValue(of, pcr));
  }
  // Tried for every prefix of a log: only the values of the list's PCR are written anew.
  const sizes = selected.map(({ bank: of }) => digestSizes[of]);
  const values = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  const places: { readonly bank: HashAlgorithm; readonly at: number }[] = [];
  let end = 0;
  selected.forEach(({ bank: of, pcr }, item) => {
    const fixed = value(known, of, pcr);
    if (fixed === undefined) places.push({ bank: of, at: end });
    else values.set(fixed, end);
    end += sizes[item] as number;
  });
  const digestWith = (registers: readonly PcrRegister[]): Uint8Array => {
    for (const { bank: of, at } of places) {
      const register = registers.find((one) => one.bank === of);
      if (register !== undefined) values.set(register.value, at);
    }
    return pcrDigest(quote.digestAlgorithm, [values]);
  };
  if (open.length === 0) {
    if (!equalBytes(digestWith([]), quote.pcrDigest)) throw new EvidenceError('pcr_digest_mismatch');
    const target = value(known, bank, imaPcr) as Uint8Array;
    return { kind: 'values', known, banks: [bank], fits: ([register]) => register?.is(target) === true };
  }
  return {
    kind: 'digest',
    known,
    banks: [bank, ...open.filter((other) => other !== bank)],
    fits: (registers) => equalBytes(digestWith(registers), quote.pcrDigest),
  };
}

/** The target where a host asserts the values: nothing of the VM's TPM is signed. @throws EvidenceError `pcr_values_missing` */
export function assertedTarget(bank: HashAlgorithm, imaPcr: number, stated: KnownValues): PcrTarget {
  const target = value(stated, bank, imaPcr);
  if (target === undefined) throw new EvidenceError('pcr_values_missing', { bank, pcr: imaPcr });
  return {
    kind: 'values',
    known: stated,
    banks: [bank],
    fits: ([register]) => register?.is(target) === true,
  };
}
