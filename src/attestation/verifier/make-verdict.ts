import type { Subject } from '../evidence/index.js';
import {
  type Assurance,
  assurances,
  type Reason,
  reason,
  type Verdict,
  type VerdictRound,
  worstStatus,
} from '../verdict/index.js';
import type { Finding } from './judge.js';

/** The weaker of two. */
export function weakest(a: Assurance, b: Assurance): Assurance {
  return assurances.indexOf(a) > assurances.indexOf(b) ? a : b;
}

/** Violations that a verdict names; `more_findings` says that there are others. */
const mostViolations = 1000;

export interface VerdictParts {
  readonly id: string;
  readonly subject: Subject;
  readonly finding: Finding;
  /** What follows from the host. */
  readonly link: readonly Reason[];
  /** Whether an untrusted verdict is not acknowledged. */
  readonly sticky: boolean;
  readonly mode: Verdict['mode'];
  readonly assurance: Assurance;
  readonly round: VerdictRound | null;
  readonly hostVerdict: Verdict | null;
  readonly now: number;
  readonly interval: number;
  readonly policyDigest: string;
}

/** Puts a verdict together; it holds for two intervals, and not longer than its host's. */
export function createVerdict(parts: VerdictParts): Verdict {
  const { finding, hostVerdict, now } = parts;
  const found = [...finding.reasons, ...parts.link];
  const alone = worstStatus(finding.result?.proof ?? null, found);
  const reasons = parts.sticky && alone !== 'untrusted' ? [reason('sticky_untrusted'), ...found] : found;
  const deciding = reasons.filter(({ status }) => status !== null);
  const notes = reasons.filter(({ status }) => status === null);
  return {
    id: parts.id,
    subject: parts.subject,
    status: worstStatus(finding.result?.proof ?? null, reasons),
    reasons: [...deciding, ...notes],
    violations: finding.result?.violations.slice(0, mostViolations) ?? [],
    issued: now,
    validUntil: Math.min(now + 2 * parts.interval, hostVerdict?.validUntil ?? Infinity),
    mode: parts.mode,
    assurance: parts.assurance,
    counters: finding.counters,
    covered: finding.result?.covered ?? 0,
    pending: finding.result?.pending ?? 0,
    referenceDigest: finding.result?.referenceDigest ?? '',
    policyDigest: parts.policyDigest,
    akName: finding.akName,
    hostVerdict: hostVerdict?.id ?? null,
    round: parts.round,
  };
}
