import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { concatBytes, digestSizes, equalBytes, type HashAlgorithm } from '../../base/index.js';
import type { EccCurve } from '../constants/index.js';
import { TpmEvidenceError } from '../errors.js';
import { padLeft, type PublicArea } from '../structures/index.js';

/** OpenSSL names and coordinate sizes of the curves. */
export const curveFacts: Readonly<
  Record<EccCurve, { readonly openssl: string; readonly jwk: string; readonly size: number }>
> = {
  'nist-p256': { openssl: 'prime256v1', jwk: 'P-256', size: 32 },
  'nist-p384': { openssl: 'secp384r1', jwk: 'P-384', size: 48 },
  'nist-p521': { openssl: 'secp521r1', jwk: 'P-521', size: 66 },
};

// A key object costs as much as verifying a signature with it.
const made = new WeakMap<PublicArea, KeyObject>();

/** The key of a public area for node:crypto. @throws TpmEvidenceError `key_unsupported` */
export function publicKeyOf(area: PublicArea): KeyObject {
  const known = made.get(area);
  if (known !== undefined) return known;
  try {
    const key = createPublicKey({ key: jwkOf(area), format: 'jwk' });
    made.set(area, key);
    return key;
  } catch (cause) {
    if (cause instanceof TpmEvidenceError) throw cause;
    throw new TpmEvidenceError('key_unsupported', 'the public area holds no usable key', { cause });
  }
}

function jwkOf(area: PublicArea): JsonWebKey {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  switch (area.kind) {
    case 'rsa': {
      const exponent = area.exponent === 0 ? 65537 : area.exponent;
      const bytes = Uint8Array.of(exponent >>> 24, exponent >>> 16, exponent >>> 8, exponent);
      return { kty: 'RSA', n: text(area.unique), e: text(bytes.subarray(bytes.findIndex((octet) => octet !== 0))) };
    }
    case 'ecc': {
      const { jwk, size } = curveFacts[area.curve];
      return { kty: 'EC', crv: jwk, x: text(padLeft(area.x, size)), y: text(padLeft(area.y, size)) };
    }
    default:
      throw new TpmEvidenceError('key_unsupported', `expected an RSA or ECC key, got ${area.kind}`);
  }
}

/** Whether a public area and a key, such as that of a certificate, are the same key. */
export function isSameKey(area: PublicArea, key: KeyObject): boolean {
  const own = publicKeyOf(area).export({ type: 'spki', format: 'der' });
  return equalBytes(own, key.export({ type: 'spki', format: 'der' }));
}

/** Digest size of a Name's algorithm and the algorithm identifier before it. */
export function nameLength(algorithm: HashAlgorithm): number {
  return digestSizes[algorithm] + 2;
}

/** An uncompressed point for node:crypto. */
export function pointOf(x: Uint8Array, y: Uint8Array, curve: EccCurve): Uint8Array {
  const { size } = curveFacts[curve];
  return concatBytes(Uint8Array.of(4), padLeft(x, size), padLeft(y, size));
}
