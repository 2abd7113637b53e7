import { createTimeSlice, digestSizes, type HashAlgorithm } from '../../base/index.js';
import { bootAggregateName } from '../../tpm/logs/index.js';
import type { ReferenceAnswer, ReferenceDatabase } from '../references/index.js';
import { type Reason, reason, type ViolationFound } from '../verdict/index.js';
import { type EntryFacts, type KnownValues, LookError, type MeasuredEntry } from '../verify/index.js';
import { type EntryRemark, findingReason, judgeBootAggregate, judgeEntry, type JudgeContext } from './entry-judge.js';
import { createFileKeys, type FileKeys } from './key-ring.js';
import { createPathMatcher, type PathMatcher } from './pattern.js';
import { type CompletePolicy, policyDigest } from './policy.js';

/** A policy made ready: patterns compiled, keys read. */
export interface PreparedPolicy {
  readonly policy: CompletePolicy;
  readonly digest: string;
  readonly excluded: PathMatcher;
  readonly keys: FileKeys;
}

/** @throws ParseError `bad_pattern`, ConfigurationError `bad_key` */
export function preparePolicy(policy: CompletePolicy): PreparedPolicy {
  return {
    policy,
    digest: policyDigest(policy),
    excluded: createPathMatcher(policy.exclude),
    keys: createFileKeys(policy.keyRings),
  };
}

export interface AppraisalInput {
  readonly prepared: PreparedPolicy;
  readonly references: ReferenceDatabase;
  /** Digest of the reference sets, from the same database. */
  readonly referenceDigest: string;
  readonly entries: readonly MeasuredEntry[];
  readonly proven: KnownValues;
  readonly now: number;
}

export interface AppraisalResult {
  readonly reasons: readonly Reason[];
  readonly violations: readonly ViolationFound[];
}

// As many as a database on disk answers within a time slice.
const chunkSize = 200;
const maxReasons = 100;
const nothing: ReferenceAnswer = { matches: [], pathListed: false };

function currentRemark(facts: EntryFacts, context: JudgeContext): EntryRemark | null {
  const remark = facts.remark as EntryRemark | undefined;
  return remark !== undefined && remark.context === context.id && context.now < remark.until ? remark : null;
}

function isLookedUp(facts: EntryFacts): boolean {
  return Object.hasOwn(digestSizes, facts.algorithm);
}

/** Fills in the remarks of all facts that have none under this context, a few hundred look-ups at a time. */
async function remarkAll(input: AppraisalInput, context: JudgeContext): Promise<void> {
  const missing = new Set<EntryFacts>();
  const slice = createTimeSlice();
  let count = 0;
  for (const { facts } of input.entries) {
    if (currentRemark(facts, context) === null) missing.add(facts);
    if ((++count & 1023) === 0) await slice.pause();
  }
  const all = [...missing];
  for (let at = 0; at < all.length; at += chunkSize) {
    const chunk = all.slice(at, at + chunkSize);
    const asked = chunk.filter(isLookedUp);
    const queries = asked.map(({ algorithm, digestHex, path }) => ({
      algorithm: algorithm as HashAlgorithm,
      digest: digestHex,
      path,
    }));
    const answers = new Map<EntryFacts, ReferenceAnswer>();
    try {
      const found = await input.references.lookup(context.policy.referenceSets, queries);
      asked.forEach((facts, position) => answers.set(facts, found[position] ?? nothing));
    } catch (error) {
      throw new LookError('reference_database_failed', {}, error);
    }
    for (const facts of chunk) {
      facts.remark = judgeEntry(facts, answers.get(facts) ?? nothing, context);
      // A signature takes up to milliseconds.
      if (facts.signature !== null) await slice.pause();
    }
    await slice.pause();
  }
}

function isKnownBad(remark: EntryRemark): boolean {
  return remark.finding === 'bad_measurement' || remark.finding === 'bad_file_signature';
}

function judgeOne(entry: MeasuredEntry, input: AppraisalInput, context: JudgeContext): Reason[] {
  const { facts, index } = entry;
  const remark = currentRemark(facts, context);
  const { path } = facts;
  if (entry.violation) {
    return [reason(context.excluded.matches(path) ? 'violation_excluded' : 'violation', { index, path })];
  }
  if (path === bootAggregateName) {
    const aggregate = judgeBootAggregate(facts, input.proven);
    if (aggregate === true) return [];
    if (aggregate === false && index === 0) return [reason('boot_aggregate_mismatch', { index, path })];
    if (index === 0 && remark?.finding === null) return [reason('boot_aggregate_from_reference', { index, path })];
  }
  if (remark === null) throw new LookError('reference_database_failed', { index });
  return remark.finding === null ? [] : [findingReason(remark.finding, index, facts, context.policy)];
}

function createContext(input: AppraisalInput): JudgeContext {
  const { policy, excluded, keys, digest } = input.prepared;
  return { policy, excluded, keys, now: input.now, id: `${digest} ${input.referenceDigest}` };
}

/**
 * Appraises proven entries against a policy and the reference measurements.
 * @throws LookError `reference_database_failed`
 */
export async function appraiseEntries(input: AppraisalInput): Promise<AppraisalResult> {
  const context = createContext(input);
  await remarkAll(input, context);
  const reasons: Reason[] = [];
  const violations: ViolationFound[] = [];
  const slice = createTimeSlice();
  let untrusted = 0;
  let others = 0;
  for (const entry of input.entries) {
    for (const found of judgeOne(entry, input, context)) {
      if (found.code === 'violation' || found.code === 'violation_excluded') {
        const { path } = entry.facts;
        violations.push({ index: entry.index, path, excluded: found.code === 'violation_excluded' });
      }
      // What makes it untrusted is never pushed out by what only makes it unknown.
      const serious = found.status === 'untrusted';
      if ((serious ? untrusted++ : others++) < maxReasons) reasons.push(found);
    }
    if ((entry.index & 1023) === 0) await slice.pause();
  }
  const left = untrusted + others - reasons.length;
  if (left > 0) reasons.push(reason('more_findings', { detail: String(left) }));
  return { reasons, violations };
}

/**
 * Looks through entries that nothing proves yet: they cannot make anything better, but one that is known to be bad counts
 * at once.
 * @throws LookError `reference_database_failed`
 */
export async function appraiseUncovered(input: AppraisalInput): Promise<Reason[]> {
  const context = createContext(input);
  await remarkAll(input, context);
  return input.entries
    .flatMap((entry) => {
      const remark = currentRemark(entry.facts, context);
      if (entry.violation || remark === null || !isKnownBad(remark)) return [];
      return [reason('uncovered_bad_entry', { index: entry.index, path: entry.facts.path })];
    })
    .slice(0, maxReasons);
}
