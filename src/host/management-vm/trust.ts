import { join } from 'node:path';
import { encodePublicArea, type TpmClient } from '../../tpm/index.js';
import {
  type HostAuthority,
  openDatacenterRoot,
  openHostAuthority,
  openHostTpm,
  type HostTpm,
  type VtpmBackend,
} from '../../vtpm/index.js';
import type { HostTpmView } from '../../providers/index.js';
import type { Foundation } from '../foundation/index.js';

const uuidKey = 'host-tpm';

/** What the trust in a host stands on: its TPM and the authority that speaks for its virtual TPMs. */
export interface HostTrust {
  readonly tpm: HostTpm;
  readonly view: HostTpmView;
  readonly authority: HostAuthority;
  /** Seals the key of virtual TPMs; null: there is none. */
  readonly sealing: TpmClient | null;
  /** Root certificate of the datacenter, DER. */
  readonly anchor: Uint8Array;
  /** What the root has revoked: authorities of hosts. */
  readonly rootRevocations: () => Uint8Array;
}

async function tpmUuid({ store, randomness }: Foundation): Promise<string> {
  const stored = store.get('vtpm', uuidKey);
  if (typeof stored === 'string') return stored;
  const uuid = randomness.uuid();
  await store.transaction((tx) => tx.put('vtpm', uuidKey, uuid));
  return uuid;
}

/**
 * Opens the host's TPM and its certificates. For a single host all keys are local: the datacenter's root certifies the
 * host's authority, which certifies the endorsement keys. The embedded hypervisor boots nothing that a hardware TPM could
 * have measured, so its host TPM is a simulation, and its certificate says so.
 */
export async function openHostTrust(
  foundation: Foundation,
  folder: string,
  backend: VtpmBackend,
  sealing: TpmClient | null,
): Promise<HostTrust> {
  const { store, clock, randomness, log, identity } = foundation;
  const tpm = await openHostTpm({ store, folder: join(folder, 'host-tpm'), backend, clock, randomness, log });
  const root = await openDatacenterRoot({ folder: join(folder, 'ca', 'root'), clock, randomness });
  const authority = await openHostAuthority({
    folder: join(folder, 'ca', 'host'),
    host: { hostUuid: identity.uuid, hostEkHash: tpm.ekHash },
    certify: (request, host) => root.certifyHost(request, host),
    clock,
    randomness,
  });
  const uuid = await tpmUuid(foundation);
  let certificate = await tpm.ekCertificate();
  if (certificate === null) {
    const virtualTpm = { backend: tpm.backend, vmUuid: identity.uuid, vtpmUuid: uuid };
    certificate = authority.issueEk({ ekPublic: tpm.keys.ekPublic, virtualTpm });
    await tpm.storeEkCertificate(certificate);
  }
  const { keys } = tpm;
  const view: HostTpmView = {
    uuid,
    backend: tpm.backend,
    client: tpm.client,
    ekCertificateChain: [certificate, ...authority.chain],
    ekPublic: encodePublicArea(keys.ekPublic),
    ekName: keys.ekName,
    ekHandle: keys.ekHandle,
    akPublic: encodePublicArea(keys.akPublic),
    akName: keys.akName,
    akHandle: keys.akHandle,
  };
  return { tpm, view, authority, sealing, anchor: root.certificate, rootRevocations: () => root.crl() };
}
