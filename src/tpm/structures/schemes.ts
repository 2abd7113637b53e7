import { type ByteReader, type ByteWriter, DecodeError, type HashAlgorithm } from '../../base/index.js';
import { algorithmName, tpmAlgorithms } from '../constants/index.js';
import { readHashAlgorithm } from './primitives.js';

/** TPMT_SYM_DEF_OBJECT: the symmetric cipher of a storage or endorsement key; only AES in CFB mode is met. */
export interface SymmetricDefinition {
  readonly algorithm: 'aes';
  readonly keyBits: 128 | 192 | 256;
  readonly mode: 'cfb';
}

/** Signing schemes with their hash (TPMT_SIG_SCHEME). */
export interface SigningScheme {
  readonly algorithm: 'rsassa' | 'rsapss' | 'ecdsa';
  readonly hash: HashAlgorithm;
}

/** TPMT_RSA_SCHEME and TPMT_ECC_SCHEME: signing, encryption and key exchange; null stands for TPM_ALG_NULL. */
export type AsymmetricScheme =
  | SigningScheme
  | { readonly algorithm: 'rsaes' }
  | { readonly algorithm: 'oaep' | 'ecdh'; readonly hash: HashAlgorithm }
  | null;

/** @throws DecodeError `unknown_algorithm` */
export function readSymmetric(reader: ByteReader): SymmetricDefinition | null {
  const at = reader.offset;
  const id = reader.u16();
  if (id === tpmAlgorithms.null) return null;
  const keyBits = reader.u16();
  const mode = reader.u16();
  if (
    id !== tpmAlgorithms.aes ||
    mode !== tpmAlgorithms.cfb ||
    (keyBits !== 128 && keyBits !== 192 && keyBits !== 256)
  ) {
    throw new DecodeError('unknown_algorithm', `expected AES in CFB mode, got 0x${id.toString(16)}`, at);
  }
  return { algorithm: 'aes', keyBits, mode: 'cfb' };
}

export function writeSymmetric(writer: ByteWriter, symmetric: SymmetricDefinition | null): void {
  if (symmetric === null) writer.u16(tpmAlgorithms.null);
  else writer.u16(tpmAlgorithms.aes).u16(symmetric.keyBits).u16(tpmAlgorithms.cfb);
}

/** @throws DecodeError `unknown_algorithm`, `unknown_hash` */
export function readAsymmetricScheme(reader: ByteReader): AsymmetricScheme {
  const at = reader.offset;
  const id = reader.u16();
  const algorithm = algorithmName(id);
  switch (algorithm) {
    case 'null':
      return null;
    case 'rsaes':
      return { algorithm };
    case 'rsassa':
    case 'rsapss':
    case 'ecdsa':
    case 'oaep':
    case 'ecdh':
      return { algorithm, hash: readHashAlgorithm(reader) };
    default:
      throw new DecodeError('unknown_algorithm', `expected an asymmetric scheme, got 0x${id.toString(16)}`, at);
  }
}

export function writeAsymmetricScheme(writer: ByteWriter, scheme: AsymmetricScheme): void {
  if (scheme === null) {
    writer.u16(tpmAlgorithms.null);
    return;
  }
  writer.u16(tpmAlgorithms[scheme.algorithm]);
  if (scheme.algorithm !== 'rsaes') writer.u16(tpmAlgorithms[scheme.hash]);
}

/** Whether a scheme signs. */
export function isSigningScheme(scheme: AsymmetricScheme): scheme is SigningScheme {
  return scheme !== null && ['rsassa', 'rsapss', 'ecdsa'].includes(scheme.algorithm);
}
