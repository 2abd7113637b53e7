import type { CredentialBlob, KeyCommands, SessionCommands } from './client/index.js';
import { tpmHandles } from './constants/index.js';

/**
 * Activates a credential with keys of the default EK policy (PolicySecret with the endorsement hierarchy, whose authorization is
 * empty): the secret, if the AK is in the same TPM as the EK. @throws TpmError `TPM_RC_INTEGRITY` for another AK or an altered blob
 */
export async function activateCredential(
  client: Pick<KeyCommands, 'activateCredential' | 'flushContext'> &
    Pick<SessionCommands, 'startSession' | 'policySecret'>,
  keys: { readonly ekHandle: number; readonly akHandle: number },
  blob: CredentialBlob,
): Promise<Uint8Array> {
  const session = await client.startSession('policy');
  try {
    await client.policySecret(session, tpmHandles.endorsement);
    return await client.activateCredential(keys.akHandle, keys.ekHandle, blob, { key: { session } });
  } finally {
    await client.flushContext(session.handle);
  }
}
