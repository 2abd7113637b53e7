import { ByteWriter, DecodeError, digestSizes, hash, type HashAlgorithm } from '../../../base/index.js';
import type { ImaDigest } from './fields.js';
import { type ImaFieldName, imaTemplateFields } from './template.js';

/** What is measured; fields that the template does not have are left out, those that it has and that are absent are empty. */
export interface ImaInput {
  readonly digest: ImaDigest;
  readonly path: string;
  readonly signature?: Uint8Array;
  readonly buffer?: Uint8Array;
  readonly moduleDigest?: ImaDigest;
  readonly moduleSignature?: Uint8Array;
  readonly evmSignature?: Uint8Array;
  readonly others?: Readonly<Partial<Record<ImaFieldName, Uint8Array>>>;
}

const none = new Uint8Array(0);
const latin1 = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'latin1'));

/** A name as the kernel logs it: blanks as `_`. */
export function imaName(path: string): Uint8Array {
  const name = new Uint8Array(Buffer.from(path.replaceAll(' ', '_'), 'utf8'));
  if (name.includes(0)) throw new DecodeError('bad_field', 'a name with a zero inside', 0);
  return name;
}

function digestField(digest: ImaDigest | undefined, versioned: boolean): Uint8Array {
  if (digest === undefined) return none;
  const prefix = `${versioned ? `${digest.kind ?? 'ima'}:` : ''}${digest.algorithm}:\0`;
  return new Uint8Array(Buffer.concat([latin1(prefix), digest.value]));
}

function fieldOf(name: ImaFieldName, input: ImaInput): Uint8Array {
  switch (name) {
    case 'd':
      return input.digest.value;
    case 'd-ng':
      return digestField(input.digest, false);
    case 'd-ngv2':
      return digestField(input.digest, true);
    case 'n':
    case 'n-ng':
      return new Uint8Array([...imaName(input.path), 0]);
    case 'sig':
      return input.signature ?? none;
    case 'buf':
      return input.buffer ?? none;
    case 'd-modsig':
      return digestField(input.moduleDigest, false);
    case 'modsig':
      return input.moduleSignature ?? none;
    case 'evmsig':
      return input.evmSignature ?? none;
    default:
      return input.others?.[name] ?? none;
  }
}

/**
 * Template data as a binary list stores it.
 * @throws DecodeError `unknown_template`, `bad_field`
 */
export function encodeImaData(template: string, input: ImaInput): Uint8Array {
  const out = new ByteWriter();
  if (template === 'ima') {
    const name = imaName(input.path).subarray(0, 255);
    if (input.digest.value.length !== 20) throw new DecodeError('bad_field', 'template ima holds 20-byte digests', 0);
    return out.bytes(input.digest.value).u32le(name.length).bytes(name).finish();
  }
  for (const name of imaTemplateFields(template)) {
    const field = fieldOf(name, input);
    out.u32le(field.length).bytes(field);
  }
  return out.finish();
}

/** An entry as a binary list stores it. */
export function encodeImaEntry(pcr: number, templateHash: Uint8Array, template: string, data: Uint8Array): Uint8Array {
  const name = latin1(template);
  const out = new ByteWriter(40 + name.length + data.length).u32le(pcr).bytes(templateHash);
  out.u32le(name.length).bytes(name);
  if (template !== 'ima') out.u32le(data.length);
  return out.bytes(data).finish();
}

/** The digest of a violation: zeros in the length of the algorithm. */
export function violationDigest(algorithm: HashAlgorithm): ImaDigest {
  return { algorithm, value: new Uint8Array(digestSizes[algorithm]) };
}

/** Digest of a content, as measured. */
export function imaDigest(algorithm: HashAlgorithm, content: Uint8Array): ImaDigest {
  return { algorithm, value: hash(algorithm, content) };
}
