import { createTimeSlice, digestSizes, type HashAlgorithm } from '../../base/index.js';
import {
  appraiseEntries,
  appraiseFirmware,
  appraiseIsolation,
  appraiseUncovered,
  type PreparedPolicy,
} from '../appraise/index.js';
import { isolationPcr, type MeasurementEvidence, type PcrValues } from '../evidence/index.js';
import { type ReferenceDatabase, ReferenceError } from '../references/index.js';
import { type Proof, type Reason, reason, type ViolationFound } from '../verdict/index.js';
import {
  assertedTarget,
  type EntryCatalog,
  EvidenceError,
  type KnownValues,
  knownValues,
  type LogPosition,
  LookError,
  type MeasurementProof,
  type PcrTarget,
  readEventLog,
  replayedValues,
  resolvePcrTarget,
  type VerifiedQuote,
  verifyEventLog,
  verifyMeasurementsInSlices,
  verifySelection,
} from '../verify/index.js';
import { binaryLog } from './log-bytes.js';

/** What is judged, once signature, freshness and counters are verified. */
export interface PipelineInput {
  /** Null where a host asserts the PCR values. */
  readonly quote: VerifiedQuote | null;
  readonly measurements: MeasurementEvidence;
  readonly eventLog?: Uint8Array;
  readonly isolationLog?: Uint8Array;
  readonly pcrValues?: PcrValues;
  readonly prepared: PreparedPolicy;
  readonly references: ReferenceDatabase;
  readonly catalog: EntryCatalog;
  /** Where the log begins: zeros at entry 0, or where the last round ended. */
  readonly start: LogPosition;
  readonly now: number;
}

export interface PipelineResult {
  readonly reasons: readonly Reason[];
  readonly violations: readonly ViolationFound[];
  /** Null unless everything was verified and appraised. */
  readonly proof: Proof | null;
  /** Where the next round may begin; null unless all that is covered is wanted. */
  readonly position: LogPosition | null;
  /** Entries since boot that are proven. */
  readonly covered: number;
  readonly pending: number;
  readonly referenceDigest: string;
}

/** The first entry of a boot. */
export const firstPosition: LogPosition = { index: 0, values: {} };

async function referenceDigestOf(input: PipelineInput): Promise<string | null> {
  const { referenceSets } = input.prepared.policy;
  if (referenceSets.length === 0) return null;
  try {
    return await input.references.digest(referenceSets);
  } catch (error) {
    if (error instanceof ReferenceError && error.code === 'set_not_found') return null;
    throw new LookError('reference_database_failed', {}, error);
  }
}

function requiredPcrs(prepared: PreparedPolicy): readonly number[] {
  const { policy } = prepared;
  const more = policy.isolation === null ? [] : [isolationPcr];
  return [...new Set([...policy.requiredPcrs, policy.imaPcr, ...more])];
}

function assertedBank(stated: KnownValues, prepared: PreparedPolicy): HashAlgorithm {
  const { policy } = prepared;
  const bank = policy.banks.find((name) => stated[name]?.has(policy.imaPcr));
  if (bank === undefined) throw new EvidenceError('bank_downgrade', { detail: 'no allowed bank is stated' });
  return bank;
}

interface Verified {
  readonly bank: HashAlgorithm;
  readonly target: PcrTarget;
  readonly measured: MeasurementProof;
  readonly reasons: readonly Reason[];
  readonly isolation: readonly Reason[];
}

