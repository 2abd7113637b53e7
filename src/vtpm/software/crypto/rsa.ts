import { constants, createPrivateKey, type KeyObject, privateDecrypt, privateEncrypt } from 'node:crypto';
import { concatBytes, fromHex, type HashAlgorithm } from '../../../base/index.js';
import { inverse, toNumber, toOctets } from './numbers.js';
import { nextPrime } from './primes.js';

const exponent = 65537n;

/** An RSA key as a TPM keeps it: the modulus and one prime. */
export interface RsaKeyMaterial {
  readonly modulus: Uint8Array;
  readonly prime: Uint8Array;
}

/** Source of octets for a search; the same octets give the same key. */
export type OctetStream = (length: number) => Uint8Array;

/** Searches an RSA key of `bits` in a stream of octets. */
export async function makeRsaKey(bits: number, stream: OctetStream): Promise<RsaKeyMaterial> {
  const half = bits / 16;
  const start = (): bigint => {
    const bytes = stream(half);
    // Both top bits set: the product of two such primes has exactly `bits` bits.
    bytes[0] = (bytes[0] as number) | 0xc0;
    return toNumber(bytes);
  };
  const p = await nextPrime(start());
  for (;;) {
    const q = await nextPrime(start());
    const modulus = p * q;
    const distance = p > q ? p - q : q - p;
    if (modulus.toString(2).length !== bits || distance >> BigInt(bits / 2 - 100) === 0n) continue;
    return { modulus: toOctets(modulus, bits / 8), prime: toOctets(p, half) };
  }
}

/** The private key for node:crypto. */
export function rsaPrivateKey(modulus: Uint8Array, prime: Uint8Array): KeyObject {
  const n = toNumber(modulus);
  const p = toNumber(prime);
  const q = n / p;
  const d = inverse(exponent, (p - 1n) * (q - 1n));
  const text = (value: bigint, length: number): string => Buffer.from(toOctets(value, length)).toString('base64url');
  const half = prime.length;
  return createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: text(n, modulus.length),
      e: 'AQAB',
      d: text(d, modulus.length),
      p: text(p, half),
      q: text(q, half),
      dp: text(d % (p - 1n), half),
      dq: text(d % (q - 1n), half),
      qi: text(inverse(q, p), half),
    },
  });
}

/** RSA-OAEP with a TPM's label; null when the octets do not decrypt. */
export function rsaDecryptSecret(
  key: KeyObject,
  algorithm: HashAlgorithm,
  label: string,
  secret: Uint8Array,
): Uint8Array | null {
  try {
    return privateDecrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: algorithm, oaepLabel: Buffer.from(`${label}\0`) },
      secret,
    );
  } catch {
    return null;
  }
}

/** DigestInfo before the digest, DER (RFC 8017, 9.2, note 1). */
const digestInfo: Readonly<Record<HashAlgorithm, Uint8Array>> = {
  sha1: fromHex('3021300906052b0e03021a05000414'),
  sha256: fromHex('3031300d060960864801650304020105000420'),
  sha384: fromHex('3041300d060960864801650304020205000430'),
  sha512: fromHex('3051300d060960864801650304020305000440'),
};

/** RSASSA-PKCS1-v1_5 over a digest that is there already. */
export function rsassaSignDigest(key: KeyObject, algorithm: HashAlgorithm, digest: Uint8Array): Uint8Array {
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfoOf(algorithm, digest));
}

/** DigestInfo of a digest: what RSASSA-PKCS1-v1_5 signs. */
export function digestInfoOf(algorithm: HashAlgorithm, digest: Uint8Array): Uint8Array {
  return concatBytes(digestInfo[algorithm], digest);
}
