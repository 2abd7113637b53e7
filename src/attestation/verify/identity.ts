import { createPublicKey } from 'node:crypto';
import { equalBytes } from '../../base/index.js';
import { decodePublicArea, hasAttributes, isSameKey, objectAttributes, type PublicArea } from '../../tpm/index.js';
import { EvidenceError } from './errors.js';

/**
 * A key that can only sign what its TPM made: fixedTPM, fixedParent, sensitiveDataOrigin, restricted and sign set, decrypt
 * clear.
 * @throws EvidenceError `ak_not_restricted`
 */
export function verifyAkAttributes(ak: PublicArea): void {
  const wanted = ['fixedTpm', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign'] as const;
  const missing = wanted.filter((name) => !hasAttributes(ak, name));
  if (missing.length > 0) throw new EvidenceError('ak_not_restricted', { detail: `without ${missing.join(', ')}` });
  if ((ak.attributes & objectAttributes.decrypt) !== 0) {
    throw new EvidenceError('ak_not_restricted', { detail: 'with decrypt' });
  }
}

/** Decodes an endorsement key, which must be a restricted storage key. @throws EvidenceError `malformed_ek` */
export function decodeEk(bytes: Uint8Array): PublicArea {
  let area: PublicArea;
  try {
    area = decodePublicArea(bytes);
  } catch (error) {
    throw new EvidenceError('malformed_ek', {}, error);
  }
  if (!hasAttributes(area, 'fixedTpm', 'restricted', 'decrypt')) {
    throw new EvidenceError('malformed_ek', { detail: 'not a restricted storage key' });
  }
  return area;
}

/** @throws EvidenceError `ak_mismatch` if a public area and a PEM are not the same key */
export function verifySameKey(area: PublicArea, pem: string): void {
  let same: boolean;
  try {
    same = isSameKey(area, createPublicKey(pem));
  } catch (error) {
    throw new EvidenceError('malformed_ak', {}, error);
  }
  if (!same) throw new EvidenceError('ak_mismatch', { detail: 'public area and PEM are not the same key' });
}

/** Contents of a TPM2B_PUBLIC; octets that are a TPMT_PUBLIC already are returned as they are. */
export function unwrapPublic(bytes: Uint8Array): Uint8Array {
  const sized = bytes.length > 2 && ((bytes[0] as number) << 8) + (bytes[1] as number) === bytes.length - 2;
  return sized ? bytes.subarray(2) : bytes;
}

/** A key of which only the PEM is known, as a public area that says nothing of attributes and scheme. @throws EvidenceError */
export function areaOfPem(pem: string): PublicArea {
  try {
    const key = createPublicKey(pem);
    const jwk = key.export({ format: 'jwk' });
    const raw = (text: string | undefined): Uint8Array => new Uint8Array(Buffer.from(text ?? '', 'base64url'));
    const common = {
      nameAlgorithm: 'sha256',
      attributes: 0,
      authPolicy: new Uint8Array(0),
      symmetric: null,
      scheme: null,
    } as const;
    if (jwk.kty === 'RSA') {
      const e = Number(key.asymmetricKeyDetails?.publicExponent ?? 65537n);
      const unique = raw(jwk.n);
      return { kind: 'rsa', ...common, keyBits: unique.length * 8, exponent: e, unique };
    }
    const curve = ({ 'P-256': 'nist-p256', 'P-384': 'nist-p384', 'P-521': 'nist-p521' } as const)[jwk.crv ?? ''];
    if (curve === undefined) throw new EvidenceError('malformed_ak', { detail: 'neither RSA nor a NIST curve' });
    return { kind: 'ecc', ...common, curve, x: raw(jwk.x), y: raw(jwk.y) };
  } catch (error) {
    if (error instanceof EvidenceError) throw error;
    throw new EvidenceError('malformed_ak', {}, error);
  }
}

/** Whether two Names are the same. @throws EvidenceError `ak_mismatch` */
export function verifyName(expected: Uint8Array, actual: Uint8Array): void {
  if (!equalBytes(expected, actual)) throw new EvidenceError('ak_mismatch');
}
