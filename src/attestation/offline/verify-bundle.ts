import { equalBytes } from '../../base/index.js';
import { completePolicy, policyDigest, preparePolicy } from '../appraise/index.js';
import {
  assertedMember,
  hostExtraData,
  type PcrValues,
  quotedMember,
  type RoundMember,
  vmExtraData,
} from '../evidence/index.js';
import { createMemoryReferences, type ReferenceDatabase } from '../references/index.js';
import { type Reason, reason, type Verdict, type VerdictStatus, worstStatus } from '../verdict/index.js';
import { firstPosition, judgeEvidence, linkReasons, type PipelineResult } from '../verifier/index.js';
import {
  decodeAk,
  EntryCatalog,
  EvidenceError,
  type VerifiedQuote,
  verifyAkAttributes,
  verifyFreshness,
  verifyQuote,
} from '../verify/index.js';
import { type BundledEvidence, readEvidenceBundle, refused } from './read-bundle.js';
import type { OfflineVerdict } from './verify-files.js';

/** What exported evidence shows when it is judged again, beside what the verifier recorded. */
export interface BundleVerdict extends OfflineVerdict {
  /** `host:<uuid>` or `vm:<uuid>`. */
  readonly subject: string;
  readonly verdictId: string;
  /** The verdict in the verifier's history; it may be worse, as earlier verdicts stick. */
  readonly recorded: VerdictStatus;
  /** Milliseconds since 1970-01-01 UTC: the time for which it is judged. */
  readonly issued: number;
  /** Whether the reference sets were the same when the evidence was exported. */
  readonly sameReferences: boolean;
  readonly host: BundleVerdict | null;
}

export interface BundleOptions {
  /** PEM keys of verifiers that are believed to have bound the attestation keys; without one it is at best `unknown`. */
  readonly signers?: readonly string[];
  /** Other references than those in the evidence, under the names of the policy's sets. */
  readonly references?: ReferenceDatabase;
}

/** The bundled references as a database. */
async function bundled(part: BundledEvidence): Promise<ReferenceDatabase> {
  const database = createMemoryReferences();
  for (const name of part.policy.referenceSets) await database.createSet(name);
  const [first] = part.policy.referenceSets;
  if (first !== undefined) await database.add(first, part.references.entries);
  const listed = new Set(part.references.listed);
  return {
    ...database,
    async lookup(sets, queries) {
      const answers = await database.lookup(sets, queries);
      return answers.map((answer, at) => {
        const path = queries[at]?.path;
        return path !== undefined && listed.has(path) ? { ...answer, pathListed: true } : answer;
      });
    },
  };
}

function verifiedQuote(part: BundledEvidence, extraData: Uint8Array): VerifiedQuote {
  const { attest, signature, binding } = part.facts;
  if (attest === null || signature === null) throw new EvidenceError('malformed_quote');
  if (binding === null) throw new EvidenceError('ak_mismatch');
  const ak = decodeAk(binding.akPublic);
  verifyAkAttributes(ak);
  const quote = verifyQuote({ attest, signature }, ak);
  if (!equalBytes(quote.akName, binding.akName)) throw new EvidenceError('ak_mismatch');
  verifyFreshness(quote, extraData);
  return quote;
}

interface Judged {
  readonly result: PipelineResult | null;
  readonly reasons: readonly Reason[];
}

async function judge(part: BundledEvidence, extraData: Uint8Array | null, options: BundleOptions): Promise<Judged> {
  try {
    const quote = extraData === null ? null : verifiedQuote(part, extraData);
    const prepared = preparePolicy(completePolicy(part.policy));
    if (policyDigest(completePolicy(part.policy)) !== part.facts.policyDigest) {
      return { result: null, reasons: [reason('no_reference_set', { detail: 'the policy is not the recorded one' })] };
    }
    const result = await judgeEvidence({
      quote,
      measurements: { format: part.facts.format, start: 0, data: part.log },
      ...(part.boot === null ? {} : { eventLog: part.boot }),
      ...(part.isolation === null ? {} : { isolationLog: part.isolation }),
      ...(part.facts.pcrValues === null ? {} : { pcrValues: part.facts.pcrValues }),
      prepared,
      references: options.references ?? (await bundled(part)),
      catalog: new EntryCatalog(),
      start: firstPosition,
      now: part.verdict.issued,
    });
    return { result, reasons: result.reasons };
  } catch (error) {
    if (error instanceof EvidenceError) return { result: null, reasons: [error.reason] };
    throw error;
  }
}

