import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ByteReader, DecodeError, equalBytes } from '../../base/index.js';
import { TpmEvidenceError } from '../errors.js';
import { tags12 } from './constants.js';
import { compositeHash12, digestSize12, readSelection12 } from './structures.js';

/** What a quote of a TPM 1.2 says, of either form. It rests on SHA-1, which is broken for collisions. */
export interface QuoteFacts12 {
  readonly kind: 'quote' | 'quote2';
  readonly externalData: Uint8Array;
  readonly compositeHash: Uint8Array;
  /** Of Quote2 only: Quote signs the digest alone. */
  readonly pcrs: readonly number[] | null;
  readonly locality: number | null;
}

/** A key with the exponent 65 537. */
export function rsaKey12(modulus: Uint8Array): KeyObject {
  const n = Buffer.from(modulus).toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: 'AQAB' }, format: 'jwk' });
}

/** Reads TPM_QUOTE_INFO or TPM_QUOTE_INFO2 (TPM Main 1.2 Part 2, 11). Verifies nothing. @throws DecodeError */
export function decodeQuoteInfo12(info: Uint8Array): QuoteFacts12 {
  const reader = new ByteReader(info);
  const isSecond = reader.u16() === tags12.quoteInfo2;
  if (!isSecond) {
    reader.skip(2);
    expectText(reader, 'QUOT');
    const compositeHash = reader.take(digestSize12).slice();
    const externalData = reader.take(digestSize12).slice();
    reader.end('TPM_QUOTE_INFO');
    return { kind: 'quote', externalData, compositeHash, pcrs: null, locality: null };
  }
  expectText(reader, 'QUT2');
  const externalData = reader.take(digestSize12).slice();
  const pcrs = readSelection12(reader);
  const locality = reader.u8();
  return { kind: 'quote2', externalData, compositeHash: reader.take(digestSize12).slice(), pcrs, locality };
}

function expectText(reader: ByteReader, text: string): void {
  const at = reader.offset;
  if (Buffer.from(reader.take(4)).toString('latin1') !== text)
    throw new DecodeError('wrong_tag', `expected ${text}`, at);
}

/**
 * Verifies a quote: who signed it, for which question, over which values.
 * @param values of the registers `pcrs`, in their order
 * @throws TpmEvidenceError `signature_invalid`, `attest_wrong_kind` (another question, or other values)
 */
export function verifyQuote12(
  quoted: { readonly info: Uint8Array; readonly signature: Uint8Array },
  expected: {
    readonly key: KeyObject;
    readonly externalData: Uint8Array;
    readonly pcrs: readonly number[];
    readonly values: readonly Uint8Array[];
  },
): QuoteFacts12 {
  if (!verify('sha1', quoted.info, expected.key, quoted.signature))
    throw new TpmEvidenceError('signature_invalid', 'the signature is not by this key over this quote');
  let facts: QuoteFacts12;
  try {
    facts = decodeQuoteInfo12(quoted.info);
  } catch (cause) {
    throw new TpmEvidenceError('attest_wrong_kind', 'what was signed is no quote of a TPM 1.2', { cause });
  }
  if (!equalBytes(facts.externalData, expected.externalData))
    throw new TpmEvidenceError('attest_wrong_kind', 'the quote answers another question');
  if (!equalBytes(facts.compositeHash, compositeHash12(expected.pcrs, expected.values)))
    throw new TpmEvidenceError('attest_wrong_kind', 'the quote is over other registers or values');
  return facts;
}
