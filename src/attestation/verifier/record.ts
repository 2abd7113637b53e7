import { fromHex, toHex, TvdcError } from '../../base/index.js';
import { type Subject, subjectKey } from '../evidence/index.js';
import type { Counters, Verdict } from '../verdict/index.js';
import type { LogPosition } from '../verify/index.js';
import type { KeptFacts } from './kept-facts.js';
import type { Binding } from './types.js';

/** What the verifier remembers of a subject between two rounds. */
export interface SubjectRecord {
  readonly subject: Subject;
  readonly lastAttempt: number | null;
  readonly lastTrusted: number | null;
  /** Counters of the last quote that was verified, and the AK that made it. */
  readonly counters: Counters | null;
  readonly akName: string | null;
  /** Where the judged and wanted part of the log ends, under which policy and references; null: begin at 0. */
  readonly progress: {
    readonly position: LogPosition;
    readonly resetCount: number;
    readonly policyDigest: string;
    readonly referenceDigest: string;
    /** The verdict whose kept log ends here; absent in records of older versions, which kept no logs. */
    readonly sequence?: number;
  } | null;
  /** Entries that the last round has seen since boot, covered or not. */
  readonly seen: { readonly entries: number; readonly resetCount: number } | null;
  /** Id of the untrusted verdict that was not acknowledged. */
  readonly sticky: string | null;
  readonly verdict: Verdict | null;
  /** Number of the last verdict and of the oldest that is kept; verdicts count from 1. */
  readonly sequence?: number;
  readonly oldest?: number;
}

export function emptyRecord(subject: Subject): SubjectRecord {
  return {
    subject,
    lastAttempt: null,
    lastTrusted: null,
    counters: null,
    akName: null,
    progress: null,
    seen: null,
    sticky: null,
    verdict: null,
  };
}

type Json = Readonly<Record<string, unknown>>;

/** JSON with 64-bit numbers and octets marked, as the store keeps it. */
export function encodeRecord(value: SubjectRecord | Verdict | Binding | KeptFacts): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return { $u64: part.toString() };
    return part instanceof Uint8Array ? { $hex: toHex(part) } : part;
  });
}

function revive(_key: string, part: unknown): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const marked = part as Json;
  if (typeof marked['$u64'] === 'string') return BigInt(marked['$u64']);
  if (typeof marked['$hex'] === 'string') return fromHex(marked['$hex']);
  // Buffers have a toJSON of their own, which runs before the replacer sees them.
  if (marked['type'] === 'Buffer' && Array.isArray(marked['data'])) return Uint8Array.from(marked['data'] as number[]);
  return part;
}

/** @throws TvdcError `store_unreadable` */
function decode(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === 'string' ? text : Buffer.from(text).toString('utf8'), revive);
  } catch (cause) {
    throw new TvdcError('store_unreadable', 'a record of the verifier cannot be read', { cause });
  }
}

export const decodeRecord = (text: string | Uint8Array): SubjectRecord => decode(text) as SubjectRecord;
export const decodeVerdict = (text: string | Uint8Array): Verdict => decode(text) as Verdict;
export const decodeKept = (text: string | Uint8Array): KeptFacts => decode(text) as KeptFacts;
export const decodeBinding = (text: string | Uint8Array): Binding => decode(text) as Binding;

/** Keys of the store's area `attestation`. */
export const keys = {
  subject: (subject: Subject): string => `subject/${subjectKey(subject)}`,
  subjects: 'subject/',
  binding: (subject: Subject): string => `binding/${subjectKey(subject)}`,
  chain: (subject: Subject): string => `chain/${subjectKey(subject)}`,
  history: (subject: Subject): string => `verdict/${subjectKey(subject)}/`,
  verdict: (subject: Subject, sequence: number): string =>
    `verdict/${subjectKey(subject)}/${String(sequence).padStart(12, '0')}`,
  kept: (subject: Subject, sequence: number, part: KeptPart): string =>
    `kept/${subjectKey(subject)}/${String(sequence).padStart(12, '0')}/${part}`,
  policy: (digest: string): string => `policy/${digest}`,
  signingKey: 'signing-key',
} as const;

/** Evidence is kept in parts: what is large is stored as octets, and only where it is not the same as before. */
export type KeptPart = 'facts' | 'log' | 'boot' | 'isolation';
export const keptParts = ['facts', 'log', 'boot', 'isolation'] as const satisfies readonly KeptPart[];
