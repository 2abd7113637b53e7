import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { CertificationRequest } from 'pkijs';
import { der } from './der.js';
import { nameText, type Name } from './distinguished-name.js';
import { CertificateError } from './errors.js';
import { signedSequence } from './sign.js';

/** What a certification request asks for; its signature is verified. */
export interface RequestFacts {
  readonly subject: Name;
  readonly publicKeyDer: Uint8Array;
}

/** A certification request (RFC 2986): proof that its maker has the key. */
export function createRequest(subject: Uint8Array, publicKeyDer: Uint8Array, key: KeyObject): Uint8Array {
  const info = der.sequence(der.integer(0), der.raw(subject), der.raw(publicKeyDer), der.tagged(0));
  return signedSequence(der.encode(info), key);
}

/** Reads a request and verifies its signature. @throws CertificateError `request_invalid` */
export function verifyRequest(request: Uint8Array): RequestFacts {
  try {
    const parsed = CertificationRequest.fromBER(Uint8Array.from(request).buffer);
    const publicKeyDer = new Uint8Array(parsed.subjectPublicKeyInfo.toSchema().toBER());
    const key = createPublicKey({ key: Buffer.from(publicKeyDer), format: 'der', type: 'spki' });
    const signature = parsed.signatureValue.valueBlock.valueHexView;
    if (!verify('sha256', parsed.tbsView, key, signature))
      throw new CertificateError('request_invalid', 'the request does not prove its key');
    return { subject: nameText(parsed.subject), publicKeyDer };
  } catch (cause) {
    if (cause instanceof CertificateError) throw cause;
    throw new CertificateError('request_invalid', 'expected a certification request', { cause });
  }
}