/** From selection to replay: everything that needs no opinion. */
async function verifyAll(input: PipelineInput): Promise<Verified> {
  const { quote, prepared } = input;
  const { policy } = prepared;
  const stated = knownValues(input.pcrValues ?? {});
  const bank =
    quote === null
      ? assertedBank(stated, prepared)
      : verifySelection(quote, { banks: policy.banks, requiredPcrs: requiredPcrs(prepared) });
  const firmware = input.eventLog === undefined ? null : readEventLog(input.eventLog);
  const isolation = input.isolationLog === undefined ? null : readEventLog(input.isolationLog);
  const logs = [firmware, isolation].filter((log) => log !== null);
  const target =
    quote === null
      ? assertedTarget(bank, policy.imaPcr, stated)
      : resolvePcrTarget(quote, bank, policy.imaPcr, stated, replayedValues(logs));
  // Another round may have followed fewer banks: their values at this place are not known.
  if (input.start.index > 0 && target.banks.some((name) => input.start.values[name] === undefined)) {
    throw new LookError('full_log_needed', { index: input.start.index });
  }
  const slice = createTimeSlice();
  const log = await binaryLog(input.measurements, slice);
  const start = input.start.index === 0 ? zeroStart(target.banks) : input.start;
  const rules = { imaPcr: policy.imaPcr, start, target, catalog: input.catalog };
  const measured = await verifyMeasurementsInSlices(log, rules, slice);
  const unknownValues =
    measured.position === null && target.kind === 'digest' && firmware === null && input.pcrValues === undefined;
  const reasons = unknownValues ? measured.reasons.map(valuesMissing) : measured.reasons;
  const proven = measured.position !== null || target.kind === 'values';
  return {
    bank,
    target,
    measured,
    reasons: [...reasons, ...(firmware !== null && proven ? verifyEventLog(firmware, target.known) : [])],
    isolation:
      policy.isolation === null || !proven ? [] : appraiseIsolation(policy.isolation, logs, target.known, bank),
  };
}

function valuesMissing(made: Reason): Reason {
  return made.code === 'pcr_digest_mismatch' ? reason('pcr_values_missing') : made;
}

function zeroStart(banks: readonly HashAlgorithm[]): LogPosition {
  return { index: 0, values: Object.fromEntries(banks.map((bank) => [bank, new Uint8Array(digestSizes[bank])])) };
}

function checkBegin({ start, measurements }: PipelineInput, measured: MeasurementProof): Reason[] {
  const first = measured.covered[0];
  if (measurements.start !== 0 || start.index !== 0 || first === undefined) return [];
  const { path } = first.facts;
  return path === 'boot_aggregate' ? [] : [reason('boot_aggregate_missing', { index: 0, path })];
}

/**
 * Verifies and appraises evidence whose origin is proven (or asserted): selection and bank, PCR digest, event logs,
 * measurement list, then firmware, isolation and every covered entry.
 */
export async function judgeEvidence(input: PipelineInput): Promise<PipelineResult> {
  const failed = (reasons: readonly Reason[], referenceDigest = ''): PipelineResult => ({
    reasons,
    violations: [],
    proof: null,
    position: null,
    covered: 0,
    pending: 0,
    referenceDigest,
  });
  try {
    const verified = await verifyAll(input);
    const digest = await referenceDigestOf(input);
    return await appraiseAll(input, verified, digest);
  } catch (error) {
    if (error instanceof EvidenceError || error instanceof LookError) return failed([error.reason]);
    throw error;
  }
}

async function appraiseAll(input: PipelineInput, verified: Verified, digest: string | null): Promise<PipelineResult> {
  const { measured, target } = verified;
  const { covered, uncovered } = measured;
  const policy = input.prepared.policy;
  const reasons: Reason[] = [...verified.reasons, ...checkBegin(input, measured)];
  const violations: ViolationFound[] = [];
  if (digest === null) reasons.push(reason('no_reference_set'));
  const appraisal = {
    prepared: input.prepared,
    references: input.references,
    referenceDigest: digest ?? '',
    proven: target.known,
    now: input.now,
  };
  const hasValues = measured.position !== null || target.kind === 'values';
  if (hasValues) reasons.push(...appraiseFirmware(policy.firmware, target.known), ...verified.isolation);
  if (digest !== null) {
    const found = await appraiseEntries({ ...appraisal, entries: covered });
    reasons.push(...found.reasons);
    violations.push(...found.violations);
    reasons.push(...(await appraiseUncovered({ ...appraisal, entries: uncovered })));
  }
  const index = measured.position?.index ?? input.start.index;
  if (measured.position !== null && index === 0) reasons.push(reason('not_covered_yet'));
  if (uncovered.length > 0 && measured.position !== null) {
    reasons.push(reason('entries_pending', { index, detail: String(uncovered.length) }));
  }
  const clean = reasons.every(({ status }) => status === null);
  const root = input.quote === null ? 'host_quote' : 'own_quote';
  return {
    reasons,
    violations,
    proof: measured.position === null || !clean ? null : { covered: index, root },
    position: clean ? measured.position : null,
    covered: measured.position === null ? 0 : index,
    pending: uncovered.length,
    referenceDigest: digest ?? '',
  };
}
