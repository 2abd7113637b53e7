import { DecodeError, equalBytes, type HashAlgorithm, type TvdcError } from '../../base/index.js';
import {
  decodePublicArea,
  decodeQuote,
  decodeSignature,
  nameOf,
  type PcrSelection,
  type PublicArea,
  TpmEvidenceError,
  type TpmSignature,
  verifyQuoteSignature,
} from '../../tpm/index.js';
import type { QuoteEvidence } from '../evidence/index.js';
import type { Counters, ReasonCode } from '../verdict/index.js';
import { EvidenceError } from './errors.js';

/** A quote whose signature was verified: what a TPM said, and with which key. */
export interface VerifiedQuote {
  readonly akName: Uint8Array;
  readonly extraData: Uint8Array;
  readonly counters: Counters;
  readonly selection: PcrSelection;
  readonly pcrDigest: Uint8Array;
  /** Algorithm of `pcrDigest`: that of the signature (TPM 2.0 Part 3, 18.4). */
  readonly digestAlgorithm: HashAlgorithm;
}

/** Decodes the attestation key. @throws EvidenceError `malformed_ak` */
export function decodeAk(bytes: Uint8Array): PublicArea {
  try {
    return decodePublicArea(bytes);
  } catch (error) {
    throw new EvidenceError('malformed_ak', {}, error);
  }
}

function signatureOf(bytes: Uint8Array): TpmSignature {
  try {
    return decodeSignature(bytes);
  } catch (error) {
    throw new EvidenceError('malformed_signature', {}, error);
  }
}

const codes: Readonly<Record<string, ReasonCode>> = {
  attest_not_generated: 'wrong_magic',
  attest_wrong_kind: 'wrong_attest_type',
  unknown_attest: 'wrong_attest_type',
  signature_invalid: 'wrong_signature',
  signature_scheme: 'signature_scheme_not_allowed',
  key_unsupported: 'malformed_ak',
};

function quoteOf(bytes: Uint8Array): ReturnType<typeof decodeQuote> {
  try {
    return decodeQuote(bytes);
  } catch (error) {
    const known = error instanceof DecodeError || error instanceof TpmEvidenceError;
    const code = known ? codes[(error as TvdcError).code] : undefined;
    throw new EvidenceError(code ?? 'malformed_quote', {}, error);
  }
}

/**
 * Reads a quote and verifies its signature: structure, magic, type, signature, in this order.
 * @param ak the key that must have signed; where it comes from is the caller's concern
 * @throws EvidenceError `malformed_quote`, `wrong_magic`, `wrong_attest_type`, `malformed_signature`, `wrong_signature`,
 * `signature_scheme_not_allowed`
 */
export function verifyQuote(quote: QuoteEvidence, ak: PublicArea): VerifiedQuote {
  const attest = quoteOf(quote.attest);
  const signature = signatureOf(quote.signature);
  try {
    verifyQuoteSignature(quote.attest, signature, ak);
  } catch (error) {
    const code = error instanceof TpmEvidenceError ? codes[error.code] : undefined;
    throw new EvidenceError(code ?? 'wrong_signature', {}, error);
  }
  const { selection, pcrDigest } = attest.attested;
  if (new Set(selection.map(({ bank }) => bank)).size !== selection.length) {
    throw new EvidenceError('malformed_quote', { detail: 'a bank is selected twice' });
  }
  return {
    akName: nameOf(ak),
    extraData: attest.extraData,
    counters: attest.clockInfo,
    selection,
    pcrDigest,
    digestAlgorithm: signature.hash,
  };
}

/** @throws EvidenceError `wrong_nonce` */
export function verifyFreshness(quote: VerifiedQuote, expected: Uint8Array): void {
  if (!equalBytes(quote.extraData, expected)) throw new EvidenceError('wrong_nonce');
}
