import { hash, type HashAlgorithm, toHex } from '../../base/index.js';
import type { IsolationState } from '../evidence/index.js';

/** Values that a PCR of the firmware may have. */
export interface FirmwareRule {
  readonly bank: HashAlgorithm;
  readonly pcr: number;
  /** Lower-case hexadecimal. */
  readonly values: readonly string[];
}

/** Public keys whose IMA signatures make a file good without a reference digest. */
export interface KeyRing {
  readonly name: string;
  /** PEM of public keys or certificates. */
  readonly keys: readonly string[];
}

/** Digests that a measured buffer (template ima-buf) of this name may have. */
export interface BufferRule {
  readonly name: string;
  /** `algorithm:hex`. */
  readonly digests: readonly string[];
}

/** What an operator wants to see. Absent fields have the defaults of `completePolicy`. */
export interface AppraisalPolicy {
  readonly name: string;
  /** Names of sets in the reference database; none means `no_policy`. */
  readonly referenceSets: readonly string[];
  /** Regular expressions over whole paths; a covered path needs no reference. */
  readonly exclude?: readonly string[];
  readonly keyRings?: readonly KeyRing[];
  readonly buffers?: readonly BufferRule[];
  readonly firmware?: readonly FirmwareRule[];
  /** What PCR 13 of a host must say; absent: not required. */
  readonly isolation?: IsolationState;
  /** Banks of which one must be quoted with every required PCR, the best first. */
  readonly banks?: readonly HashAlgorithm[];
  readonly requiredPcrs?: readonly number[];
  readonly imaPcr?: number;
  /** Verdict on a measurement that is in no set. */
  readonly unknown?: 'unknown' | 'untrusted';
  /** Whether a measurement that is good but known to be vulnerable is let through. */
  readonly vulnerable?: 'untrusted' | 'accepted';
}

export type CompletePolicy = Required<Omit<AppraisalPolicy, 'isolation'>> & {
  readonly isolation: IsolationState | null;
};

/** Fills in the defaults: banks SHA-256 and better, PCRs 0 to 10, IMA in PCR 10. */
export function completePolicy(policy: AppraisalPolicy): CompletePolicy {
  return {
    name: policy.name,
    referenceSets: policy.referenceSets,
    exclude: policy.exclude ?? [],
    keyRings: policy.keyRings ?? [],
    buffers: policy.buffers ?? [],
    firmware: policy.firmware ?? [],
    isolation: policy.isolation ?? null,
    banks: policy.banks ?? ['sha256', 'sha384', 'sha512'],
    requiredPcrs: policy.requiredPcrs ?? [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    imaPcr: policy.imaPcr ?? 10,
    unknown: policy.unknown ?? 'unknown',
    vulnerable: policy.vulnerable ?? 'untrusted',
  };
}

/** SHA-256 over the completed policy, hexadecimal: names the policy in a verdict. */
export function policyDigest(policy: CompletePolicy): string {
  const ordered = Object.fromEntries(Object.entries(policy).sort(([a], [b]) => (a < b ? -1 : 1)));
  return toHex(hash('sha256', Buffer.from(JSON.stringify(ordered), 'utf8')));
}
