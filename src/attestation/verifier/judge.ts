import { DecodeError, equalBytes, type HashAlgorithm, toHex } from '../../base/index.js';
import { nameOf, type PublicArea } from '../../tpm/index.js';
import { ImaReader } from '../../tpm/logs/index.js';
import { appraiseUncovered, completePolicy, type PreparedPolicy, preparePolicy } from '../appraise/index.js';
import type { AppraisalPolicy } from '../appraise/index.js';
import type { AssertedEvidence, Evidence, Subject } from '../evidence/index.js';
import type { ReferenceDatabase } from '../references/index.js';
import { type Counters, type Reason, reason, type Verdict } from '../verdict/index.js';
import {
  decodeAk,
  type EntryCatalog,
  EvidenceError,
  type LogPosition,
  LookError,
  type MeasuredEntry,
  type VerifiedQuote,
  verifyAkAttributes,
  verifyCounters,
  verifyFreshness,
  verifyQuote,
} from '../verify/index.js';
import { firstPosition, judgeEvidence, type PipelineResult } from './pipeline.js';
import type { SubjectRecord } from './record.js';
import type { Binding, PushedMeasurements, PushOutcome } from './types.js';

/** What a round has found of one subject, before stickiness and history. */
export interface Finding {
  readonly reasons: readonly Reason[];
  readonly result: PipelineResult | null;
  readonly counters: Counters | null;
  readonly akName: string | null;
  readonly seen: number;
}

export interface JudgePorts {
  readonly references: ReferenceDatabase;
  readonly catalog: EntryCatalog;
  readonly now: number;
}

/** Policies made ready, by their identity: callers pass the same object round after round. */
const preparedPolicies = new WeakMap<AppraisalPolicy, PreparedPolicy>();

/** @throws ParseError `bad_pattern`, ConfigurationError `bad_key` */
export function preparedFor(policy: AppraisalPolicy): PreparedPolicy {
  let ready = preparedPolicies.get(policy);
  if (ready === undefined) preparedPolicies.set(policy, (ready = preparePolicy(completePolicy(policy))));
  return ready;
}

/**
 * Looks whether a policy can be used at all, before somebody is judged by it.
 * @throws ParseError `bad_pattern`, ConfigurationError `bad_key`
 */
export function checkPolicy(policy: AppraisalPolicy): void {
  preparedFor(policy);
}

/** Attestation keys of bindings: callers have the same object round after round. */
const attestationKeys = new WeakMap<Binding, PublicArea>();

/** @throws EvidenceError `malformed_ak`, `ak_not_restricted`, `ak_mismatch` */
function attestationKeyOf(binding: Binding): PublicArea {
  let area = attestationKeys.get(binding);
  if (area === undefined) {
    area = decodeAk(binding.akPublic);
    verifyAkAttributes(area);
    if (!equalBytes(nameOf(area), binding.akName)) throw new EvidenceError('ak_mismatch');
    attestationKeys.set(binding, area);
  }
  return area;
}

const failed = (reasons: readonly Reason[]): Finding => ({
  reasons,
  result: null,
  counters: null,
  akName: null,
  seen: 0,
});

/** The position to begin at, or the reason why the evidence does not fit to it. */
function startOf(
  record: SubjectRecord,
  start: number,
  resetCount: number,
  policyDigest: string,
  referenceDigest: string,
): LogPosition | Reason {
  if (start === 0) return firstPosition;
  const { progress } = record;
  const current =
    progress !== null &&
    progress.resetCount === resetCount &&
    progress.policyDigest === policyDigest &&
    progress.referenceDigest === referenceDigest;
  if (!current) return reason('full_log_needed', { index: start });
  if (progress.position.index !== start) {
    return reason('log_gap', { index: start, detail: `expected ${progress.position.index}` });
  }
  return progress.position;
}

/** Entries that were seen before must be covered by now, and what was covered must not become less. */
function progressReasons(record: SubjectRecord, resetCount: number, covered: number): Reason[] {
  const { seen, progress } = record;
  if (progress !== null && progress.resetCount === resetCount && covered < progress.position.index) {
    return [reason('rolled_back', { detail: `covered entries from ${progress.position.index} to ${covered}` })];
  }
  const stuck = seen !== null && seen.resetCount === resetCount && covered < seen.entries;
  return stuck ? [reason('no_progress', { index: covered })] : [];
}

async function digestOf(references: ReferenceDatabase, sets: readonly string[]): Promise<string> {
  if (sets.length === 0) return '';
  try {
    return await references.digest(sets);
  } catch {
    // The pipeline asks again and says why it cannot be answered.
    return '';
  }
}

/** What is known of the TPM with this key: of another one that was bound before, nothing. */
function sinceBound(record: SubjectRecord, akName: string): SubjectRecord {
  return record.akName === akName ? record : { ...record, counters: null, progress: null, seen: null };
}

