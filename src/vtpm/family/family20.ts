import { createTpmClient, extendEvents } from '../../tpm/index.js';
import { keyKindOf, provisionKeys, writeEkCertificate } from '../identity.js';
import type { FamilyRules } from './family.js';

/** TPM 2.0: keys are persistent in the TPM. */
export const family20: FamilyRules = {
  async provision({ transport }, kind, certify) {
    const client = createTpmClient(transport);
    await client.startup('clear');
    const keys = await provisionKeys(client, kind);
    await writeEkCertificate(client, kind, certify(keys.ekPublic));
    await client.shutdown('clear');
    return { keys, wrappedAk: null };
  },
  startup: (transport) => createTpmClient(transport).startup('clear'),
  shutdown: (transport) => createTpmClient(transport).shutdown('clear'),
  async clear({ transport }, ekPublic) {
    const client = createTpmClient(transport);
    await client.clear(undefined, 'platform');
    await provisionKeys(client, keyKindOf(ekPublic));
    return null;
  },
  extend: (transport, events) => extendEvents(createTpmClient(transport), events),
  writeCertificate: (transport, ekPublic, certificate) =>
    writeEkCertificate(createTpmClient(transport), keyKindOf(ekPublic), certificate),
};
