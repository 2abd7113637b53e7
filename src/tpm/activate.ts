import { createKeyedLock, type KeyedLock } from '../base/index.js';
import type { CredentialBlob, KeyCommands, SessionCommands } from './client/index.js';
import { tpmHandles } from './constants/index.js';

type ActivatingClient = Pick<KeyCommands, 'activateCredential' | 'flushContext'> &
  Pick<SessionCommands, 'startSession' | 'policySecret'>;

/** A TPM holds three sessions and no more: verifiers that come at once wait for each other. */
const turns = new WeakMap<ActivatingClient, KeyedLock>();

function turnsOf(client: ActivatingClient): KeyedLock {
  let lock = turns.get(client);
  if (lock === undefined) turns.set(client, (lock = createKeyedLock()));
  return lock;
}

/**
 * Activates a credential with keys of the default EK policy (PolicySecret with the endorsement hierarchy, whose authorization is
 * empty): the secret, if the AK is in the same TPM as the EK. @throws TpmError `TPM_RC_INTEGRITY` for another AK or an altered blob
 */
export function activateCredential(
  client: ActivatingClient,
  keys: { readonly ekHandle: number; readonly akHandle: number },
  blob: CredentialBlob,
): Promise<Uint8Array> {
  return turnsOf(client).run('session', async () => {
    const session = await client.startSession('policy');
    try {
      await client.policySecret(session, tpmHandles.endorsement);
      return await client.activateCredential(keys.akHandle, keys.ekHandle, blob, { key: { session } });
    } finally {
      await client.flushContext(session.handle);
    }
  });
}
