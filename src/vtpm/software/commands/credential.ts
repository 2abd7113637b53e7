import { createDecipheriv } from 'node:crypto';
import { ByteReader, concatBytes, digestSizes, equalBytes, hmac } from '../../../base/index.js';
import {
  hasAttributes,
  kdfA,
  makeCredential as sealCredential,
  readSized,
  type TpmCommand,
  TpmEvidenceError,
  writeSized,
} from '../../../tpm/index.js';
import type { CommandCall, CommandHandler } from '../core/call.js';
import { failHandle, failParameter } from '../core/failure.js';
import type { TpmObject } from '../core/object.js';
import { decoded } from '../core/parameters.js';
import { receiveSecret } from '../core/secret.js';

const none = new Uint8Array(0);

/** TPM2_MakeCredential (TPM 2.0 Part 3, 12.6). */
function makeCredential({ engine, handles, parameters, out }: CommandCall): void {
  const key = engine.object(handles[0] as number);
  const credential = parameters.sized(64);
  const name = parameters.sized(66);
  parameters.end();
  if (!hasAttributes(key.publicArea, 'restricted', 'decrypt')) failHandle('TPM_RC_TYPE', 1);
  try {
    const blob = sealCredential(key.publicArea, name, credential, engine.randomness);
    writeSized(out, blob.credentialBlob);
    writeSized(out, blob.secret);
  } catch (error) {
    if (!(error instanceof TpmEvidenceError)) throw error;
    if (error.code === 'credential_invalid') failParameter('TPM_RC_SIZE', 1);
    failHandle('TPM_RC_TYPE', 1);
  }
}

/** TPM2_ActivateCredential (Part 3, 12.5): opens only for the object whose Name was bound in. */
function activateCredential({ engine, handles, parameters, out }: CommandCall): void {
  const [activateHandle, keyHandle] = handles as readonly [number, number];
  const blob = parameters.sized(132);
  const secret = parameters.sized(512);
  parameters.end();
  const key = engine.object(keyHandle);
  if (key.sensitive === null || !hasAttributes(key.publicArea, 'restricted', 'decrypt')) failHandle('TPM_RC_TYPE', 2);
  const seed = receiveSecret(key, 'IDENTITY', secret);
  if (seed === null) failParameter('TPM_RC_VALUE', 2);
  writeSized(out, openCredential(key, engine.object(activateHandle).name, seed, blob));
}

function openCredential(key: TpmObject, name: Uint8Array, seed: Uint8Array, blob: Uint8Array): Uint8Array {
  const { publicArea } = key;
  const algorithm = publicArea.nameAlgorithm;
  const bits = publicArea.kind === 'keyedhash' ? 128 : (publicArea.symmetric?.keyBits ?? 128);
  return decoded('TPM_RC_INSUFFICIENT', () => {
    const reader = new ByteReader(blob);
    const integrity = readSized(reader, 64);
    const cipher = reader.take(reader.remaining);
    const macKey = kdfA(algorithm, seed, 'INTEGRITY', none, none, digestSizes[algorithm] * 8);
    if (!equalBytes(hmac(algorithm, macKey, concatBytes(cipher, name)), integrity))
      failParameter('TPM_RC_INTEGRITY', 1);
    const aes = createDecipheriv(
      `aes-${bits}-cfb`,
      kdfA(algorithm, seed, 'STORAGE', name, none, bits),
      new Uint8Array(16),
    );
    const plain = new ByteReader(concatBytes(aes.update(cipher), aes.final()));
    const credential = readSized(plain, digestSizes[algorithm]);
    plain.end('TPM2B_DIGEST');
    return credential;
  });
}

export const credentialCommands: readonly (readonly [TpmCommand, CommandHandler])[] = [
  ['makeCredential', makeCredential],
  ['activateCredential', activateCredential],
];
