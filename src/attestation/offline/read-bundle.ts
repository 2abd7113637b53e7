import { createPublicKey, verify } from 'node:crypto';
import { fromBase64, hash, toHex, TvdcError } from '../../base/index.js';
import type { AppraisalPolicy } from '../appraise/index.js';
import type { Verdict } from '../verdict/index.js';
import {
  type BundledReferences,
  decodeKept,
  decodeVerdict,
  evidenceContext,
  type KeptFacts,
} from '../verifier/index.js';

const maxLength = 512 << 20;

/** Evidence of one subject, as a verifier kept it. */
export interface BundledEvidence {
  readonly verdict: Verdict;
  readonly facts: KeptFacts;
  readonly log: Uint8Array;
  readonly boot: Uint8Array | null;
  readonly isolation: Uint8Array | null;
  readonly policy: AppraisalPolicy;
  readonly references: BundledReferences;
}

export interface EvidenceBundle {
  /** Whether one of the given keys signed it: then the verifier vouches for the binding of the attestation keys. */
  readonly vouched: boolean;
  readonly created: number;
  readonly evidence: BundledEvidence;
  readonly host: BundledEvidence | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Evidence that is not of the form that a verifier writes. */
export const refused = (why: string, cause?: unknown): TvdcError<'bad_bundle'> =>
  new TvdcError('bad_bundle', why, cause === undefined ? {} : { cause });

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`expected ${what}`);
  return value as Json;
}

function octets(value: unknown, what: string): Uint8Array {
  if (typeof value !== 'string') throw refused(`expected ${what} in base64`);
  try {
    return fromBase64(value);
  } catch (error) {
    throw refused(`${what} is not base64`, error);
  }
}

function part(value: unknown): BundledEvidence {
  const { verdict, facts, log, boot, isolation, policy, references } = object(value, 'evidence');
  const known = object(references, 'references');
  if (!Array.isArray(known['entries']) || !Array.isArray(known['listed'])) throw refused('expected reference entries');
  const recorded = decodeVerdict(JSON.stringify(object(verdict, 'a verdict')));
  const { kind } = object(recorded.subject, 'a subject');
  if ((kind !== 'host' && kind !== 'vm') || !Number.isSafeInteger(recorded.issued)) throw refused('expected a verdict');
  return {
    verdict: recorded,
    facts: decodeKept(JSON.stringify(object(facts, 'facts'))),
    log: octets(log, 'log'),
    boot: boot === undefined ? null : octets(boot, 'boot'),
    isolation: isolation === undefined ? null : octets(isolation, 'isolation'),
    policy: object(policy, 'a policy') as unknown as AppraisalPolicy,
    references: known as unknown as BundledReferences,
  };
}

/**
 * Reads evidence that a verifier exported.
 * @param signers PEM public keys of verifiers that are believed
 * @throws TvdcError `bad_bundle` where it is of another form, or where the signature of a believed key does not fit
 */
export function readEvidenceBundle(text: string, signers: readonly string[]): EvidenceBundle {
  if (text.length > maxLength) throw refused('evidence too large');
  let outer: Json;
  let inner: Json;
  try {
    outer = object(JSON.parse(text), 'an object');
    inner = object(JSON.parse(Buffer.from(String(outer['payload']), 'base64').toString('utf8')), 'an object');
  } catch (error) {
    if (error instanceof TvdcError) throw error;
    throw refused('not exported evidence: not JSON', error);
  }
  if (outer['format'] !== 'tvdc-evidence-1') throw refused('not exported evidence');
  const signer = signers
    .map((pem) => createPublicKey(pem))
    .find((key) => toHex(hash('sha256', key.export({ type: 'spki', format: 'der' }))) === outer['keyId']);
  const signed = Buffer.concat([evidenceContext, Buffer.from(String(outer['payload']), 'base64')]);
  const signature = octets(outer['signature'], 'signature');
  if (signer !== undefined && !verify(null, signed, signer, signature)) throw refused('the signature does not fit');
  return {
    vouched: signer !== undefined,
    created: Number(inner['created']),
    evidence: part(inner['evidence']),
    host: inner['host'] === null ? null : part(inner['host']),
  };
}
