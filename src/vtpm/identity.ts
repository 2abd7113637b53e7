import {
  akEccTemplate,
  akRsaTemplate,
  certificateIndices,
  ekEccTemplate,
  ekRsaTemplate,
  nvAttributes,
  persistentHandles,
  type PublicArea,
  type TpmClient,
  TpmError,
  tpmHandles,
} from '../tpm/index.js';

/** Kinds of endorsement and attestation keys: ECC is a hundred times faster to make, RSA is what old verifiers know. */
export type KeyKind = 'ecc' | 'rsa';

/** The two keys by which a TPM is known. */
export interface TpmKeys {
  readonly ekPublic: PublicArea;
  readonly ekName: Uint8Array;
  readonly ekHandle: number;
  readonly akPublic: PublicArea;
  readonly akName: Uint8Array;
  readonly akHandle: number;
}

/**
 * Makes EK and AK and keeps them at persistent handles. Both are primary keys of the endorsement hierarchy, so the same seed
 * makes the same keys again, and quotes show the TPM's counters as they are.
 */
export async function provisionKeys(client: TpmClient, kind: KeyKind): Promise<TpmKeys> {
  const ekHandle = kind === 'ecc' ? persistentHandles.ekEcc : persistentHandles.ekRsa;
  const ek = await persist(client, kind === 'ecc' ? ekEccTemplate : ekRsaTemplate, ekHandle);
  const ak = await persist(client, kind === 'ecc' ? akEccTemplate : akRsaTemplate(), persistentHandles.ak);
  return {
    ekPublic: ek.publicArea,
    ekName: ek.name,
    ekHandle,
    akPublic: ak.publicArea,
    akName: ak.name,
    akHandle: persistentHandles.ak,
  };
}

/** The keys that {@link provisionKeys} left in a TPM; null when they are not there. */
export async function findKeys(client: TpmClient, kind: KeyKind): Promise<TpmKeys | null> {
  const ekHandle = kind === 'ecc' ? persistentHandles.ekEcc : persistentHandles.ekRsa;
  try {
    const ek = await client.readPublic(ekHandle);
    const ak = await client.readPublic(persistentHandles.ak);
    return {
      ekPublic: ek.publicArea,
      ekName: ek.name,
      ekHandle,
      akPublic: ak.publicArea,
      akName: ak.name,
      akHandle: persistentHandles.ak,
    };
  } catch (error) {
    if (error instanceof TpmError && error.code === 'TPM_RC_HANDLE') return null;
    throw error;
  }
}

async function persist(
  client: TpmClient,
  template: PublicArea,
  handle: number,
): Promise<{ readonly publicArea: PublicArea; readonly name: Uint8Array }> {
  const key = await client.createPrimary('endorsement', template);
  await client.evictControl('owner', key.handle, handle);
  await client.flushContext(key.handle);
  return key;
}

const certificateAttributes =
  nvAttributes.ppWrite |
  nvAttributes.writeDefine |
  nvAttributes.ppRead |
  nvAttributes.ownerRead |
  nvAttributes.authRead |
  nvAttributes.noDa |
  nvAttributes.platformCreate;

/** Puts the EK certificate into NV, where a guest looks for it (TCG EK Credential Profile, 2.2.1.4). */
export async function writeEkCertificate(client: TpmClient, kind: KeyKind, certificate: Uint8Array): Promise<void> {
  const index = certificateIndices[kind === 'ecc' ? 'ekEcc' : 'ekRsa'];
  const present = await client.handles(index);
  if (present.includes(index)) await client.nvUndefine(index, 'platform');
  await client.nvDefine({ index, size: certificate.length, attributes: certificateAttributes }, 'platform');
  await client.nvWrite(index, certificate, { authHandle: tpmHandles.platform });
}

/** Kind of a key of {@link provisionKeys}. */
export function keyKindOf(area: PublicArea): KeyKind {
  return area.kind === 'rsa' ? 'rsa' : 'ecc';
}
