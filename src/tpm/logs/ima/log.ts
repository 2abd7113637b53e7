import { DecodeError, hash, type HashAlgorithm } from '../../../base/index.js';
import { formatImaEntry } from './ascii.js';
import { encodeImaData, encodeImaEntry, type ImaInput, violationDigest } from './encode.js';
import { type ImaEntry, violationDigests } from './entry.js';
import { decodeImaLog, ImaReader } from './read.js';

export interface ImaLogOptions {
  /** Registered name or list of fields; default `ima-ng`. */
  readonly template?: string;
  /** Banks whose digests `measure` returns; default SHA-1 and SHA-256. */
  readonly banks?: readonly HashAlgorithm[];
  /** Default 10. */
  readonly pcr?: number;
  /** Entries of this boot that were written before, in binary form. */
  readonly existing?: Uint8Array;
}

/** What is to be extended into the log's PCR, bank by bank. */
export interface ImaExtension {
  readonly entry: ImaEntry;
  readonly pcr: number;
  readonly digests: Readonly<Partial<Record<HashAlgorithm, Uint8Array>>>;
}

/** A part of a log and where the next part begins. */
export interface ImaLogPart {
  readonly data: Uint8Array;
  readonly start: number;
  readonly nextIndex: number;
}

/** A measurement list that is being written, as the kernel of a measured system keeps it. */
export interface ImaLog {
  readonly length: number;
  /** Appends a measurement; the caller extends the PCR with what is returned. @throws DecodeError `bad_field` */
  measure(input: ImaInput, template?: string): ImaExtension;
  /** Appends a violation: zeros in the list, all ones in the PCR. */
  violation(path: string, algorithm?: HashAlgorithm): ImaExtension;
  /** Entries from `start`, at most `maxEntries`, in binary form. */
  part(start?: number, maxEntries?: number): ImaLogPart;
  entries(): ImaEntry[];
  toBinary(): Uint8Array;
  /** As the kernel prints it, one line for each entry. */
  toAscii(): string;
}

/** @throws DecodeError if `existing` cannot be read */
export function createImaLog(options: ImaLogOptions = {}): ImaLog {
  const template = options.template ?? 'ima-ng';
  const banks = options.banks ?? ['sha1', 'sha256'];
  const pcr = options.pcr ?? 10;
  const written: Uint8Array[] = [];
  if (options.existing !== undefined) {
    for (const entry of decodeImaLog(options.existing)) {
      written.push(options.existing.slice(entry.start, entry.end));
    }
  }

  const join = (from: number, to: number): Uint8Array => new Uint8Array(Buffer.concat(written.slice(from, to)));

  const append = (input: ImaInput, kind: string, isViolation: boolean): ImaExtension => {
    const data = encodeImaData(kind, input);
    const draft = encodeImaEntry(pcr, new Uint8Array(20).fill(1), kind, data);
    const hashed = readOne(draft, written.length).hashedData;
    const templateHash = isViolation ? new Uint8Array(20) : hash('sha1', hashed);
    draft.set(templateHash, 4);
    written.push(draft);
    const digests = banks.map((bank) => [bank, isViolation ? violationDigests[bank] : hash(bank, hashed)] as const);
    return { entry: readOne(draft, written.length - 1), pcr, digests: Object.fromEntries(digests) };
  };

  return {
    get length() {
      return written.length;
    },
    measure: (input, kind = template) => append(input, kind, false),
    violation: (path, algorithm = template === 'ima' ? 'sha1' : 'sha256') =>
      append({ path, digest: violationDigest(algorithm) }, template, true),
    part(start = 0, maxEntries = Number.MAX_SAFE_INTEGER) {
      const from = Math.min(Math.max(0, start), written.length);
      const to = Math.min(from + maxEntries, written.length);
      return { data: join(from, to), start: from, nextIndex: to };
    },
    entries: () => decodeImaLog(join(0, written.length)),
    toBinary: () => join(0, written.length),
    toAscii: () =>
      decodeImaLog(join(0, written.length))
        .map((entry) => `${formatImaEntry(entry)}\n`)
        .join(''),
  };
}

/**
 * A part of a binary list that is kept as it is: entries from `start`, at most `maxEntries`.
 * @throws DecodeError if what lies before the part's end cannot be read
 */
export function imaLogPart(log: Uint8Array, start = 0, maxEntries = Number.MAX_SAFE_INTEGER): ImaLogPart {
  const reader = new ImaReader(log);
  while (reader.index < start && reader.next() !== null);
  const { index, offset } = reader;
  while (reader.index - index < maxEntries && reader.next() !== null);
  return { data: log.slice(offset, reader.offset), start: index, nextIndex: reader.index };
}

function readOne(bytes: Uint8Array, index: number): ImaEntry {
  const entry = new ImaReader(bytes, index).next();
  if (entry === null) throw new DecodeError('bad_field', 'an entry that cannot be read back', 0);
  return entry;
}
