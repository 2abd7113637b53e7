import { concatBytes, hash, type HashAlgorithm } from '../../../base/index.js';

/** Name of the first entry of every list. */
export const bootAggregateName = 'boot_aggregate';

/**
 * The digest of boot_aggregate over a bank's PCR values: PCRs 0 to 7, and 8 and 9 too but for SHA-1 (Linux 5.10 and
 * newer). Null where a value is missing.
 */
export function bootAggregate(bank: HashAlgorithm, values: Readonly<Record<number, Uint8Array>>): Uint8Array | null {
  const parts: Uint8Array[] = [];
  for (let pcr = 0; pcr < (bank === 'sha1' ? 8 : 10); pcr++) {
    const value = values[pcr];
    if (value === undefined) return null;
    parts.push(value);
  }
  return hash(bank, concatBytes(...parts));
}
