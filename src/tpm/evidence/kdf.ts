import { ByteWriter, concatBytes, digestSizes, hash, type HashAlgorithm, hmac } from '../../base/index.js';

const encoder = new TextEncoder();

/** KDFa: counter mode with HMAC (TPM 2.0 Part 1, 11.4.10.2). `bits` must be a multiple of 8. */
export function kdfA(
  algorithm: HashAlgorithm,
  key: Uint8Array,
  label: string,
  contextU: Uint8Array,
  contextV: Uint8Array,
  bits: number,
): Uint8Array {
  const tail = new ByteWriter(64).bytes(encoder.encode(label)).u8(0).bytes(contextU).bytes(contextV).u32(bits).finish();
  const out = new Uint8Array(bits / 8);
  const size = digestSizes[algorithm];
  for (let at = 0, counter = 1; at < out.length; at += size, counter++) {
    const block = hmac(algorithm, key, concatBytes(new ByteWriter(4).u32(counter).finish(), tail));
    out.set(block.subarray(0, Math.min(size, out.length - at)), at);
  }
  return out;
}

/** KDFe: for secrets from an ECDH exchange (TPM 2.0 Part 1, 11.4.10.3). `bits` must be a multiple of 8. */
export function kdfE(
  algorithm: HashAlgorithm,
  z: Uint8Array,
  label: string,
  partyU: Uint8Array,
  partyV: Uint8Array,
  bits: number,
): Uint8Array {
  const tail = concatBytes(z, encoder.encode(label), Uint8Array.of(0), partyU, partyV);
  const out = new Uint8Array(bits / 8);
  const size = digestSizes[algorithm];
  for (let at = 0, counter = 1; at < out.length; at += size, counter++) {
    const block = hash(algorithm, concatBytes(new ByteWriter(4).u32(counter).finish(), tail));
    out.set(block.subarray(0, Math.min(size, out.length - at)), at);
  }
  return out;
}
