import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CertificateError } from './errors.js';
import { readIfThere, writePrivateFile } from './private-files.js';

/** A key that signs certificates. */
export interface SigningKey {
  readonly key: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array;
}

export function makeSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

function signingKeyOf(key: KeyObject): SigningKey {
  return { key, publicKeyDer: createPublicKey(key).export({ type: 'spki', format: 'der' }) };
}

export function privateKeyPem({ key }: SigningKey): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The key of a file; made with mode 0600 when there is none. @throws CertificateError `key_unreadable` */
export async function openSigningKey(path: string): Promise<SigningKey> {
  const pem = await readIfThere(path);
  if (pem === null) {
    const made = makeSigningKey();
    await writePrivateFile(path, privateKeyPem(made));
    return made;
  }
  try {
    return signingKeyOf(createPrivateKey(pem));
  } catch (cause) {
    throw new CertificateError('key_unreadable', `${path} holds no private key`, { cause });
  }
}