const decides = ({ status }: Reason): number => Number(status === null);

function verdictOf(
  part: BundledEvidence,
  judged: Judged,
  more: readonly Reason[],
  host: BundleVerdict | null,
): BundleVerdict {
  const { verdict, references } = part;
  const findings = [...judged.reasons, ...more].sort((a, b) => decides(a) - decides(b));
  return {
    subject: `${verdict.subject.kind}:${verdict.subject.uuid}`,
    verdictId: verdict.id,
    recorded: verdict.status,
    issued: verdict.issued,
    sameReferences: references.judged === references.exported,
    verdict: worstStatus(judged.result?.proof ?? null, findings),
    reasons: [...new Set(findings.map(({ code }) => code))],
    violations: (judged.result?.violations ?? []).map(({ index }) => index),
    covered: judged.result?.covered ?? 0,
    pending: judged.result?.pending ?? 0,
    findings,
    host,
  };
}

function membersOf(verdict: Verdict): RoundMember[] {
  return (verdict.round?.members ?? []).map(({ vm, mode, digest }) => ({
    vm,
    mode,
    digest: Buffer.from(digest, 'hex'),
  }));
}

/** What a VM's evidence adds to the host's quote. */
function memberOf(part: BundledEvidence): RoundMember {
  const { mode, attest, signature, pcrValues, format } = part.facts;
  const { uuid } = part.verdict.subject;
  if (mode === 'quoted') {
    const none = new Uint8Array(0);
    return quotedMember(uuid, { attest: attest ?? none, signature: signature ?? none });
  }
  const values: PcrValues = pcrValues ?? {};
  return assertedMember(uuid, { pcrValues: values, measurements: { format, start: 0, data: part.log } });
}

/** The host as the verifier would have recorded it, had it found this. */
function hostRecord(part: BundledEvidence, found: BundleVerdict): Verdict {
  return { ...part.verdict, status: found.verdict };
}

/**
 * Judges exported evidence again, as of the time of its verdict: signatures, challenge, replay, references, and for a VM its
 * host and the link to it. Counters, stickiness and revocation are matters of the verifier that recorded it.
 * @throws TvdcError `bad_bundle`
 */
export async function verifyEvidenceBundle(text: string, options: BundleOptions = {}): Promise<BundleVerdict> {
  try {
    return await judgeBundle(text, options);
  } catch (error) {
    // What strangers wrote may have any form; what we wrote has ours.
    const foreign = error instanceof TypeError || error instanceof RangeError;
    throw foreign ? refused(`evidence of another form: ${error.message}`, error) : error;
  }
}

async function judgeBundle(text: string, options: BundleOptions): Promise<BundleVerdict> {
  const bundle = readEvidenceBundle(text, options.signers ?? []);
  const bound: readonly Reason[] = bundle.vouched
    ? []
    : [reason('ak_unbound', { detail: 'no believed key signed this evidence' })];
  const { evidence } = bundle;
  const { subject } = evidence.verdict;
  const judgeHost = async (part: BundledEvidence): Promise<BundleVerdict> => {
    const extraData = hostExtraData(part.facts.nonce, membersOf(part.verdict));
    return verdictOf(part, await judge(part, extraData, options), bound, null);
  };
  if (subject.kind === 'host') return judgeHost(evidence);
  const { host } = bundle;
  const hostVerdict = host === null ? null : await judgeHost(host);
  const { nonce, binding, mode } = evidence.facts;
  const link = linkReasons(host === null || hostVerdict === null ? null : hostRecord(host, hostVerdict), {
    host: host?.verdict.subject.uuid ?? '',
    challenge: { nonce, issued: 0, expires: 0 },
    member: memberOf(evidence),
    now: evidence.verdict.issued,
  });
  const attested = host?.verdict.subject.uuid.toLowerCase();
  const wrongHost =
    binding !== null && attested !== undefined && binding.host.toLowerCase() !== attested
      ? [reason('wrong_issuer_host', { detail: `bound at host ${binding.host}` })]
      : [];
  const extraData =
    mode === 'host_asserted' ? null : vmExtraData(nonce, subject.uuid, binding?.ekName ?? new Uint8Array(0));
  const judged = await judge(evidence, extraData, options);
  return verdictOf(evidence, judged, [...(mode === 'quoted' ? bound : []), ...wrongHost, ...link], hostVerdict);
}
