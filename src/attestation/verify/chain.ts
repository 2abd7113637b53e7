import type { KeyObject } from 'node:crypto';
import { equalBytes } from '../../base/index.js';
import {
  CertificateError,
  type CertificateFacts,
  certificateOids,
  type CrlFacts,
  readCertificate,
  readCrl,
  verifyChain,
} from '../../vtpm/certificates/index.js';
import type { Assurance } from '../verdict/index.js';
import { EvidenceError } from './errors.js';

/** Roots that are believed, and revocation lists; DER. */
export interface ChainOptions {
  readonly anchors: readonly { readonly certificate: Uint8Array; readonly assurance: Assurance }[];
  readonly revocationLists: readonly Uint8Array[];
}

/** What a verified EK certificate says. */
export interface EkCertificate {
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array;
  /** The VM of a virtual TPM, in lower case; null for others. */
  readonly vm: string | null;
  /** The host that its issuer signs for, in lower case; null where the issuer names none. */
  readonly issuerHost: string | null;
  /** SHA-256 of that host's own endorsement key (SubjectPublicKeyInfo), hexadecimal; empty where it has no TPM. */
  readonly issuerHostEkHash: string;
  readonly assurance: Assurance;
}

/** Length of a chain that `verifyChain` accepts. */
const mostCertificates = 8;

/** Certificates that are kept as read, by their octets: reading takes longer than verifying, and authorities sign many. */
const mostRead = 500;
const read = new Map<string, CertificateFacts>();

/** @throws CertificateError */
function certificateOf(der: Uint8Array): CertificateFacts {
  const key = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1');
  const known = read.get(key);
  if (known !== undefined) return known;
  const facts = readCertificate(der);
  const [oldest] = read.keys();
  if (read.size >= mostRead && oldest !== undefined) read.delete(oldest);
  read.set(key, facts);
  return facts;
}

const lists = new WeakMap<Uint8Array, CrlFacts>();

/** A list is the same object until it is renewed. @throws CertificateError */
function listOf(der: Uint8Array): CrlFacts {
  const facts = lists.get(der) ?? readCrl(der);
  lists.set(der, facts);
  return facts;
}

/** The chain with its anchor, leaf first. @throws EvidenceError `chain_refused`, `certificate_revoked` */
export function verifyAnchored(
  chain: readonly Uint8Array[],
  options: ChainOptions,
  now: number,
): readonly CertificateFacts[] {
  try {
    const anchors = options.anchors.map(({ certificate }) => certificateOf(certificate));
    // One more than is accepted is enough to be refused.
    const certificates = chain.slice(0, mostCertificates + 1).map(certificateOf);
    return verifyChain(certificates, anchors, { now, crls: options.revocationLists.map(listOf) });
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    const revoked = error.code === 'certificate_revoked';
    throw new EvidenceError(revoked ? 'certificate_revoked' : 'chain_refused', { detail: error.message }, error);
  }
}

/** Whether a certificate is for a key that decrypts credentials: keys of servers, and attestation keys, sign what they want. */
function isForEk({ extendedKeyUsage, keyUsage }: CertificateFacts): boolean {
  if (extendedKeyUsage !== null) return extendedKeyUsage.includes(certificateOids.ekCertificate);
  return keyUsage === null || keyUsage.includes('keyEncipherment') || keyUsage.includes('keyAgreement');
}

/**
 * Verifies an EK certificate up to an anchor.
 * @param chain the EK certificate first
 * @throws EvidenceError `chain_refused`, `certificate_revoked`
 */
export function verifyEkChain(chain: readonly Uint8Array[], options: ChainOptions, now: number): EkCertificate {
  const path = verifyAnchored(chain, options, now);
  const [leaf, issuer] = path;
  const root = path.at(-1);
  if (leaf === undefined || root === undefined || leaf.isCa) {
    throw new EvidenceError('chain_refused', { detail: 'the first certificate is not that of a key' });
  }
  if (!isForEk(leaf)) {
    throw new EvidenceError('chain_refused', { detail: 'the certificate is not for an endorsement key' });
  }
  const anchor = options.anchors.find(({ certificate }) => equalBytes(certificate, root.der));
  return {
    fingerprint: leaf.fingerprint,
    publicKey: leaf.publicKey,
    publicKeyDer: leaf.publicKeyDer,
    vm: leaf.virtualTpm?.vmUuid.toLowerCase() ?? null,
    issuerHost: issuer?.host?.hostUuid.toLowerCase() ?? null,
    issuerHostEkHash: issuer?.host?.hostEkHash.toLowerCase() ?? '',
    assurance: anchor?.assurance ?? 'none',
  };
}
