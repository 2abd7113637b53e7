import { digestSizes, hash, type HashAlgorithm, toHex } from '../../base/index.js';
import { bootAggregate, bootAggregateName } from '../../tpm/logs/index.js';
import type { ReferenceAnswer, ReferenceEntry } from '../references/index.js';
import type { EntryFacts, KnownValues } from '../verify/index.js';
import { type Reason, reason, type ReasonCode } from '../verdict/index.js';
import type { FileKeys } from './key-ring.js';
import type { PathMatcher } from './pattern.js';
import type { CompletePolicy } from './policy.js';

/** What a policy says of one entry's content, wherever it stands in a log. */
export interface EntryRemark {
  /** Policy and reference sets that it was made under. */
  readonly context: string;
  /** Milliseconds since 1970-01-01 UTC until which it holds: the next begin or end of a validity. */
  readonly until: number;
  /** Null: wanted. */
  readonly finding: ReasonCode | null;
  readonly excluded: boolean;
}

export interface JudgeContext {
  readonly policy: CompletePolicy;
  readonly excluded: PathMatcher;
  readonly keys: FileKeys;
  readonly now: number;
  readonly id: string;
}

const isKnownHash = (name: string): name is HashAlgorithm => Object.hasOwn(digestSizes, name);

function isValid(entry: ReferenceEntry, now: number): boolean {
  return (entry.validFrom ?? -Infinity) <= now && now < (entry.validUntil ?? Infinity);
}

/** When the answer may change by the passing of time alone. */
function nextChange(entries: readonly ReferenceEntry[], now: number): number {
  let next = Infinity;
  for (const { validFrom, validUntil } of entries) {
    if (validFrom !== undefined && validFrom > now) next = Math.min(next, validFrom);
    if (validUntil !== undefined && validUntil > now) next = Math.min(next, validUntil);
  }
  return next;
}

/** Whether a measured buffer has the digest that stands beside it. */
function isBufferWhole({ algorithm, buffer, digestHex }: EntryFacts): boolean {
  return buffer === null || !isKnownHash(algorithm) || toHex(hash(algorithm, buffer)) === digestHex;
}

const isListedBuffer = ({ path, digestText }: EntryFacts, { buffers }: CompletePolicy): boolean =>
  buffers.some((rule) => rule.name === path && rule.digests.includes(digestText));

function judgeByReference(
  facts: EntryFacts,
  answer: ReferenceAnswer,
  known: readonly ReferenceEntry[],
  context: JudgeContext,
): ReasonCode | null {
  const { policy, now } = context;
  const valid = known.filter((entry) => isValid(entry, now));
  if (valid.some(({ status }) => status === 'good')) return null;
  if (valid.some(({ status }) => status === 'vulnerable')) {
    return policy.vulnerable === 'accepted' ? null : 'vulnerable_measurement';
  }
  if (facts.buffer !== null && isListedBuffer(facts, policy)) return null;
  if (known.length > 0) return 'expired_measurement';
  if (answer.pathListed) return 'digest_mismatch';
  return facts.buffer === null ? 'unknown_measurement' : 'unknown_buffer';
}

/**
 * Judges an entry: a buffer must have its digest, then known bad content, then file signatures (a wrong one fails whatever else), exclude patterns,
 * valid signatures, and last the reference measurements.
 */
export function judgeEntry(facts: EntryFacts, answer: ReferenceAnswer, context: JudgeContext): EntryRemark {
  const { path, signature } = facts;
  const excluded = context.excluded.matches(path);
  const { now } = context;
  const until = nextChange(answer.matches, now);
  const remark = (finding: ReasonCode | null): EntryRemark => ({ context: context.id, until, finding, excluded });

  if (!isBufferWhole(facts)) return remark('malformed_measurement_log');
  if (answer.matches.some((entry) => entry.status === 'bad' && isValid(entry, now))) return remark('bad_measurement');
  const signed = signature === null ? 'foreign' : context.keys.check(signature, facts);
  if (signed === 'bad') return remark('bad_file_signature');
  if (excluded || signed === 'valid') return remark(null);
  const known = answer.matches.filter((entry) => entry.path === null || entry.path === path);
  return remark(judgeByReference(facts, answer, known, context));
}

/**
 * Compares boot_aggregate with the aggregate of the proven PCRs of its algorithm's bank; null where they are not all
 * known, so that only the reference can tell.
 */
export function judgeBootAggregate(facts: EntryFacts, proven: KnownValues): boolean | null {
  const { algorithm, path } = facts;
  if (path !== bootAggregateName || !isKnownHash(algorithm)) return null;
  const values = proven[algorithm];
  const aggregate = values === undefined ? null : bootAggregate(algorithm, Object.fromEntries(values));
  return aggregate === null ? null : toHex(aggregate) === facts.digestHex;
}

/** The reason for a remark's finding, with the entry's facts; unknown content is as bad as the policy says. */
export function findingReason(code: ReasonCode, index: number, facts: EntryFacts, policy: CompletePolicy): Reason {
  const made = reason(code, { index, path: facts.path, digest: facts.digestText });
  const hard = policy.unknown === 'untrusted' && (code === 'unknown_measurement' || code === 'unknown_buffer');
  return hard ? { ...made, status: 'untrusted' } : made;
}
