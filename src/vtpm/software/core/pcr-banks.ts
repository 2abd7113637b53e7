import { digestSizes, hash, type HashAlgorithm } from '../../../base/index.js';
import type { PcrSelection } from '../../../tpm/index.js';

export const pcrCount = 24;

/** Attributes of a PCR (TCG PC Client Platform TPM Profile, table 6): which localities may extend and reset it. */
export interface PcrAttributes {
  readonly saved: boolean;
  /** Bit n: locality n. */
  readonly resetLocalities: number;
  readonly extendLocalities: number;
  /** Value after a start: all ones for the PCRs of a dynamic launch. */
  readonly startsWith: 0x00 | 0xff;
  /** Whether a change counts in the update counter. */
  readonly counted: boolean;
}

function attributes(
  saved: boolean,
  reset: number,
  extend: number,
  startsWith: 0x00 | 0xff,
  counted: boolean,
): PcrAttributes {
  return { saved, resetLocalities: reset, extendLocalities: extend, startsWith, counted };
}

const boot = attributes(true, 0x00, 0x1f, 0x00, true);

export const pcrAttributes: readonly PcrAttributes[] = [
  ...Array.from({ length: 16 }, () => boot),
  attributes(false, 0x0f, 0x1f, 0x00, false),
  attributes(false, 0x10, 0x1c, 0xff, true),
  attributes(false, 0x10, 0x1c, 0xff, true),
  attributes(false, 0x10, 0x0c, 0xff, true),
  attributes(false, 0x14, 0x0e, 0xff, true),
  attributes(false, 0x14, 0x04, 0xff, false),
  attributes(false, 0x14, 0x04, 0xff, false),
  attributes(false, 0x0f, 0x1f, 0x00, false),
];

/** All PCRs: one array of octets for each bank. */
export class PcrBanks {
  readonly banks: readonly HashAlgorithm[];
  updateCounter = 0;
  readonly #values: ReadonlyMap<HashAlgorithm, Uint8Array>;
  readonly #scratch = new Map<HashAlgorithm, Uint8Array>();

  constructor(banks: readonly HashAlgorithm[]) {
    this.banks = banks;
    this.#values = new Map(banks.map((bank) => [bank, new Uint8Array(pcrCount * digestSizes[bank])]));
    for (const bank of banks) this.#scratch.set(bank, new Uint8Array(2 * digestSizes[bank]));
  }

  /** Octets of a bank, all PCRs one after another; undefined for a bank that is not there. */
  octets(bank: HashAlgorithm): Uint8Array | undefined {
    return this.#values.get(bank);
  }

  /** A view: copy it before the next change. */
  value(bank: HashAlgorithm, index: number): Uint8Array | undefined {
    const size = digestSizes[bank];
    return this.#values.get(bank)?.subarray(index * size, (index + 1) * size);
  }

  /** Whether there was such a bank. */
  extend(bank: HashAlgorithm, index: number, digest: Uint8Array): boolean {
    const value = this.value(bank, index);
    const scratch = this.#scratch.get(bank);
    if (value === undefined || scratch === undefined) return false;
    scratch.set(value);
    scratch.set(digest, value.length);
    value.set(hash(bank, scratch));
    this.changed(index);
    return true;
  }

  /** Extends with the bank's own digest of data. */
  extendData(bank: HashAlgorithm, index: number, data: Uint8Array): Uint8Array {
    const digest = hash(bank, data);
    this.extend(bank, index, digest);
    return digest;
  }

  /** Sets every bank's PCR to one octet repeated, as starts and resets do. */
  fill(index: number, octet: number): void {
    for (const bank of this.banks) this.value(bank, index)?.fill(octet);
  }

  changed(index: number): void {
    if (pcrAttributes[index]?.counted === true) this.updateCounter = (this.updateCounter + 1) >>> 0;
  }

  /** Values at TPM Reset and Restart; PCR 0 ends with the locality of the start (PC Client Profile, 4.6). */
  start(startupLocality: number): void {
    for (let index = 0; index < pcrCount; index++) {
      this.fill(index, pcrAttributes[index]?.startsWith ?? 0);
      this.changed(index);
    }
    if (startupLocality === 0) return;
    for (const bank of this.banks) this.value(bank, 0)?.set([startupLocality], digestSizes[bank] - 1);
  }

  /** The part of a selection that is there. */
  available(selection: PcrSelection): PcrSelection {
    return selection.map(({ bank, indexes }) => ({
      bank,
      indexes: this.#values.has(bank) ? indexes.filter((index) => index < pcrCount) : [],
    }));
  }

  /** Values in the order of the selection, joined. */
  concatenated(selection: PcrSelection): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const { bank, indexes } of selection) {
      for (const index of indexes) parts.push(this.value(bank, index) ?? new Uint8Array(0));
    }
    return new Uint8Array(Buffer.concat(parts));
  }
}
