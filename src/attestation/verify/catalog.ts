import { type HashAlgorithm, hashOctets } from '../../base/index.js';
import {
  imaDigestPlace,
  imaPath,
  decodeImaFields,
  type ImaEntry,
  scanImaFields,
  violationOctets,
} from '../../tpm/logs/index.js';

/**
 * What follows from one entry's template data alone, computed once for equal data: machines of one image measure the
 * same files, so that most entries of a datacenter have been seen before. Holds no view of a log.
 */
export class EntryFacts {
  readonly path: string;
  /** Kernel's name of the file digest's algorithm, and the digest in hexadecimal. */
  readonly algorithm: string;
  readonly digestHex: string;
  /** Whether the digest is of an fs-verity tree. */
  readonly verity: boolean;
  readonly signature: Uint8Array | null;
  readonly buffer: Uint8Array | null;
  /** Digests of the template data, one character an octet. */
  readonly sha1: string;
  readonly #bank: HashAlgorithm;
  readonly #digest: string;
  /** Left here by the appraisal, which alone reads it. */
  remark: unknown = undefined;

  /** @throws DecodeError if the fields cannot be read */
  constructor(entry: ImaEntry, bank: HashAlgorithm) {
    const { log } = entry;
    let path: string | null = null;
    let algorithm = '';
    let digestHex = '';
    let verity = false;
    let signature: Uint8Array | null = null;
    let buffer: Uint8Array | null = null;
    if (entry.template === 'ima') {
      const fields = decodeImaFields(entry);
      path = fields.path;
      algorithm = fields.digest.algorithm;
      digestHex = Buffer.from(fields.digest.value).toString('hex');
    } else {
      scanImaFields(entry, (name, start, end) => {
        if (name === 'd-ng' || name === 'd-ngv2') {
          const place = imaDigestPlace(log, start, end, name === 'd-ngv2');
          algorithm = place.algorithm;
          verity = place.kind === 'verity';
          digestHex = log.toString('hex', place.start, end);
        } else if (name === 'n-ng' || name === 'n') path = imaPath(log, start, end);
        else if (start === end) return;
        else if (name === 'd') {
          algorithm = end - start === 16 ? 'md5' : 'sha1';
          digestHex = log.toString('hex', start, end);
        } else if (name === 'sig') signature = new Uint8Array(log.subarray(start, end));
        else if (name === 'buf') buffer = new Uint8Array(log.subarray(start, end));
      });
    }
    if (path === null || algorithm === '') {
      // Says which field is missing or wrong.
      decodeImaFields(entry);
    }
    this.path = path ?? '';
    this.algorithm = algorithm;
    this.digestHex = digestHex;
    this.verity = verity;
    this.signature = signature;
    this.buffer = buffer;
    const data = entry.hashedData;
    this.sha1 = hashOctets('sha1', data);
    this.#bank = bank;
    this.#digest = bank === 'sha1' ? this.sha1 : hashOctets(bank, data);
  }

  /** What the kernel extended, one character an octet; `entry` is one with these facts. */
  extended(bank: HashAlgorithm, entry: ImaEntry): string {
    if (entry.violation) return violationOctets[bank];
    if (bank === this.#bank) return this.#digest;
    return bank === 'sha1' ? this.sha1 : entry.extendedOctets(bank);
  }

  /** `algorithm:hex` of the file digest. */
  get digestText(): string {
    return `${this.algorithm}:${this.digestHex}`;
  }
}

/** Octets for which an entry counts: a machine that measures long names must not fill the memory. */
const octetsPerEntry = 320;
const mostKey = 4096;

/** Remembers the facts of entries by their exact content; bounded, the least recently used half goes first. */
export class EntryCatalog {
  #young = new Map<string, EntryFacts>();
  #old = new Map<string, EntryFacts>();
  #octets = 0;
  readonly #half: number;

  /** @param capacity entries; about 0.8 kB each, and fewer of long ones */
  constructor(capacity = 50_000) {
    this.#half = Math.max(1, capacity >> 1);
  }

  /** @throws DecodeError if the fields cannot be read */
  facts(entry: ImaEntry, bank: HashAlgorithm): EntryFacts {
    const { log, start, end } = entry;
    if (end - start > mostKey) return new EntryFacts(entry, bank);
    // From the counted template name on: what follows can be read in one way only, so that no entry passes for another.
    const key = log.toString('latin1', start + 24, end);
    const seen = this.#young.get(key);
    if (seen !== undefined) return seen;
    const facts = this.#old.get(key) ?? new EntryFacts(entry, bank);
    if (this.#young.size >= this.#half || this.#octets >= this.#half * octetsPerEntry) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#octets = 0;
    }
    this.#octets += key.length;
    this.#young.set(key, facts);
    return facts;
  }
}
