import { type KeyObject, X509Certificate, verify } from 'node:crypto';
import type * as asn1js from 'asn1js';
import { CertificateRevocationList } from 'pkijs';
import { fromHex, toHex } from '../../base/index.js';
import { der } from './der.js';
import { nameText } from './distinguished-name.js';
import { CertificateError } from './errors.js';
import { authorityKeyId } from './extensions.js';
import { oids, signatureAlgorithms } from './oids.js';
import { derOf, serialText, splitPem } from './read.js';
import { extensionNode, signedSequence } from './sign.js';
import { type CertificateFacts, type CrlFacts, type RevocationReason, revocationReasons } from './types.js';

export interface RevokedEntry {
  readonly serial: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  readonly reason: RevocationReason;
}

/** What goes into a revocation list. */
export interface CrlContent {
  readonly issuer: Uint8Array;
  readonly issuerKeyId: Uint8Array;
  readonly number: number;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  readonly entries: readonly RevokedEntry[];
}

/** A revocation list, version 2 (RFC 5280, 5). */
export function signCrl(content: CrlContent, key: KeyObject): Uint8Array {
  const entries = content.entries.map(({ serial, time, reason }) => {
    const value = der.encode(der.enumerated(revocationReasons[reason]));
    const node = extensionNode({ oid: oids.crlReason, critical: false, value });
    const octets = fromHex(serial.length % 2 === 0 ? serial : `0${serial}`);
    return der.sequence(der.bigInteger(octets), der.time(time), der.sequence(node));
  });
  const crlNumber = { oid: oids.crlNumber, critical: false, value: der.encode(der.integer(content.number)) };
  const toBeSigned = der.sequence(
    der.integer(1),
    der.sequence(der.oid(oids.ecdsaSha256)),
    der.raw(content.issuer),
    der.time(content.thisUpdate),
    der.time(content.nextUpdate),
    // An empty list is left out altogether (RFC 5280, 5.1.2.6).
    ...(entries.length === 0 ? [] : [der.sequence(...entries)]),
    der.tagged(0, der.sequence(extensionNode(authorityKeyId(content.issuerKeyId)), extensionNode(crlNumber))),
  );
  return signedSequence(der.encode(toBeSigned), key);
}

/** Reads a revocation list, DER or PEM. Verifies nothing. @throws CertificateError `crl_unreadable` */
export function readCrl(input: Uint8Array | string): CrlFacts {
  try {
    const bytes = derOf(input, 'X509 CRL');
    const list = CertificateRevocationList.fromBER(Uint8Array.from(bytes).buffer);
    const extensions = new Map((list.crlExtensions?.extensions ?? []).map((found) => [found.extnID, found]));
    const number = extensions.get(oids.crlNumber)?.parsedValue as asn1js.Integer | undefined;
    const keyId = (
      extensions.get(oids.authorityKeyId)?.parsedValue as { keyIdentifier?: asn1js.OctetString } | undefined
    )?.keyIdentifier;
    return {
      der: bytes,
      issuer: nameText(list.issuer),
      number: number === undefined ? null : BigInt(`0x${toHex(number.valueBlock.valueHexView) || '0'}`),
      thisUpdate: list.thisUpdate.value.getTime(),
      nextUpdate: list.nextUpdate?.value.getTime() ?? null,
      authorityKeyId: keyId === undefined ? null : toHex(keyId.valueBlock.valueHexView),
      revoked: new Map(
        (list.revokedCertificates ?? []).map((entry) => [
          serialText(entry.userCertificate),
          {
            time: entry.revocationDate.value.getTime(),
            reason: reasonOf(
              entry.crlEntryExtensions?.extensions.find(({ extnID }) => extnID === oids.crlReason)?.parsedValue,
            ),
          },
        ]),
      ),
    };
  } catch (cause) {
    throw new CertificateError('crl_unreadable', 'expected a revocation list', { cause });
  }
}

/** The lists of a file: PEM, several, or one as DER. @throws CertificateError `crl_unreadable` */
export function splitRevocationLists(content: Uint8Array): readonly Uint8Array[] {
  const text = Buffer.from(content).toString('latin1');
  const lists = text.includes('-----BEGIN') ? splitPem(text, 'X509 CRL') : [content];
  if (lists.length === 0) throw new CertificateError('crl_unreadable', 'expected a revocation list');
  return lists.map((list) => readCrl(list).der);
}

function reasonOf(value: unknown): RevocationReason {
  const code = (value as asn1js.Enumerated | undefined)?.valueBlock.valueDec;
  return (
    (Object.keys(revocationReasons) as RevocationReason[]).find((name) => revocationReasons[name] === code) ??
    'unspecified'
  );
}

/** Verifies that a list was signed by an issuer and is current. @throws CertificateError `crl_signature`, `crl_expired` */
export function verifyCrl(list: CrlFacts, issuer: CertificateFacts, now: number): void {
  const parsed = CertificateRevocationList.fromBER(Uint8Array.from(list.der).buffer);
  const algorithm = signatureAlgorithms[parsed.signatureAlgorithm.algorithmId];
  const digest = algorithm === undefined ? undefined : /sha\d+$/.exec(algorithm)?.[0];
  const signature = parsed.signatureValue.valueBlock.valueHexView;
  if (digest === undefined || !verify(digest, parsed.tbsView, issuer.publicKey, signature)) {
    throw new CertificateError('crl_signature', `the revocation list of ${list.issuer} is not signed by its issuer`);
  }
  if (issuer.keyUsage !== null && !issuer.keyUsage.includes('cRLSign')) {
    throw new CertificateError('crl_signature', `${issuer.subject} may not sign revocation lists`);
  }
  if (list.nextUpdate !== null && now > list.nextUpdate) {
    throw new CertificateError('crl_expired', `the revocation list of ${list.issuer} is out of date`);
  }
}

/** The certificate for node:crypto's own checks. */
export function x509Of(facts: CertificateFacts): X509Certificate {
  return new X509Certificate(facts.der);
}
