import { equalBytes } from '../../base/index.js';
import { readCrl, verifyCrl, x509Of } from './crl.js';
import { CertificateError } from './errors.js';
import { signatureAlgorithms } from './oids.js';
import { readCertificate } from './read.js';
import type { CertificateFacts, CrlFacts } from './types.js';

const maximumLength = 8;
const accepted: ReadonlySet<string> = new Set(Object.values(signatureAlgorithms));

export type CertificateInput = Uint8Array | string | CertificateFacts;

export interface VerifyChainOptions {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number;
  /** Revocation lists; those whose issuer is not in the chain are ignored. */
  readonly crls?: readonly (Uint8Array | string | CrlFacts)[];
  /** Whether every issuer needs a current list; otherwise only lists that are there are used. */
  readonly requireCrls?: boolean;
  /** Extended key usage that the first certificate must have. */
  readonly purpose?: string;
}

/**
 * Verifies a chain, leaf first, each certificate issued by the next, the last one by an anchor or an anchor itself
 * (RFC 5280, 6.1, without names and policies, which this profile does not use). Returns the chain with the anchor, leaf first.
 * @throws CertificateError with the reason
 */
export function verifyChain(
  chain: readonly CertificateInput[],
  anchors: readonly CertificateInput[],
  options: VerifyChainOptions,
): readonly CertificateFacts[] {
  if (chain.length === 0 || chain.length > maximumLength) {
    throw new CertificateError(
      'certificate_untrusted',
      `expected 1 to ${maximumLength} certificates, got ${chain.length}`,
    );
  }
  const certificates = chain.map(factsOf);
  const path = withAnchor(certificates, anchors.map(factsOf));
  const lists = (options.crls ?? []).map((list) =>
    list instanceof Uint8Array || typeof list === 'string' ? readCrl(list) : list,
  );
  path.forEach((certificate, n) => {
    checkValidity(certificate, options.now);
    const issuer = path[n + 1];
    if (issuer === undefined) return;
    checkIssuer(certificate, issuer, n);
    checkRevocation(certificate, issuer, lists, options);
  });
  const leaf = path[0] as CertificateFacts;
  if (options.purpose !== undefined && leaf.extendedKeyUsage?.includes(options.purpose) !== true) {
    throw new CertificateError('certificate_usage', `expected ${leaf.subject} to be for ${options.purpose}`);
  }
  return path;
}

function factsOf(input: CertificateInput): CertificateFacts {
  return input instanceof Uint8Array || typeof input === 'string' ? readCertificate(input) : input;
}

function withAnchor(
  certificates: readonly CertificateFacts[],
  anchors: readonly CertificateFacts[],
): readonly CertificateFacts[] {
  const known = certificates.findIndex(({ der }) => anchors.some((anchor) => equalBytes(anchor.der, der)));
  if (known >= 0) return certificates.slice(0, known + 1);
  const last = certificates.at(-1) as CertificateFacts;
  const anchor = anchors.find((candidate) => candidate.subject === last.issuer && isSignedBy(last, candidate));
  if (anchor === undefined)
    throw new CertificateError('certificate_untrusted', `nobody trusted has issued ${last.subject}`);
  return [...certificates, anchor];
}

function isSignedBy(certificate: CertificateFacts, issuer: CertificateFacts): boolean {
  return x509Of(certificate).verify(issuer.publicKey);
}

function checkValidity(certificate: CertificateFacts, now: number): void {
  const { subject, notBefore, notAfter, unknownCritical, signatureAlgorithm } = certificate;
  if (now < notBefore) throw new CertificateError('certificate_not_yet_valid', `${subject} is not valid yet`);
  if (now > notAfter) throw new CertificateError('certificate_expired', `${subject} has expired`);
  if (unknownCritical.length > 0) {
    throw new CertificateError(
      'certificate_usage',
      `${subject} has the unknown critical extension ${unknownCritical.join(', ')}`,
    );
  }
  if (!accepted.has(signatureAlgorithm)) {
    throw new CertificateError('certificate_algorithm', `${subject} is signed with ${signatureAlgorithm}`);
  }
}

/** @param below authorities between the issuer and the leaf */
function checkIssuer(certificate: CertificateFacts, issuer: CertificateFacts, below: number): void {
  const { subject } = certificate;
  const keyIdDiffers =
    certificate.authorityKeyId !== null &&
    issuer.subjectKeyId !== null &&
    certificate.authorityKeyId !== issuer.subjectKeyId;
  if (certificate.issuer !== issuer.subject || keyIdDiffers) {
    throw new CertificateError(
      'certificate_issuer',
      `${subject} is issued by ${certificate.issuer} (${certificate.authorityKeyId ?? 'no key'}), not by ${issuer.subject} (${issuer.subjectKeyId ?? 'no key'})`,
    );
  }
  if (!issuer.isCa) throw new CertificateError('certificate_not_ca', `${issuer.subject} is no authority`);
  if (issuer.keyUsage !== null && !issuer.keyUsage.includes('keyCertSign')) {
    throw new CertificateError('certificate_usage', `${issuer.subject} may not sign certificates`);
  }
  if (issuer.pathLength !== null && below > issuer.pathLength) {
    throw new CertificateError(
      'certificate_path_length',
      `${issuer.subject} allows ${issuer.pathLength} authorities below it, got ${below}`,
    );
  }
  if (!isSignedBy(certificate, issuer)) {
    throw new CertificateError('certificate_signature', `the signature of ${subject} is not by ${issuer.subject}`);
  }
}

function checkRevocation(
  certificate: CertificateFacts,
  issuer: CertificateFacts,
  lists: readonly CrlFacts[],
  { now, requireCrls = false }: VerifyChainOptions,
): void {
  const own = lists.filter(
    (list) =>
      list.issuer === issuer.subject && (list.authorityKeyId === null || list.authorityKeyId === issuer.subjectKeyId),
  );
  if (own.length === 0 && requireCrls) {
    throw new CertificateError('crl_missing', `there is no revocation list of ${issuer.subject}`);
  }
  for (const list of own) {
    verifyCrl(list, issuer, now);
    const entry = list.revoked.get(certificate.serial);
    if (entry !== undefined) {
      throw new CertificateError('certificate_revoked', `${certificate.subject} was revoked: ${entry.reason}`, {
        details: { serial: certificate.serial, reason: entry.reason, time: entry.time },
      });
    }
  }
}
