import type { Subject } from '../evidence/index.js';
import type { Reason } from './reason.js';

/** What a verdict can say. Only a proof makes `trusted`; none of the others may be treated like it. */
export const verdictStatuses = [
  'trusted',
  'untrusted',
  'unknown',
  'pending',
  'stale',
  'unreachable',
  'no_policy',
] as const;
export type VerdictStatus = (typeof verdictStatuses)[number];

/** How strong the root below a trusted verdict is, weakest last. */
export const assurances = ['hardware', 'virtual', 'software', 'simulated', 'none'] as const;
export type Assurance = (typeof assurances)[number];

/** TPMS_CLOCK_INFO of the quote (TPM 2.0 Part 2, 10.11.1); `clock` in milliseconds. */
export interface Counters {
  readonly clock: bigint;
  readonly resetCount: number;
  readonly restartCount: number;
  readonly safe: boolean;
}

/** The round in which a host was judged: which VM evidence its quote covers. */
export interface VerdictRound {
  /** The challenge's nonce, hexadecimal. */
  readonly nonce: string;
  readonly members: readonly {
    readonly vm: string;
    readonly mode: 'quoted' | 'host_asserted';
    readonly digest: string;
  }[];
}

/** A violation of measurement (open writers, or time of measure to time of use). */
export interface ViolationFound {
  readonly index: number;
  readonly path: string;
  readonly excluded: boolean;
}

/** What the verifier says of one subject at one time. Times in milliseconds since 1970-01-01 UTC. */
export interface Verdict {
  readonly id: string;
  readonly subject: Subject;
  readonly status: VerdictStatus;
  readonly reasons: readonly Reason[];
  readonly violations: readonly ViolationFound[];
  readonly issued: number;
  readonly validUntil: number;
  readonly mode: 'quoted' | 'host_asserted' | 'none';
  readonly assurance: Assurance;
  readonly counters: Counters | null;
  /** Entries since boot that the quote covers and that were judged. */
  readonly covered: number;
  /** Entries at the end of the log that the quote does not cover yet. */
  readonly pending: number;
  /** Digest of the reference sets that were asked, hexadecimal, and of the policy. */
  readonly referenceDigest: string;
  readonly policyDigest: string;
  /** Name of the attestation key, hexadecimal. */
  readonly akName: string | null;
  /** Id of the host's verdict of the same round; null for hosts. */
  readonly hostVerdict: string | null;
  readonly round: VerdictRound | null;
}
