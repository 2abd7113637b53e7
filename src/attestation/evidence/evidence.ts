import type { HashAlgorithm } from '../../base/index.js';

/** A quote as the TPM gave it (TPM 2.0 Part 2, 10.12.12 and 11.3.4), without size fields around it. */
export interface QuoteEvidence {
  /** TPMS_ATTEST. */
  readonly attest: Uint8Array;
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array;
}

/** What GetIdentity returns: nothing of it is believed before `bindAk` and `confirmBinding`. */
export interface IdentityEvidence {
  /** DER certificates, the EK certificate first, then its issuers; the root may be left out. */
  readonly ekCertificateChain: readonly Uint8Array[];
  /** TPMT_PUBLIC of the endorsement key. */
  readonly ekPublic: Uint8Array;
  /** TPMT_PUBLIC of the attestation key. */
  readonly akPublic: Uint8Array;
}

/** A part of an IMA log, beginning with entry `start` (counted from 0 since boot). */
export interface MeasurementEvidence {
  readonly format: 'binary' | 'ascii';
  readonly start: number;
  readonly data: Uint8Array;
}

/** Bank → PCR index → value. As evidence it is checked against the quote's digest and never believed by itself. */
export type PcrValues = Readonly<Partial<Record<HashAlgorithm, Readonly<Record<number, Uint8Array>>>>>;

/** What GetEvidence returns for one TPM. */
export interface Evidence {
  readonly quote: QuoteEvidence;
  readonly measurements: MeasurementEvidence;
  /** TCG event log of the firmware, SHA-1 or crypto-agile form. */
  readonly eventLog?: Uint8Array;
  /** Crypto-agile log of the host's own events in PCR 13 (isolation policy). */
  readonly isolationLog?: Uint8Array;
  readonly pcrValues?: PcrValues;
}

/** What a management VM that owns the vTPM says of a VM without a quote of that vTPM. */
export interface AssertedEvidence {
  readonly pcrValues: PcrValues;
  readonly measurements: MeasurementEvidence;
  readonly eventLog?: Uint8Array;
}
