import { fromBase64, toBase64 } from '../../base/index.js';
import type { CimInstancePath } from '../../cim/index.js';
import type { ManagedHost } from './managed-host.js';
import { outText } from './refusal.js';
import { pathOf } from './texts.js';

const service = 'TVDC_VirtualTPMService';

/** What a host gives to the one that is to send it a TPM. */
export interface ImportOffer {
  readonly key: Uint8Array;
  readonly nonce: string;
}

/** Gives a VM that is off a TPM. @param family `2.0` or `1.2` @throws MethodRefusedError */
export async function createVirtualTpm(
  host: ManagedHost,
  vm: CimInstancePath,
  family?: string,
): Promise<CimInstancePath> {
  return pathOf((await host.call(service, 'CreateTPM', { Family: family, System: vm }))['TPM'], 'virtual TPM');
}

/** Deletes the TPM of a VM that is off, with its keys. @throws MethodRefusedError */
export async function destroyVirtualTpm(host: ManagedHost, tpm: CimInstancePath): Promise<void> {
  await host.call(service, 'DestroyTPM', { TPM: tpm });
}

/** Clears the TPM of a VM that is off: all that its owner had; the endorsement key stays. @throws MethodRefusedError */
export async function resetVirtualTpm(host: ManagedHost, tpm: CimInstancePath): Promise<void> {
  await host.call(service, 'ResetTPM', { TPM: tpm });
}

/** Asks a host for what is needed to send it the TPM of a VM, once. @throws MethodRefusedError */
export async function prepareImport(host: ManagedHost, vmUuid: string): Promise<ImportOffer> {
  const out = await host.call(service, 'PrepareImport', { SystemUUID: vmUuid });
  return { key: fromBase64(outText(out, 'ImportKey')), nonce: outText(out, 'Nonce') };
}

/** Encrypts a TPM to the host that made the offer; here it can only be deleted or recovered. @throws MethodRefusedError */
export async function exportVirtualTpm(
  host: ManagedHost,
  tpm: CimInstancePath,
  offer: ImportOffer,
): Promise<Uint8Array> {
  const out = await host.call(service, 'ExportTPM', { ImportKey: toBase64(offer.key), Nonce: offer.nonce, TPM: tpm });
  return fromBase64(outText(out, 'State'));
}

/** Takes back a TPM that was exported and never reached its target. @throws MethodRefusedError */
export async function recoverVirtualTpm(host: ManagedHost, tpm: CimInstancePath): Promise<void> {
  await host.call(service, 'RecoverTPM', { TPM: tpm });
}

/** Another certificate for the same endorsement key; the one before is revoked. @throws MethodRefusedError */
export async function renewCertificate(host: ManagedHost, tpm: CimInstancePath): Promise<void> {
  await host.call(service, 'RenewCertificate', { TPM: tpm });
}

/** Takes a TPM that was encrypted to this host. @throws MethodRefusedError */
export async function importVirtualTpm(
  host: ManagedHost,
  vm: CimInstancePath,
  state: Uint8Array,
): Promise<CimInstancePath> {
  const out = await host.call(service, 'ImportTPM', { State: toBase64(state), System: vm });
  return pathOf(out['TPM'], 'virtual TPM');
}

const authority = 'TVDC_CertificateAuthority';

/** Current revocation lists of a host, DER: of its authority, and of the root where the host keeps it. @throws MethodRefusedError */
export async function revocationLists(host: ManagedHost): Promise<readonly Uint8Array[]> {
  const lists = (await host.call(authority, 'GetRevocationLists', {}))['Lists'];
  return Array.isArray(lists) ? lists.map((list) => fromBase64(String(list))) : [];
}

/**
 * Ends the validity of a certificate of the host's authority.
 * @param certificate PEM, or the serial number in hexadecimal
 * @throws MethodRefusedError
 */
export async function revokeCertificate(host: ManagedHost, certificate: string, reason: string): Promise<void> {
  await host.call(authority, 'RevokeCertificate', { Certificate: certificate, Reason: reason });
}
