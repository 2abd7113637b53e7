import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Store } from '../../store/index.js';
import { keys } from './record.js';

/** The key with which a verifier vouches for evidence that it hands out. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  /** PEM. */
  readonly publicKey: string;
}

/** Ed25519, made when it is first needed and kept with the verifier's state. */
export async function openSigningKey(store: Store): Promise<SigningKey> {
  const pem = await store.transaction((tx) => {
    const stored = tx.get('attestation', keys.signingKey);
    if (typeof stored === 'string') return stored;
    const made = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    tx.put('attestation', keys.signingKey, made);
    return made;
  });
  const privateKey = createPrivateKey(pem);
  return { privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}
