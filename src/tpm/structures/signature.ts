import { ByteReader, ByteWriter, DecodeError, type HashAlgorithm } from '../../base/index.js';
import { algorithmName, tpmAlgorithms } from '../constants/index.js';
import { readHashAlgorithm, readSized, writeSized } from './primitives.js';

/** TPMT_SIGNATURE (TPM 2.0 Part 2, 11.3.4). */
export type TpmSignature =
  | { readonly kind: 'rsassa' | 'rsapss'; readonly hash: HashAlgorithm; readonly signature: Uint8Array }
  | { readonly kind: 'ecdsa'; readonly hash: HashAlgorithm; readonly r: Uint8Array; readonly s: Uint8Array };

/** @throws DecodeError `truncated`, `too_large`, `unknown_algorithm`, `unknown_hash` */
export function readSignature(reader: ByteReader): TpmSignature {
  const at = reader.offset;
  const id = reader.u16();
  const kind = algorithmName(id);
  switch (kind) {
    case 'rsassa':
    case 'rsapss':
      return { kind, hash: readHashAlgorithm(reader), signature: readSized(reader, 512) };
    case 'ecdsa':
      return { kind, hash: readHashAlgorithm(reader), r: readSized(reader, 66), s: readSized(reader, 66) };
    default:
      throw new DecodeError('unknown_algorithm', `expected a signature scheme, got 0x${id.toString(16)}`, at);
  }
}

export function writeSignature(writer: ByteWriter, signature: TpmSignature): void {
  writer.u16(tpmAlgorithms[signature.kind]).u16(tpmAlgorithms[signature.hash]);
  if (signature.kind === 'ecdsa') {
    writeSized(writer, signature.r);
    writeSized(writer, signature.s);
  } else writeSized(writer, signature.signature);
}

/** Decodes a whole TPMT_SIGNATURE. @throws DecodeError as {@link readSignature}, `trailing_bytes` */
export function decodeSignature(bytes: Uint8Array): TpmSignature {
  const reader = new ByteReader(bytes);
  const signature = readSignature(reader);
  reader.end('TPMT_SIGNATURE');
  return signature;
}

export function encodeSignature(signature: TpmSignature): Uint8Array {
  const writer = new ByteWriter(300);
  writeSignature(writer, signature);
  return writer.finish();
}
