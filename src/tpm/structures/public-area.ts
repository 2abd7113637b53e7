import { ByteReader, ByteWriter, concatBytes, DecodeError, hash, type HashAlgorithm } from '../../base/index.js';
import {
  algorithmName,
  curveName,
  type EccCurve,
  eccCurves,
  objectAttributes,
  type ObjectAttribute,
  tpmAlgorithms,
} from '../constants/index.js';
import { readHashAlgorithm, readSized, writeSized } from './primitives.js';
import {
  type AsymmetricScheme,
  readAsymmetricScheme,
  readSymmetric,
  type SymmetricDefinition,
  writeAsymmetricScheme,
  writeSymmetric,
} from './schemes.js';

interface PublicCommon {
  readonly nameAlgorithm: HashAlgorithm;
  /** TPMA_OBJECT, see `objectAttributes`. */
  readonly attributes: number;
  /** Empty: no policy. */
  readonly authPolicy: Uint8Array;
}

export interface RsaPublicArea extends PublicCommon {
  readonly kind: 'rsa';
  readonly symmetric: SymmetricDefinition | null;
  readonly scheme: AsymmetricScheme;
  readonly keyBits: number;
  /** 0 stands for 65537. */
  readonly exponent: number;
  /** Modulus, big-endian; what is here in a template goes into the derivation. */
  readonly unique: Uint8Array;
}

export interface EccPublicArea extends PublicCommon {
  readonly kind: 'ecc';
  readonly symmetric: SymmetricDefinition | null;
  readonly scheme: AsymmetricScheme;
  readonly curve: EccCurve;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** HMAC key or sealed data. */
export interface KeyedHashPublicArea extends PublicCommon {
  readonly kind: 'keyedhash';
  /** Hash of the HMAC scheme; null: no scheme, which sealed data have. */
  readonly hmac: HashAlgorithm | null;
  readonly unique: Uint8Array;
}

export interface SymmetricPublicArea extends PublicCommon {
  readonly kind: 'symcipher';
  readonly symmetric: SymmetricDefinition | null;
  readonly unique: Uint8Array;
}

/** TPMT_PUBLIC (TPM 2.0 Part 2, 12.2.4), also as a template. */
export type PublicArea = RsaPublicArea | EccPublicArea | KeyedHashPublicArea | SymmetricPublicArea;

/** Reads TPMT_PUBLIC. @throws DecodeError `truncated`, `too_large`, `unknown_algorithm`, `unknown_hash` */
export function readPublicArea(reader: ByteReader): PublicArea {
  const at = reader.offset;
  const type = reader.u16();
  const common = {
    nameAlgorithm: readHashAlgorithm(reader),
    attributes: reader.u32(),
    authPolicy: readSized(reader, 64),
  };
  switch (algorithmName(type)) {
    case 'rsa':
      return {
        kind: 'rsa',
        ...common,
        symmetric: readSymmetric(reader),
        scheme: readAsymmetricScheme(reader),
        keyBits: reader.u16(),
        exponent: reader.u32(),
        unique: readSized(reader, 512),
      };
    case 'ecc':
      return {
        kind: 'ecc',
        ...common,
        ...readEccParameters(reader),
        x: readSized(reader, 66),
        y: readSized(reader, 66),
      };
    case 'keyedhash':
      return { kind: 'keyedhash', ...common, hmac: readKeyedHashScheme(reader), unique: readSized(reader, 64) };
    case 'symcipher':
      return { kind: 'symcipher', ...common, symmetric: readSymmetric(reader), unique: readSized(reader, 64) };
    default:
      throw new DecodeError('unknown_algorithm', `expected a type of public area, got 0x${type.toString(16)}`, at);
  }
}

function readEccParameters(reader: ByteReader): Pick<EccPublicArea, 'symmetric' | 'scheme' | 'curve'> {
  const symmetric = readSymmetric(reader);
  const scheme = readAsymmetricScheme(reader);
  const at = reader.offset;
  const id = reader.u16();
  const curve = curveName(id);
  if (curve === undefined)
    throw new DecodeError('unknown_algorithm', `expected a NIST curve, got 0x${id.toString(16)}`, at);
  if (reader.u16() !== tpmAlgorithms.null)
    throw new DecodeError('unknown_algorithm', 'expected no key derivation scheme', at + 2);
  return { symmetric, scheme, curve };
}

function readKeyedHashScheme(reader: ByteReader): HashAlgorithm | null {
  const at = reader.offset;
  const id = reader.u16();
  if (id === tpmAlgorithms.null) return null;
  if (id !== tpmAlgorithms.hmac)
    throw new DecodeError('unknown_algorithm', `expected HMAC, got 0x${id.toString(16)}`, at);
  return readHashAlgorithm(reader);
}

export function writePublicArea(writer: ByteWriter, area: PublicArea): void {
  writer.u16(tpmAlgorithms[area.kind]).u16(tpmAlgorithms[area.nameAlgorithm]).u32(area.attributes);
  writeSized(writer, area.authPolicy);
  switch (area.kind) {
    case 'rsa':
      writeSymmetric(writer, area.symmetric);
      writeAsymmetricScheme(writer, area.scheme);
      writer.u16(area.keyBits).u32(area.exponent);
      writeSized(writer, area.unique);
      return;
    case 'ecc':
      writeSymmetric(writer, area.symmetric);
      writeAsymmetricScheme(writer, area.scheme);
      writer.u16(eccCurves[area.curve]).u16(tpmAlgorithms.null);
      writeSized(writer, area.x);
      writeSized(writer, area.y);
      return;
    case 'keyedhash':
      if (area.hmac === null) writer.u16(tpmAlgorithms.null);
      else writer.u16(tpmAlgorithms.hmac).u16(tpmAlgorithms[area.hmac]);
      writeSized(writer, area.unique);
      return;
    case 'symcipher':
      writeSymmetric(writer, area.symmetric);
      writeSized(writer, area.unique);
  }
}

/** Decodes a whole TPMT_PUBLIC (without the length of TPM2B_PUBLIC). @throws DecodeError as {@link readPublicArea}, `trailing_bytes` */
export function decodePublicArea(bytes: Uint8Array): PublicArea {
  const reader = new ByteReader(bytes);
  const area = readPublicArea(reader);
  reader.end('TPMT_PUBLIC');
  return area;
}

export function encodePublicArea(area: PublicArea): Uint8Array {
  const writer = new ByteWriter(400);
  writePublicArea(writer, area);
  return writer.finish();
}

/** Name of an object: its name algorithm and the digest of its public area (TPM 2.0 Part 1, 16). */
export function nameOf(area: PublicArea): Uint8Array {
  return nameOfEncoded(encodePublicArea(area), area.nameAlgorithm);
}

/** As {@link nameOf}, over octets already encoded. */
export function nameOfEncoded(encoded: Uint8Array, algorithm: HashAlgorithm): Uint8Array {
  const id = tpmAlgorithms[algorithm];
  return concatBytes(Uint8Array.of(id >> 8, id & 0xff), hash(algorithm, encoded));
}

/** Whether all of the given attributes are set. */
export function hasAttributes(area: PublicArea, ...names: readonly ObjectAttribute[]): boolean {
  return names.every((name) => (area.attributes & objectAttributes[name]) !== 0);
}

/** TPMA_OBJECT with the given attributes. */
export function attributesOf(...names: readonly ObjectAttribute[]): number {
  return names.reduce((bits, name) => bits | objectAttributes[name], 0);
}