/** Where the next part of the log begins for this binding, as far as that is remembered. */
export function progressOf(record: SubjectRecord, binding: Binding | null): SubjectRecord['progress'] {
  return binding === null ? null : sinceBound(record, toHex(binding.akName)).progress;
}

/** Signature, key, freshness and counters. @throws EvidenceError */
function verifyOrigin(
  evidence: Evidence,
  binding: Binding,
  extraData: Uint8Array,
  record: SubjectRecord,
): VerifiedQuote {
  const quote = verifyQuote(evidence.quote, attestationKeyOf(binding));
  verifyFreshness(quote, extraData);
  verifyCounters(record.counters, quote.counters);
  return quote;
}

/** Judges evidence with a quote of the subject's own TPM. */
export async function judgeQuoted(
  evidence: Evidence,
  extraData: Uint8Array,
  binding: Binding | null,
  recorded: SubjectRecord,
  policy: AppraisalPolicy,
  ports: JudgePorts,
): Promise<Finding> {
  if (binding === null) return failed([reason('ak_unbound')]);
  const akName = toHex(binding.akName);
  const record = sinceBound(recorded, akName);
  let quote: VerifiedQuote;
  try {
    quote = verifyOrigin(evidence, binding, extraData, record);
  } catch (error) {
    if (error instanceof EvidenceError || error instanceof LookError) return failed([error.reason]);
    throw error;
  }
  const ready = preparedFor(policy);
  const { resetCount } = quote.counters;
  const referenceDigest = await digestOf(ports.references, policy.referenceSets);
  const start = startOf(record, evidence.measurements.start, resetCount, ready.digest, referenceDigest);
  if ('code' in start) return { ...failed([start]), counters: quote.counters, akName };
  const result = await judgeEvidence({
    quote,
    measurements: evidence.measurements,
    ...(evidence.eventLog === undefined ? {} : { eventLog: evidence.eventLog }),
    ...(evidence.isolationLog === undefined ? {} : { isolationLog: evidence.isolationLog }),
    ...(evidence.pcrValues === undefined ? {} : { pcrValues: evidence.pcrValues }),
    prepared: ready,
    references: ports.references,
    catalog: ports.catalog,
    start,
    now: ports.now,
  });
  const proven = result.reasons.every(({ kind }) => kind !== 'bad');
  const progress = proven && result.covered > 0 ? progressReasons(record, resetCount, result.covered) : [];
  const reasons = [...progress, ...result.reasons];
  return { reasons, result, counters: quote.counters, akName, seen: result.covered + result.pending };
}

/** Judges what a host says of a VM; whether it may be believed is the link's concern. */
export async function judgeAsserted(
  evidence: AssertedEvidence,
  policy: AppraisalPolicy,
  ports: JudgePorts,
): Promise<Finding> {
  if (evidence.measurements.start !== 0) return failed([reason('full_log_needed')]);
  const result = await judgeEvidence({
    quote: null,
    measurements: evidence.measurements,
    ...(evidence.eventLog === undefined ? {} : { eventLog: evidence.eventLog }),
    pcrValues: evidence.pcrValues,
    prepared: preparedFor(policy),
    references: ports.references,
    catalog: ports.catalog,
    start: firstPosition,
    now: ports.now,
  });
  return { reasons: result.reasons, result, counters: null, akName: null, seen: 0 };
}

/** What is found of a subject that was not judged at all. */
export function unjudged(subject: Subject, made: Reason): Finding & { readonly subject: Subject } {
  return { ...failed([made]), subject };
}

/** Looks through what an agent sent: entries that are known to be bad, and whether there is something new. */
export async function judgePushed(
  push: PushedMeasurements,
  current: Verdict | null,
  policy: AppraisalPolicy,
  ports: JudgePorts,
): Promise<PushOutcome & { readonly finding: Finding }> {
  const { references, catalog, now } = ports;
  const prepared = preparedFor(policy);
  const bank: HashAlgorithm = prepared.policy.banks[0] ?? 'sha256';
  const entries: MeasuredEntry[] = [];
  const reader = new ImaReader(push.data, push.start);
  try {
    for (let entry = reader.next(); entry !== null; entry = reader.next()) {
      const { index, violation } = entry;
      entries.push({ index, violation, facts: catalog.facts(entry, bank) });
    }
    reader.end();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const detail = `at byte ${error.offset}`;
    throw new EvidenceError('malformed_measurement_log', { index: reader.index, detail }, error);
  }
  const referenceDigest = await digestOf(references, policy.referenceSets);
  const known = await appraiseUncovered({ prepared, references, referenceDigest, entries, proven: {}, now });
  return {
    covered: push.start + entries.length <= (current?.covered ?? 0),
    known,
    finding: failed([...known, reason('unproven')]),
  };
}
