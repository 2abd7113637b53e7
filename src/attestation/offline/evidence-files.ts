import type { AppraisalPolicy } from '../appraise/index.js';

/** Evidence as files, taken anywhere. Certificates and revocation lists in PEM or DER. */
export interface EvidenceFiles {
  /** IMA list, binary or ASCII. */
  readonly log: Uint8Array;
  /** TCG event log of the firmware. */
  readonly bootLog?: Uint8Array;
  /** TPMS_ATTEST and TPMT_SIGNATURE. */
  readonly quote: Uint8Array;
  readonly signature: Uint8Array;
  /** The attestation key, PEM; may be left out where `akPublic` is given. */
  readonly ak?: string;
  /** TPM2B_PUBLIC or TPMT_PUBLIC of the attestation key. */
  readonly akPublic?: Uint8Array;
  /** The quote's extraData. */
  readonly nonce: Uint8Array;
  /** JSON: bank → index → hexadecimal; evidence, checked against the quote. */
  readonly pcrs?: string;
  /** PEM keys whose file signatures are believed. */
  readonly keyring?: readonly string[];
  readonly ekCertificate?: Uint8Array;
  readonly akCertificate?: Uint8Array;
  readonly ca?: readonly Uint8Array[];
  readonly crl?: readonly Uint8Array[];
  /** Without a proof that the AK is in a certified TPM the verdict is at best `unknown`. */
  readonly requireBinding?: boolean;
  /** Text of a reference file: path → digests, or a keylime runtime policy. Absent: `no_policy`. */
  readonly reference?: string;
  /** Further wishes; `requiredPcrs` is the IMA PCR alone unless it is set here. */
  readonly policy?: Partial<AppraisalPolicy>;
}
