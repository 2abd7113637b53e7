import { createECDH, createPrivateKey, type KeyObject } from 'node:crypto';
import { curveFacts, type EccCurve, kdfE, padLeft, pointOf } from '../../../tpm/index.js';
import type { HashAlgorithm } from '../../../base/index.js';
import { inverse, toNumber, toOctets } from './numbers.js';
import type { OctetStream } from './rsa.js';

/** Orders of the groups (SP 800-186, 3.2.1). */
const orders: Partial<Record<EccCurve, bigint>> = {
  'nist-p256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'nist-p384': 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

/** Curves on which keys can be made. */
export const softwareCurves: readonly EccCurve[] = ['nist-p256', 'nist-p384'];

export interface EccKeyMaterial {
  readonly scalar: Uint8Array;
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

function orderOf(curve: EccCurve): bigint {
  return orders[curve] ?? 0n;
}

/** A key from a stream of octets: 64 bits more than the order has, reduced (FIPS 186-5, A.2.1). */
export function makeEccKey(curve: EccCurve, stream: OctetStream): EccKeyMaterial {
  const { size } = curveFacts[curve];
  const scalar = toOctets((toNumber(stream(size + 8)) % (orderOf(curve) - 1n)) + 1n, size);
  return { scalar, ...publicPoint(curve, scalar) };
}

function publicPoint(curve: EccCurve, scalar: Uint8Array): { readonly x: Uint8Array; readonly y: Uint8Array } {
  const { openssl, size } = curveFacts[curve];
  const ecdh = createECDH(openssl);
  ecdh.setPrivateKey(scalar);
  const point = new Uint8Array(ecdh.getPublicKey());
  return { x: point.slice(1, 1 + size), y: point.slice(1 + size) };
}

export function eccPrivateKey(curve: EccCurve, key: EccKeyMaterial): KeyObject {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  return createPrivateKey({
    format: 'jwk',
    key: { kty: 'EC', crv: curveFacts[curve].jwk, d: text(key.scalar), x: text(key.x), y: text(key.y) },
  });
}

/** The seed of a secret that was sent to a key by one-pass ECDH (TPM 2.0 Part 1, C.6.4); null for a point off the curve. */
export function eccReceiveSeed(
  curve: EccCurve,
  key: EccKeyMaterial,
  algorithm: HashAlgorithm,
  label: string,
  point: { readonly x: Uint8Array; readonly y: Uint8Array },
  bits: number,
): Uint8Array | null {
  const { openssl, size } = curveFacts[curve];
  if (point.x.length > size || point.y.length > size) return null;
  const ecdh = createECDH(openssl);
  ecdh.setPrivateKey(key.scalar);
  try {
    const z = padLeft(ecdh.computeSecret(pointOf(point.x, point.y, curve)), size);
    return kdfE(algorithm, z, label, padLeft(point.x, size), key.x, bits);
  } catch {
    return null;
  }
}

/** ECDSA over a digest that is there already (FIPS 186-5, 6.4.1); node:crypto signs messages only. */
export function ecdsaSignDigest(
  curve: EccCurve,
  scalar: Uint8Array,
  digest: Uint8Array,
  stream: OctetStream,
): { readonly r: Uint8Array; readonly s: Uint8Array } {
  const order = orderOf(curve);
  const { size } = curveFacts[curve];
  const e = toNumber(digest.subarray(0, size));
  for (;;) {
    const once = makeEccKey(curve, stream);
    const r = toNumber(once.x) % order;
    const s = (inverse(toNumber(once.scalar), order) * (e + r * toNumber(scalar))) % order;
    if (r !== 0n && s !== 0n) return { r: toOctets(r, size), s: toOctets(s, size) };
  }
}
