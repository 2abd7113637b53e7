import * as crypto from 'node:crypto';

export const hashAlgorithms = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

export const digestSizes: Readonly<Record<HashAlgorithm, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

type OneShot = (algorithm: string, data: Uint8Array, encoding: 'buffer') => Buffer;

// crypto.hash is not in every supported Node, and two to five times faster than createHash where it is.
const oneShot = (crypto as { readonly hash?: OneShot }).hash;

/** Digest of a whole message. */
export const hash: (algorithm: HashAlgorithm, data: Uint8Array) => Uint8Array =
  oneShot === undefined
    ? (algorithm, data) => crypto.createHash(algorithm).update(data).digest()
    : (algorithm, data) => oneShot(algorithm, data, 'buffer');

type OneShotText = (algorithm: string, data: Uint8Array, encoding: 'latin1' | 'hex') => string;

/**
 * As `hash`, as a text of one character for each octet: a third of the cost where very many digests are made, since no
 * buffer of its own memory is made for each of them.
 */
export const hashOctets: (algorithm: HashAlgorithm, data: Uint8Array) => string =
  oneShot === undefined
    ? (algorithm, data) => crypto.createHash(algorithm).update(data).digest('binary')
    : (algorithm, data) => (oneShot as unknown as OneShotText)(algorithm, data, 'latin1');

/** As `hash`, in lower-case hexadecimal digits. */
export const hashHex: (algorithm: HashAlgorithm, data: Uint8Array) => string =
  oneShot === undefined
    ? (algorithm, data) => crypto.createHash(algorithm).update(data).digest('hex')
    : (algorithm, data) => (oneShot as unknown as OneShotText)(algorithm, data, 'hex');

export function hmac(algorithm: HashAlgorithm, key: Uint8Array, data: Uint8Array): Uint8Array {
  return crypto.createHmac(algorithm, key).update(data).digest();
}
