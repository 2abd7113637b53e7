import { constants, type KeyObject, verify } from 'node:crypto';
import { concatBytes, DecodeError, hash, type HashAlgorithm } from '../../base/index.js';
import { TpmEvidenceError } from '../errors.js';
import { type Attest, decodeAttest, padLeft, type PublicArea, type TpmSignature } from '../structures/index.js';
import { curveFacts, publicKeyOf } from './public-key.js';

/**
 * Verifies the signature of a key over the attested octets. Only the scheme that the key is restricted to is accepted, or any
 * that fits its type when it has none, with SHA-256 or stronger.
 * @throws TpmEvidenceError `signature_scheme`, `signature_invalid`, `key_unsupported`
 */
export function verifyQuoteSignature(
  attest: Uint8Array,
  signature: TpmSignature,
  signer: PublicArea,
  key?: KeyObject,
): void {
  if (signature.hash === 'sha1') throw new TpmEvidenceError('signature_scheme', 'SHA-1 signatures are not accepted');
  if (signer.kind !== 'rsa' && signer.kind !== 'ecc') {
    throw new TpmEvidenceError('key_unsupported', `expected an RSA or ECC key, got ${signer.kind}`);
  }
  const { scheme } = signer;
  const fits = (signer.kind === 'ecc') === (signature.kind === 'ecdsa');
  const wanted = scheme === null || (scheme.algorithm === signature.kind && scheme.hash === signature.hash);
  if (!fits || !wanted) {
    throw new TpmEvidenceError(
      'signature_scheme',
      `expected ${scheme?.algorithm ?? signer.kind}, got ${signature.kind}`,
    );
  }
  if (!isSignatureValid(attest, signature, signer, key ?? publicKeyOf(signer))) {
    throw new TpmEvidenceError('signature_invalid', 'the signature does not fit the attested octets and the key');
  }
}

function isSignatureValid(data: Uint8Array, signature: TpmSignature, signer: PublicArea, key: KeyObject): boolean {
  switch (signature.kind) {
    case 'rsassa':
      return verify(signature.hash, data, key, signature.signature);
    case 'rsapss':
      return verify(
        signature.hash,
        data,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
        signature.signature,
      );
    case 'ecdsa': {
      // A TPM may leave out leading zeros of r and s.
      const size = signer.kind === 'ecc' ? curveFacts[signer.curve].size : 0;
      if (signature.r.length > size || signature.s.length > size) return false;
      const joined = concatBytes(padLeft(signature.r, size), padLeft(signature.s, size));
      return verify(signature.hash, data, { key, dsaEncoding: 'ieee-p1363' }, joined);
    }
  }
}

/**
 * Decodes attested octets and requires that they are a quote.
 * @throws TpmEvidenceError `attest_not_generated`, `attest_wrong_kind`; DecodeError for octets that are no TPMS_ATTEST
 */
export function decodeQuote(
  bytes: Uint8Array,
): Attest & { readonly attested: Extract<Attest['attested'], { kind: 'quote' }> } {
  let attest: Attest;
  try {
    attest = decodeAttest(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError) || error.code !== 'not_generated') throw error;
    throw new TpmEvidenceError('attest_not_generated', 'the octets do not come from a TPM', { cause: error });
  }
  const { attested } = attest;
  if (attested.kind !== 'quote')
    throw new TpmEvidenceError('attest_wrong_kind', `expected a quote, got ${attested.kind}`);
  return { ...attest, attested };
}

/**
 * Digest over PCR values as a quote holds it: values in the order of the selection, hashed with the algorithm of the signing
 * scheme, not of the bank (TPM 2.0 Part 3, 18.4).
 */
export function pcrDigest(algorithm: HashAlgorithm, values: readonly Uint8Array[]): Uint8Array {
  return hash(algorithm, concatBytes(...values));
}
