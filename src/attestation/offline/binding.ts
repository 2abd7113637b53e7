import { hash, toHex } from '../../base/index.js';
import { nameOf, type PublicArea } from '../../tpm/index.js';
import { readCertificate, splitPem } from '../../vtpm/certificates/index.js';
import {
  type ChainOptions,
  type EkCertificate,
  EvidenceError,
  verifyAnchored,
  verifyEkChain,
} from '../verify/index.js';
import type { EvidenceFiles } from './evidence-files.js';

/** Certificates of a file: several in PEM, or one in DER. @throws EvidenceError `chain_refused` */
function certificatesOf(file: Uint8Array): Uint8Array[] {
  try {
    const text = Buffer.from(file).toString('latin1');
    if (!text.includes('-----BEGIN')) return [readCertificate(file).der];
    return splitPem(text).map((pem) => readCertificate(pem).der);
  } catch (error) {
    throw new EvidenceError('chain_refused', { detail: 'a certificate cannot be read' }, error);
  }
}

const isSelfIssued = (der: Uint8Array): boolean => {
  const { subject, issuer } = readCertificate(der);
  return subject === issuer;
};

/** The leaf and those given authorities that lead upwards from it, in order. */
function chainFrom(leaf: Uint8Array, authorities: readonly Uint8Array[]): Uint8Array[] {
  const chain = [leaf];
  for (let last = readCertificate(leaf); chain.length < 8; ) {
    const next = authorities.find((der) => readCertificate(der).subject === last.issuer && !isSelfIssued(der));
    if (next === undefined || chain.includes(next)) break;
    chain.push(next);
    last = readCertificate(next);
  }
  return chain;
}

/** Self-issued authorities are the anchors; where there is none, all that are given. */
function anchorsOf(files: EvidenceFiles, authorities: readonly Uint8Array[]): ChainOptions {
  const roots = authorities.filter(isSelfIssued);
  const anchors = roots.length > 0 ? roots : authorities;
  return {
    anchors: anchors.map((certificate) => ({ certificate, assurance: 'none' as const })),
    revocationLists: files.crl ?? [],
  };
}

/** Whether the AK is the key of an AK certificate, issued by the authorities for this very EK where that is given. */
function verifyAkCertificate(
  certificate: Uint8Array,
  ak: PublicArea,
  ek: EkCertificate | null,
  authorities: readonly Uint8Array[],
  options: ChainOptions,
  now: number,
): void {
  const [leaf] = verifyAnchored(chainFrom(certificate, authorities), options, now);
  const facts = leaf?.attestationKey ?? null;
  if (facts === null || facts.akName !== toHex(nameOf(ak))) throw new EvidenceError('ak_certificate_mismatch');
  if (ek !== null && facts.ekHash !== toHex(hash('sha256', ek.publicKeyDer))) {
    throw new EvidenceError('ak_certificate_mismatch', { detail: 'it is for another endorsement key' });
  }
}

/**
 * Checks what certificates there are; true only if an AK certificate proves that the key was activated in a certified TPM.
 * An EK certificate alone proves that there is such a TPM, not that the key is in it.
 * @throws EvidenceError `chain_refused`, `certificate_revoked`, `ak_certificate_mismatch`
 */
export function verifyOfflineBinding(files: EvidenceFiles, ak: PublicArea, now: number): boolean {
  const authorities = (files.ca ?? []).flatMap(certificatesOf);
  const options = anchorsOf(files, authorities);
  const [ekFile, ...issuers] = files.ekCertificate === undefined ? [] : certificatesOf(files.ekCertificate);
  const ek = ekFile === undefined ? null : verifyEkChain(chainFrom(ekFile, [...issuers, ...authorities]), options, now);
  if (files.akCertificate === undefined || files.akPublic === undefined) return false;
  const [akFile] = certificatesOf(files.akCertificate);
  if (akFile === undefined) throw new EvidenceError('chain_refused', { detail: 'no AK certificate' });
  verifyAkCertificate(akFile, ak, ek, authorities, options, now);
  return true;
}
