import { scrypt, timingSafeEqual } from 'node:crypto';
import { fromBase64, type Randomness, toBase64 } from '../../base/index.js';

/** Cost of one derivation: N, r, p of RFC 7914; memory is 128·N·r bytes. */
export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** 16 MiB and some tens of milliseconds for each derivation. */
export const defaultScryptCost: ScryptCost = { n: 16_384, r: 8, p: 1 };

/** What is kept of a secret; carries its own cost, so that the cost may rise later. */
export interface SecretRecord extends ScryptCost {
  readonly salt: string;
  readonly key: string;
}

const keyLength = 32;
const saltLength = 16;

function derive(secret: string, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const options = { N: cost.n, r: cost.r, p: cost.p, maxmem: 256 * cost.n * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, keyLength, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

/** Derives what may be stored of a secret; runs off the main thread. */
export async function createSecretRecord(
  secret: string,
  randomness: Randomness,
  cost: ScryptCost = defaultScryptCost,
): Promise<SecretRecord> {
  const salt = randomness.bytes(saltLength);
  return { n: cost.n, r: cost.r, p: cost.p, salt: toBase64(salt), key: toBase64(await derive(secret, salt, cost)) };
}

/** Whether the secret is the one the record was made of; compares in constant time. */
export async function matchesSecret(secret: string, record: SecretRecord): Promise<boolean> {
  const expected = fromBase64(record.key);
  const derived = await derive(secret, fromBase64(record.salt), record);
  return expected.length === derived.length && timingSafeEqual(expected, derived);
}
