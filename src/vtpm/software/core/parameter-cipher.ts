import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concatBytes } from '../../../base/index.js';
import { kdfA } from '../../../tpm/index.js';
import { fail } from './failure.js';
import type { Session } from './session.js';

const none = new Uint8Array(0);

/** Encrypts or decrypts the first parameter, a TPM2B, with the session's cipher (TPM 2.0 Part 1, 21). */
export function cipherParameter(
  session: Session,
  key: Uint8Array,
  nonces: { readonly newer: Uint8Array; readonly older: Uint8Array },
  parameters: Uint8Array,
  direction: 'encrypt' | 'decrypt',
): Uint8Array {
  if (parameters.length < 2) fail('TPM_RC_INSUFFICIENT');
  const length = ((parameters[0] as number) << 8) | (parameters[1] as number);
  if (length > parameters.length - 2) fail('TPM_RC_INSUFFICIENT');
  const data = parameters.subarray(2, 2 + length);
  const changed =
    session.cipher?.kind === 'aes'
      ? cfb(session, session.cipher.keyBits, key, nonces, data, direction)
      : mask(session, key, nonces, data);
  return concatBytes(parameters.subarray(0, 2), changed, parameters.subarray(2 + length));
}

function cfb(
  session: Session,
  keyBits: number,
  key: Uint8Array,
  { newer, older }: { readonly newer: Uint8Array; readonly older: Uint8Array },
  data: Uint8Array,
  direction: 'encrypt' | 'decrypt',
): Uint8Array {
  const material = kdfA(session.hash, key, 'CFB', newer, older, keyBits + 128);
  const make = direction === 'encrypt' ? createCipheriv : createDecipheriv;
  const aes = make(`aes-${keyBits}-cfb`, material.subarray(0, keyBits / 8), material.subarray(keyBits / 8));
  return concatBytes(aes.update(data), aes.final());
}

function mask(
  session: Session,
  key: Uint8Array,
  { newer, older }: { readonly newer: Uint8Array; readonly older: Uint8Array },
  data: Uint8Array,
): Uint8Array {
  const algorithm = session.cipher?.kind === 'xor' ? session.cipher.hash : session.hash;
  if (data.length === 0) return none;
  const stream = kdfA(algorithm, key, 'XOR', newer, older, data.length * 8);
  return data.map((octet, n) => octet ^ (stream[n] as number));
}
