import { type ByteReader, type ByteWriter, DecodeError, type HashAlgorithm } from '../../base/index.js';
import { hashOfId, tpmAlgorithms } from '../constants/index.js';

/** Largest TPM2B that this project accepts; the largest structure of a TPM 2.0 is far smaller. */
const maximumSized = 4096;

/** TPM2B: a length of two octets and as many octets. A copy. @throws DecodeError `truncated`, `too_large` */
export function readSized(reader: ByteReader, maximum = maximumSized): Uint8Array {
  const length = reader.u16();
  if (length > maximum)
    throw new DecodeError('too_large', `expected at most ${maximum} bytes, got ${length}`, reader.offset);
  return reader.take(length).slice();
}

export function writeSized(writer: ByteWriter, bytes: Uint8Array): void {
  writer.u16(bytes.length).bytes(bytes);
}

/** TPMI_ALG_HASH. @throws DecodeError `unknown_hash` */
export function readHashAlgorithm(reader: ByteReader): HashAlgorithm {
  const at = reader.offset;
  const algorithm = readOptionalHashAlgorithm(reader);
  if (algorithm === null) throw new DecodeError('unknown_hash', 'expected a hash algorithm, got TPM_ALG_NULL', at);
  return algorithm;
}

/** TPMI_ALG_HASH+: null stands for TPM_ALG_NULL. @throws DecodeError `unknown_hash` */
export function readOptionalHashAlgorithm(reader: ByteReader): HashAlgorithm | null {
  const at = reader.offset;
  const id = reader.u16();
  if (id === tpmAlgorithms.null) return null;
  const algorithm = hashOfId(id);
  if (algorithm === undefined) {
    throw new DecodeError('unknown_hash', `expected a known hash algorithm, got 0x${id.toString(16)}`, at);
  }
  return algorithm;
}

/** Octets without leading zeros are padded on the left, as big-endian numbers are. */
export function padLeft(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes;
  const out = new Uint8Array(length);
  out.set(bytes, length - bytes.length);
  return out;
}
