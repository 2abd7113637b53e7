import type { Clock, Randomness } from '../../base/index.js';
import type { Store } from '../../store/index.js';
import type { AppraisalPolicy } from '../appraise/index.js';
import type { AssertedEvidence, Evidence, IdentityEvidence, RoundMember, Subject } from '../evidence/index.js';
import type { ReferenceDatabase } from '../references/index.js';
import type { EvidenceError, LookError } from '../verify/index.js';
import type { Assurance, Reason, Verdict } from '../verdict/index.js';

/** A root that the verifier believes, and how strong what it certifies is. */
export interface TrustAnchor {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly assurance: Assurance;
}

export interface VerifierOptions {
  readonly references: ReferenceDatabase;
  readonly anchors: readonly TrustAnchor[];
  /** DER certificate revocation lists. */
  readonly revocationLists?: readonly Uint8Array[];
  /** Durable state; the area `attestation` is the verifier's. Left out: in memory, gone with the process. */
  readonly store?: Store;
  readonly clock: Clock;
  readonly randomness: Randomness;
  /** Milliseconds a challenge may be answered; default 60 000. */
  readonly challengeLifetime?: number;
}

/** 32 fresh octets for one round; used once for each subject. */
export interface Challenge {
  readonly nonce: Uint8Array;
  readonly issued: number;
  readonly expires: number;
}

/** Proof that an attestation key lies in the TPM of an EK certificate, as kept by the verifier. */
export interface Binding {
  readonly subject: Subject;
  /** Host that runs the TPM: the subject itself for hosts. */
  readonly host: string;
  /** SHA-256 of the EK certificate, hexadecimal. */
  readonly ekCertificateSha256: string;
  readonly ekName: Uint8Array;
  readonly akName: Uint8Array;
  /** TPMT_PUBLIC of the attestation key. */
  readonly akPublic: Uint8Array;
  readonly assurance: Assurance;
  readonly bound: number;
}

/** What ActivateCredential is to be asked with (TPM 2.0 Part 1, 24). */
export interface BindingChallenge {
  readonly id: string;
  readonly akName: Uint8Array;
  /** TPM2B_ID_OBJECT contents. */
  readonly credentialBlob: Uint8Array;
  /** TPM2B_ENCRYPTED_SECRET contents. */
  readonly encryptedSecret: Uint8Array;
}

export interface Expectations {
  readonly challenge: Challenge;
  readonly policy: AppraisalPolicy;
  /** Milliseconds between two rounds; a verdict holds for two of them. Default 300 000. */
  readonly interval?: number;
}

export interface HostExpectations extends Expectations {
  readonly host: string;
  /** The VMs of the round, made with `quotedMember` and `assertedMember` from their evidence. */
  readonly members: readonly RoundMember[];
}

export interface VmExpectations extends Expectations {
  readonly vm: string;
  readonly host: string;
}

/** Why a subject's last verdict does not hold any more (trust.md: pending at once). */
export const stateChanges = [
  'start',
  'restore',
  'resume',
  'reset',
  'snapshot',
  'migration',
  'relabel',
  'policy_change',
  'host_reboot',
] as const;
export type StateChange = (typeof stateChanges)[number];

/** Entries that an agent sent unasked: a binary list beginning with entry `start` since boot. */
export interface PushedMeasurements {
  readonly start: number;
  readonly data: Uint8Array;
}

export interface PushOutcome {
  /** The last verdict covers all of it; if not, a challenge is worth its while. */
  readonly covered: boolean;
  /** Entries that are known to be bad; the verdict is untrusted from now on, until a challenge decides. */
  readonly known: readonly Reason[];
}

/** Last attempt and last success of a subject, with its current verdict. */
export interface SubjectStatus {
  readonly subject: Subject;
  readonly verdict: Verdict | null;
  readonly lastAttempt: number | null;
  readonly lastTrusted: number | null;
  /** The reset count that the log position belongs to; another in an answer means: ask again from 0. */
  readonly resetCount: number | null;
}

/**
 * The challenging party. Its steps work over any transport: the caller carries what they return to the host and the
 * answers back. State (bindings, log positions, counters, verdicts) is durable.
 */
export interface Verifier {
  challenge(): Challenge;
  /**
   * Checks EK certificate chain, EK public and AK attributes; makes a credential for the AK's Name.
   * @throws EvidenceError with the reason's code where the identity is refused
   */
  bindAk(identity: IdentityEvidence, subject: Subject, host: string): Promise<BindingChallenge>;
  /** @param answer what ActivateCredential gave @throws EvidenceError `activation_refused`, `nonce_unknown` */
  confirmBinding(id: string, answer: Uint8Array): Promise<Binding>;
  binding(subject: Subject): Binding | null;
  forgetBinding(subject: Subject): Promise<void>;
  /**
   * Index of the first entry to ask for with GetEvidence: what was judged and wanted before is not asked for again, unless
   * policy or references changed since.
   */
  logStart(subject: Subject, policy: AppraisalPolicy): Promise<number>;
  judgeHost(evidence: Evidence, expectations: HostExpectations): Promise<Verdict>;
  /**
   * Begins to look into a VM's evidence while its host is still being asked; `judgeVm` with the same evidence and expectations
   * finishes it.
   */
  prepareVm(evidence: Evidence, expectations: VmExpectations): void;
  /** A VM by its vTPM's quote; `hostVerdict` is the one of the same round, null if there is none. */
  judgeVm(evidence: Evidence, hostVerdict: Verdict | null, expectations: VmExpectations): Promise<Verdict>;
  /** A VM for which its host speaks, without a quote of its vTPM. */
  judgeAssertedVm(
    evidence: AssertedEvidence,
    hostVerdict: Verdict | null,
    expectations: VmExpectations,
  ): Promise<Verdict>;
  /** The attempt failed: `detail` says why. */
  recordUnreachable(subject: Subject, detail: string): Promise<Verdict>;
  /**
   * The identity was refused before there was evidence: bad, and said so. It does not stick, as nothing was bound; the next
   * round decides anew.
   */
  recordRefused(subject: Subject, why: EvidenceError | LookError): Promise<Verdict>;
  recordStateChange(subject: Subject, change: StateChange): Promise<Verdict>;
  /** Ends the stickiness of an untrusted verdict; the next round decides anew. False if the id is not the current one. */
  acknowledge(subject: Subject, verdictId: string): Promise<boolean>;
  /** The current verdict, `stale` once its validity is over. */
  status(subject: Subject): SubjectStatus;
  subjects(): readonly Subject[];
  /**
   * Takes an agent's word. It can only make things worse: known-bad entries make the verdict untrusted (`unproven`), good
   * ones change nothing and extend nothing.
   * @throws EvidenceError `malformed_measurement_log`
   */
  pushed(subject: Subject, push: PushedMeasurements, policy: AppraisalPolicy): Promise<PushOutcome>;
  /**
   * The evidence behind a verdict of the history, of its host too, signed by the verifier; `verifyEvidenceBundle` judges it
   * again without a network. Null where no evidence is kept for the verdict.
   */
  exportEvidence(subject: Subject, verdictId: string): Promise<string | null>;
  /** Public key (PEM) of the signatures under exported evidence. */
  evidenceKey(): Promise<string>;
  /** Newest first. */
  history(subject: Subject, limit: number): readonly Verdict[];
}
