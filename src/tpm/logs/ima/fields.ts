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

function digestOf(field: Uint8Array, versioned: boolean, at: number): ImaDigest {
  const nul = field.indexOf(0);
  const prefix = Buffer.from(field.subarray(0, Math.max(nul, 0))).toString('latin1');
  const parts = prefix.split(':');
  const [first, second] = parts;
  if (versioned) {
    const kind = first === 'verity' ? 'verity' : first === 'ima' ? 'ima' : null;
    if (kind === null || parts.length !== 3 || !second || parts[2] !== '')
      throw new DecodeError('bad_field', 'digest without its kind and algorithm', at);
    return { algorithm: second, value: field.subarray(nul + 1), kind };
  }
  if (parts.length !== 2 || !first || second !== '')
    throw new DecodeError('bad_field', 'digest without its algorithm', at);
  return { algorithm: first, value: field.subarray(nul + 1) };
}

function nameOf(field: Uint8Array, at: number): string {
  const end = field.length > 0 && field[field.length - 1] === 0 ? field.length - 1 : -1;
  if (end < 0 || field.indexOf(0) !== end) throw new DecodeError('bad_field', 'name without its end', at);
  return Buffer.from(field.buffer, field.byteOffset, end).toString('utf8');
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
  const view = new DataView(entry.log.buffer, entry.log.byteOffset, entry.log.byteLength);
  const out: { -readonly [K in keyof ImaMeasurement]?: ImaMeasurement[K] } = {};
  const others: Partial<Record<ImaFieldName, Uint8Array>> = {};
  let at = entry.dataStart;
  for (const name of imaTemplateFields(entry.template)) {
    if (at + 4 > entry.end) throw new DecodeError('truncated', `field ${name} is missing`, at);
    const length = view.getUint32(at, true);
    const start = at + 4;
    if (length > entry.end - start) throw new DecodeError('truncated', `field ${name} of ${length} bytes`, at);
    const field = entry.log.subarray(start, start + length);
    at = start + length;
    if (name === 'd-ng' || name === 'd-ngv2') out.digest = digestOf(field, name === 'd-ngv2', start);
    else if (name === 'd') out.digest = { algorithm: field.length === 16 ? 'md5' : 'sha1', value: field };
    else if (name === 'n-ng' || name === 'n') out.path = nameOf(field, start);
    else if (length === 0) continue;
    else if (name === 'sig') out.signature = field;
    else if (name === 'buf') out.buffer = field;
    else if (name === 'd-modsig') out.moduleDigest = digestOf(field, false, start);
    else if (name === 'modsig') out.moduleSignature = field;
    else if (name === 'evmsig') out.evmSignature = field;
    else others[name] = field;
  }
  if (at !== entry.end) throw new DecodeError('trailing_bytes', `${entry.end - at} bytes after the last field`, at);
  if (out.digest === undefined || out.path === undefined) {
    throw new DecodeError('bad_field', `template ${entry.template} names no digest or no file`, entry.dataStart);
  }
  return { ...out, digest: out.digest, path: out.path, others };
}
