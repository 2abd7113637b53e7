import { concatBytes, type HashAlgorithm, hashOctets } from '../../../base/index.js';

const nameFieldSize = 256;

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}

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
  readonly log: Buffer;
  readonly start: number;
  readonly dataStart: number;
  readonly end: number;
  /** Whether the template hash is all zeros: the kernel saw a violation and extended all ones. */
  readonly violation: boolean;

  constructor(
    log: Buffer,
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
    this.violation = log[place.start + 4] === 0 && isZero(log, place.start + 4, place.start + 24);
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

  /** What the kernel extended in a bank: its own hash of the template data, all ones for a violation; one character an octet. */
  extendedOctets(bank: HashAlgorithm): string {
    return this.violation ? violationOctets[bank] : hashOctets(bank, this.hashedData);
  }

  /** Whether the log states this SHA-1 template hash. */
  hasTemplateHash(octets: string): boolean {
    return this.log.toString('latin1', this.start + 4, this.start + 24) === octets;
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

const onesText = (length: number): string => '\u00ff'.repeat(length);

/** The same, one character an octet. */
export const violationOctets: Readonly<Record<HashAlgorithm, string>> = {
  sha1: onesText(20),
  sha256: onesText(32),
  sha384: onesText(48),
  sha512: onesText(64),
};
