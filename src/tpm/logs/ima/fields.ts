import { DecodeError } from '../../../base/index.js';
import type { ImaEntry } from './entry.js';
import { type ImaFieldName, imaTemplateFields } from './template.js';

/** A digest as a measurement list names it; `algorithm` is the kernel's name and may be one that we cannot compute. */
export interface ImaDigest {
  readonly algorithm: string;
  readonly value: Uint8Array;
  /** Of templates with `d-ngv2`: whether the digest is of the content or of the fs-verity tree. */
  readonly kind?: 'ima' | 'verity';
}

/** The fields of one entry; absent ones are not in the template or empty. */
export interface ImaMeasurement {
  readonly digest: ImaDigest;
  /** As logged: the kernel writes blanks as `_`. */
  readonly path: string;
  readonly signature?: Uint8Array;
  readonly buffer?: Uint8Array;
  readonly moduleDigest?: ImaDigest;
  readonly moduleSignature?: Uint8Array;
  readonly evmSignature?: Uint8Array;
  /** Fields without a meaning here, as stored. */
  readonly others: Readonly<Partial<Record<ImaFieldName, Uint8Array>>>;
}

/** Called for each field with its place in the log's bytes. */
export type ImaFieldVisitor = (name: ImaFieldName, start: number, end: number) => void;

/**
 * Goes over the fields of an entry that is not of template `ima`, without copies.
 * @throws DecodeError `truncated`, `trailing_bytes`
 */
export function scanImaFields(entry: ImaEntry, visit: ImaFieldVisitor): void {
  const { log, end } = entry;
  let at = entry.dataStart;
  for (const name of imaTemplateFields(entry.template)) {
    const start = at + 4;
    if (start > end) throw new DecodeError('truncated', `field ${name} is missing`, at);
    const length = log.readUInt32LE(at);
    if (length > end - start) throw new DecodeError('truncated', `field ${name} of ${length} bytes`, at);
    at = start + length;
    visit(name, start, at);
  }
  if (at !== end) throw new DecodeError('trailing_bytes', `${end - at} bytes after the last field`, at);
}

/** Where the digest of a field begins, and what is said before it. */
export interface ImaDigestPlace {
  readonly algorithm: string;
  readonly kind?: 'ima' | 'verity';
  readonly start: number;
}

/** Reads `algorithm:` or, of templates with `d-ngv2`, `kind:algorithm:` before a digest. @throws DecodeError `bad_field` */
export function imaDigestPlace(log: Buffer, start: number, end: number, versioned: boolean): ImaDigestPlace {
  const nul = log.indexOf(0, start);
  const prefix = nul < 0 || nul >= end || nul - start > 64 ? '' : log.toString('latin1', start, nul);
  const parts = prefix.split(':');
  const [first, second] = parts;
  if (versioned) {
    const kind = first === 'verity' || first === 'ima' ? first : null;
    if (kind === null || parts.length !== 3 || !second || parts[2] !== '') {
      throw new DecodeError('bad_field', 'digest without its kind and algorithm', start);
    }
    return { algorithm: second, kind, start: nul + 1 };
  }
  if (parts.length !== 2 || !first || second !== '') {
    throw new DecodeError('bad_field', 'digest without its algorithm', start);
  }
  return { algorithm: first, start: nul + 1 };
}

/** A name with its end. @throws DecodeError `bad_field` */
export function imaPath(log: Buffer, start: number, end: number): string {
  if (log.indexOf(0, start) !== end - 1) throw new DecodeError('bad_field', 'name without its end', start);
  return log.toString('utf8', start, end - 1);
}

function digestOf(log: Buffer, start: number, end: number, versioned: boolean): ImaDigest {
  const place = imaDigestPlace(log, start, end, versioned);
  const value = log.subarray(place.start, end);
  return place.kind === undefined
    ? { algorithm: place.algorithm, value }
    : { algorithm: place.algorithm, value, kind: place.kind };
}

function oldMeasurement(entry: ImaEntry): ImaMeasurement {
  const name = entry.log.subarray(entry.dataStart + 24, entry.end);
  if (name.includes(0)) throw new DecodeError('bad_field', 'name with a zero inside', entry.dataStart + 24);
  return {
    digest: { algorithm: 'sha1', value: entry.log.subarray(entry.dataStart, entry.dataStart + 20) },
    path: Buffer.from(name).toString('utf8'),
    others: {},
  };
}

/**
 * The fields of an entry's template data.
 * @throws DecodeError `bad_field`, `truncated`, `trailing_bytes`
 */
export function decodeImaFields(entry: ImaEntry): ImaMeasurement {
  if (entry.template === 'ima') return oldMeasurement(entry);
  const { log } = entry;
  const out: { -readonly [K in keyof ImaMeasurement]?: ImaMeasurement[K] } = {};
  const others: Partial<Record<ImaFieldName, Uint8Array>> = {};
  scanImaFields(entry, (name, start, end) => {
    if (name === 'd-ng' || name === 'd-ngv2') out.digest = digestOf(log, start, end, name === 'd-ngv2');
    else if (name === 'd')
      out.digest = { algorithm: end - start === 16 ? 'md5' : 'sha1', value: log.subarray(start, end) };
    else if (name === 'n-ng' || name === 'n') out.path = imaPath(log, start, end);
    else if (start === end) return;
    else if (name === 'sig') out.signature = log.subarray(start, end);
    else if (name === 'buf') out.buffer = log.subarray(start, end);
    else if (name === 'd-modsig') out.moduleDigest = digestOf(log, start, end, false);
    else if (name === 'modsig') out.moduleSignature = log.subarray(start, end);
    else if (name === 'evmsig') out.evmSignature = log.subarray(start, end);
    else others[name] = log.subarray(start, end);
  });
  if (out.digest === undefined || out.path === undefined) {
    throw new DecodeError('bad_field', `template ${entry.template} names no digest or no file`, entry.dataStart);
  }
  return { ...out, digest: out.digest, path: out.path, others };
}
