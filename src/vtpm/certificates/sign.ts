import { type KeyObject, sign } from 'node:crypto';
import { der } from './der.js';
import type { Extension } from './extensions.js';
import { oids } from './oids.js';

/** What goes into a certificate. */
export interface CertificateContent {
  readonly serial: Uint8Array;
  /** DER of the names. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyDer: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** Signs what is to be signed with an EC P-256 key: the outer sequence of certificates, lists and requests. */
export function signedSequence(toBeSigned: Uint8Array, key: KeyObject): Uint8Array {
  const signature = sign('sha256', toBeSigned, key);
  return der.encode(der.sequence(der.raw(toBeSigned), der.sequence(der.oid(oids.ecdsaSha256)), der.bits(signature)));
}

/** A certificate, version 3 (RFC 5280, 4.1). */
export function signCertificate(content: CertificateContent, key: KeyObject): Uint8Array {
  const toBeSigned = der.sequence(
    der.tagged(0, der.integer(2)),
    der.bigInteger(content.serial),
    der.sequence(der.oid(oids.ecdsaSha256)),
    der.raw(content.issuer),
    der.sequence(der.time(content.notBefore), der.time(content.notAfter)),
    der.raw(content.subject),
    der.raw(content.publicKeyDer),
    der.tagged(3, der.sequence(...content.extensions.map(extensionNode))),
  );
  return signedSequence(der.encode(toBeSigned), key);
}

export function extensionNode({ oid, critical, value }: Extension): ReturnType<typeof der.sequence> {
  return critical
    ? der.sequence(der.oid(oid), der.boolean(true), der.octets(value))
    : der.sequence(der.oid(oid), der.octets(value));
}
