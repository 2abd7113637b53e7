import { createPublicKey, sign } from 'node:crypto';
import { createTimeSlice, hash, type HashAlgorithm, hashAlgorithms, toBase64, toHex } from '../../base/index.js';
import { decodeImaFields, ImaReader } from '../../tpm/logs/index.js';
import type { AppraisalPolicy } from '../appraise/index.js';
import type { ReferenceDatabase, ReferenceEntry, ReferenceQuery } from '../references/index.js';
import type { Verdict } from '../verdict/index.js';
import type { KeptEvidence } from './kept.js';
import { binaryLog } from './log-bytes.js';
import { encodeRecord } from './record.js';
import type { SigningKey } from './signing-key.js';

/** What is signed: a name that no other signature of ours begins with, then the payload's octets. */
export const evidenceContext: Uint8Array = Buffer.from('tvdc-evidence-1\0', 'ascii');

interface KeptVerdict {
  readonly verdict: Verdict;
  readonly evidence: KeptEvidence | null;
}

export interface BundleInput {
  readonly own: KeptVerdict;
  readonly host: KeptVerdict | null;
  policyOf(digest: string): AppraisalPolicy | null;
  readonly references: ReferenceDatabase;
  readonly sign: SigningKey;
  readonly now: number;
}

/** What the references say now of the entries of one log. */
export interface BundledReferences {
  readonly entries: readonly ReferenceEntry[];
  /** Paths that are listed with other digests only. */
  readonly listed: readonly string[];
  /** Digest of the sets when the evidence was judged, and now. */
  readonly judged: string;
  readonly exported: string;
}

const chunk = 200;

async function* queriesOf(evidence: KeptEvidence): AsyncGenerator<readonly ReferenceQuery[]> {
  const slice = createTimeSlice();
  const { format } = evidence.facts;
  const reader = new ImaReader(await binaryLog({ format, start: 0, data: evidence.log }, slice));
  let queries: ReferenceQuery[] = [];
  for (let entry = reader.next(); entry !== null; entry = reader.next()) {
    if (entry.violation) continue;
    const { digest, path } = decodeImaFields(entry);
    if (!(hashAlgorithms as readonly string[]).includes(digest.algorithm)) continue;
    queries.push({ algorithm: digest.algorithm as HashAlgorithm, digest: toHex(digest.value), path });
    if (queries.length < chunk) continue;
    yield queries;
    queries = [];
    await slice.pause();
  }
  if (queries.length > 0) yield queries;
}

async function referencesFor(
  evidence: KeptEvidence,
  policy: AppraisalPolicy,
  references: ReferenceDatabase,
): Promise<BundledReferences> {
  const entries = new Map<string, ReferenceEntry>();
  const listed = new Set<string>();
  const sets = policy.referenceSets;
  const exported = sets.length === 0 ? '' : await references.digest(sets).catch(() => '');
  if (exported !== '') {
    for await (const queries of queriesOf(evidence)) {
      const answers = await references.lookup(sets, queries);
      answers.forEach(({ matches, pathListed }, at) => {
        for (const match of matches) entries.set(`${match.algorithm} ${match.digest} ${match.path}`, match);
        const query = queries[at];
        if (pathListed && matches.length === 0 && query !== undefined) listed.add(query.path);
      });
    }
  }
  return { entries: [...entries.values()], listed: [...listed], judged: evidence.facts.referenceDigest, exported };
}

async function part({ verdict, evidence }: KeptVerdict, input: BundleInput): Promise<object | null> {
  if (evidence === null) return null;
  const policy = input.policyOf(evidence.facts.policyDigest);
  if (policy === null) return null;
  const optional = (name: string, bytes: Uint8Array | null): object =>
    bytes === null ? {} : { [name]: toBase64(bytes) };
  return {
    verdict: JSON.parse(encodeRecord(verdict)) as unknown,
    facts: JSON.parse(encodeRecord(evidence.facts)) as unknown,
    log: toBase64(evidence.log),
    ...optional('boot', evidence.boot),
    ...optional('isolation', evidence.isolation),
    policy,
    references: await referencesFor(evidence, policy, input.references),
  };
}

/** JSON text of the evidence behind a verdict, signed; null where it cannot be judged again. */
export async function createBundle(input: BundleInput): Promise<string | null> {
  const own = await part(input.own, input);
  if (own === null) return null;
  const host = input.host === null ? null : await part(input.host, input);
  const payload = Buffer.from(JSON.stringify({ created: input.now, evidence: own, host }), 'utf8');
  const { privateKey } = input.sign;
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return `${JSON.stringify({
    format: 'tvdc-evidence-1',
    keyId: toHex(hash('sha256', spki)),
    signature: sign(null, Buffer.concat([evidenceContext, payload]), privateKey).toString('base64'),
    payload: payload.toString('base64'),
  })}\n`;
}
