import { concatBytes, type HashAlgorithm, hash } from '../../../base/index.js';

const nameFieldSize = 256;

/**
 * One entry of an IMA measurement list, as a view of the log's bytes: valid as long as they are not changed.
 * Nothing in it is believed: the template hash is what the log states, not what was extended.
 */
export class ImaEntry {
  /** Counted from 0 since boot. */
  readonly index: number;
  readonly pcr: number;
  readonly template: string;
  /** The log that the entry is in, and the entry's place: header at `start`, template data from `dataStart` to `end`. */
  readonly log: Uint8Array;
  readonly start: number;
  readonly dataStart: number;
  readonly end: number;
  /** Whether the template hash is all zeros: the kernel saw a violation and extended all ones. */
  readonly violation: boolean;

  constructor(
    log: Uint8Array,
    place: {
      readonly index: number;
      readonly pcr: number;
      readonly template: string;
      readonly start: number;
      readonly dataStart: number;
      readonly end: number;
    },
  ) {
    this.log = log;
    this.index = place.index;
    this.pcr = place.pcr;
    this.template = place.template;
    this.start = place.start;
    this.dataStart = place.dataStart;
    this.end = place.end;
    let or = 0;
    for (let at = place.start + 4; at < place.start + 24; at++) or |= log[at] as number;
    this.violation = or === 0;
  }

  /** The SHA-1 template hash that the log states. */
  get templateHash(): Uint8Array {
    return this.log.subarray(this.start + 4, this.start + 24);
  }

  /** Template data as stored. */
  get data(): Uint8Array {
    return this.log.subarray(this.dataStart, this.end);
  }

  /** Template data as hashed: as stored, but for `ima`, whose name is padded to 256 octets instead of counted. */
  get hashedData(): Uint8Array {
    if (this.template !== 'ima') return this.data;
    const digest = this.log.subarray(this.dataStart, this.dataStart + 20);
    const name = this.log.subarray(this.dataStart + 24, this.end);
    return concatBytes(digest, name, new Uint8Array(Math.max(0, nameFieldSize - name.length)));
  }

  /** What the kernel extended in a bank: its own hash of the template data, all ones for a violation. */
  extended(bank: HashAlgorithm): Uint8Array {
    return this.violation ? violationDigests[bank] : hash(bank, this.hashedData);
  }
}

const ones = (length: number): Uint8Array => new Uint8Array(length).fill(0xff);

/** What a violation extends in each bank. */
export const violationDigests: Readonly<Record<HashAlgorithm, Uint8Array>> = {
  sha1: ones(20),
  sha256: ones(32),
  sha384: ones(48),
  sha512: ones(64),
};
