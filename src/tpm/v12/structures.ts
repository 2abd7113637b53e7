import { createHash } from 'node:crypto';
import { type ByteReader, ByteWriter, DecodeError } from '../../base/index.js';
import { tags12 } from './constants.js';

/** TPM_PCR_SELECTION and TPM_PCR_COMPOSITE say 24 registers with three octets (TPM Main 1.2 Part 2, 8). */
const selectionSize = 3;
export const pcrCount12 = 24;
export const digestSize12 = 20;
const largestKey = 512;

export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** TPM_PCR_SELECTION (Part 2, 8.1). @throws RangeError for an index that a TPM 1.2 does not have */
export function encodeSelection12(indexes: readonly number[]): Uint8Array {
  const bits = new Uint8Array(selectionSize);
  for (const index of indexes) {
    if (!Number.isInteger(index) || index < 0 || index >= pcrCount12)
      throw new RangeError(`expected a register from 0 to ${pcrCount12 - 1}, got ${index}`);
    bits[index >> 3] = (bits[index >> 3] as number) | (1 << (index & 7));
  }
  return new ByteWriter(8).u16(selectionSize).bytes(bits).finish();
}

/** @throws DecodeError */
export function readSelection12(reader: ByteReader): readonly number[] {
  const size = reader.u16();
  if (size > selectionSize) throw new DecodeError('too_large', `expected ${selectionSize} octets`, reader.offset);
  const bits = reader.take(size);
  const indexes: number[] = [];
  for (let index = 0; index < size * 8; index++) {
    if (((bits[index >> 3] as number) & (1 << (index & 7))) !== 0) indexes.push(index);
  }
  return indexes;
}

/** Digest of TPM_PCR_COMPOSITE (Part 2, 8.2): what a quote signs. @param values in the order of the indexes */
export function compositeHash12(indexes: readonly number[], values: readonly Uint8Array[]): Uint8Array {
  const size = new ByteWriter(4).u32(values.length * digestSize12).finish();
  return sha1(encodeSelection12(indexes), size, ...values);
}

/** TPM_QUOTE_INFO (Part 2, 11.3). */
export function encodeQuoteInfo12(composite: Uint8Array, externalData: Uint8Array): Uint8Array {
  return new ByteWriter(48)
    .bytes(Uint8Array.of(1, 1, 0, 0))
    .bytes(Buffer.from('QUOT', 'latin1'))
    .bytes(composite)
    .bytes(externalData)
    .finish();
}

/** TPM_QUOTE_INFO2 (Part 2, 11.4), with the version behind it where that was asked for. */
export function encodeQuoteInfo2(infoShort: Uint8Array, externalData: Uint8Array, version: Uint8Array): Uint8Array {
  return new ByteWriter(80)
    .u16(tags12.quoteInfo2)
    .bytes(Buffer.from('QUT2', 'latin1'))
    .bytes(externalData)
    .bytes(infoShort)
    .bytes(version)
    .finish();
}

const schemes = { none: 1, rsaSha1: 2, oaepSha1: 3 } as const;
const usages = { storage: 0x0011, identity: 0x0012 } as const;

/** TPM_KEY_PARMS of RSA with 2 048 bits (Part 2, 10.1 and 10.2). */
export function encodeKeyParameters12(encryption: keyof typeof schemes, signature: keyof typeof schemes): Uint8Array {
  return new ByteWriter(32)
    .u32(1)
    .u16(schemes[encryption])
    .u16(schemes[signature])
    .u32(12)
    .u32(2048)
    .u32(2)
    .u32(0)
    .finish();
}

/** TPM_KEY as a template (Part 2, 10.2): the TPM makes the key. */
export function encodeKeyTemplate12(usage: keyof typeof usages): Uint8Array {
  const parameters =
    usage === 'storage' ? encodeKeyParameters12('oaepSha1', 'none') : encodeKeyParameters12('none', 'rsaSha1');
  // Version 1.1.0.0, no flags, authorization always, no PCRs, no key yet.
  return new ByteWriter(64)
    .bytes(Uint8Array.of(1, 1, 0, 0))
    .u16(usages[usage])
    .u32(0)
    .u8(1)
    .bytes(parameters)
    .u32(0)
    .u32(0)
    .u32(0)
    .finish();
}

function skipKeyParameters(reader: ByteReader): void {
  reader.skip(8);
  reader.skip(reader.u32());
}

function readModulus(reader: ByteReader): Uint8Array {
  const size = reader.u32();
  if (size > largestKey)
    throw new DecodeError('too_large', `expected a key of at most ${largestKey} octets`, reader.offset);
  return reader.take(size).slice();
}

/** TPM_PUBKEY (Part 2, 10.5): the modulus; the exponent is 65 537. @throws DecodeError */
export function readPublicKey12(reader: ByteReader): Uint8Array {
  skipKeyParameters(reader);
  return readModulus(reader);
}

/** The modulus of a TPM_KEY, and the octets of the whole. @throws DecodeError */
export function readKey12(reader: ByteReader): { readonly modulus: Uint8Array; readonly key: Uint8Array } {
  const start = reader.offset;
  reader.skip(4 + 2 + 4 + 1);
  skipKeyParameters(reader);
  reader.skip(reader.u32());
  const modulus = readModulus(reader);
  reader.skip(reader.u32());
  return { modulus, key: reader.bytes.slice(start, reader.offset) };
}

/** TPM_NV_DATA_PUBLIC (Part 2, 19.3) of an index that needs physical presence to be written, and nothing to be read. */
export function encodeNvPublic12(index: number, size: number): Uint8Array {
  // No PCRs, every locality: TPM_PCR_INFO_SHORT (Part 2, 8.5).
  const anywhere = new ByteWriter(32)
    .bytes(encodeSelection12([]))
    .u8(0x1f)
    .bytes(new Uint8Array(digestSize12))
    .finish();
  const writtenWithPresence = 1;
  return new ByteWriter(96)
    .u16(tags12.nvDataPublic)
    .u32(index)
    .bytes(anywhere)
    .bytes(anywhere)
    .u16(tags12.nvAttributes)
    .u32(writtenWithPresence)
    .u8(0)
    .u8(0)
    .u8(0)
    .u32(size)
    .finish();
}
