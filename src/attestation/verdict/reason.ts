// Table of every reason that a verdict may carry; longer than a file should be because it is data.

/**
 * Why something counts: `bad` evidence proves nothing or was tampered with; `unwanted` evidence is genuine and shows
 * what the policy does not want; `failure` means that the verifier could not look; `note` informs and decides nothing.
 */
export type ReasonKind = 'bad' | 'unwanted' | 'failure' | 'note';

/** Every verdict but `trusted`, which no reason makes. */
export type ReasonStatus = 'untrusted' | 'unknown' | 'pending' | 'unreachable' | 'no_policy' | 'stale';

interface ReasonRule {
  readonly kind: ReasonKind;
  /** The best verdict that this reason leaves possible; null for notes. */
  readonly status: ReasonStatus | null;
  readonly text: string;
}

const bad = (text: string): ReasonRule => ({ kind: 'bad', status: 'untrusted', text });
const unwanted = (text: string): ReasonRule => ({ kind: 'unwanted', status: 'untrusted', text });
const failure = (status: ReasonStatus, text: string): ReasonRule => ({
  kind: 'failure',
  status,
  text,
});
const note = (text: string): ReasonRule => ({ kind: 'note', status: null, text });

export const reasonRules = {
  malformed_quote: bad('the quote is not a TPMS_ATTEST that can be read'),
  malformed_signature: bad('the signature is not a TPMT_SIGNATURE that can be read'),
  wrong_magic: bad('the signed structure was not made by a TPM'),
  wrong_attest_type: bad('the signed structure is not a quote'),
  wrong_signature: bad('the signature does not fit the quote and the attestation key'),
  signature_scheme_not_allowed: bad('the signature scheme or its hash is not allowed'),
  malformed_ak: bad('the attestation key is not a TPMT_PUBLIC that can be read'),
  ak_not_restricted: bad('the attestation key is not a restricted signing key of its TPM'),
  ak_mismatch: bad('the attestation key is not the one that was bound'),
  ak_certificate_mismatch: bad('the AK certificate is for another key'),
  malformed_ek: bad('the endorsement key cannot be read'),
  ek_mismatch: bad('the endorsement key is not the one in its certificate'),
  chain_refused: bad('the EK certificate does not lead to a trust anchor'),
  certificate_revoked: bad('a certificate of the chain is revoked'),
  wrong_issuer_host: bad('the EK certificate was issued for another host'),
  wrong_certificate_subject: bad('the EK certificate names another virtual machine'),
  activation_refused: bad('the answer to the credential challenge is wrong'),
  wrong_nonce: bad('the quote does not answer this challenge'),
  nonce_reused: bad('the challenge was answered before'),
  rolled_back: bad('clock or counters of the TPM went back'),
  bank_downgrade: bad('the quote leaves out the PCR banks that the policy requires'),
  selection_incomplete: bad('the quote leaves out PCRs that the policy requires'),
  malformed_pcr_values: bad('the PCR values are malformed'),
  pcr_digest_mismatch: bad('the PCR values or the logs do not lead to the digest in the quote'),
  malformed_measurement_log: bad('the measurement log cannot be read'),
  template_hash_mismatch: bad('an entry does not have the template hash that the log states'),
  unexpected_pcr: bad('an entry names a PCR that the policy does not expect'),
  log_gap: bad('the log does not continue where the last round ended'),
  log_mismatch: bad('no prefix of the measurement log leads to the quoted PCR'),
  malformed_event_log: bad('the event log cannot be read'),
  event_log_mismatch: bad('the event log does not lead to the quoted PCR'),
  event_data_mismatch: bad('the data of an event does not have the digest that was extended'),
  boot_aggregate_mismatch: bad('boot_aggregate is not the aggregate of the quoted PCRs'),
  boot_aggregate_missing: bad('the measurement log does not begin with boot_aggregate'),
  isolation_mismatch: bad('the isolation events do not lead to the quoted PCR 13'),
  not_in_host_quote: bad('the host quote does not cover this evidence'),
  bad_file_signature: bad('a file signature of a trusted key is wrong'),

  violation: unwanted('a file was written while it was measured or used'),
  digest_mismatch: unwanted('a file has another digest than the reference'),
  bad_measurement: unwanted('a measurement is known to be bad'),
  vulnerable_measurement: unwanted('a measurement is known to be vulnerable'),
  expired_measurement: unwanted('the reference of a measurement is not valid at this time'),
  unknown_measurement: { kind: 'unwanted', status: 'unknown', text: 'a measurement is in no reference set' },
  unknown_buffer: { kind: 'unwanted', status: 'unknown', text: 'a measured buffer is in no reference set' },
  uncovered_bad_entry: unwanted('an entry that the quote does not cover yet is known to be bad'),
  no_progress: unwanted('the same entry stayed uncovered in two rounds'),
  firmware_pcr_mismatch: unwanted('a firmware PCR has a value that the policy does not list'),
  wrong_isolation_policy: unwanted('the host enforces another isolation policy or label than required'),
  isolation_missing: unwanted('the host has not stated its isolation policy in PCR 13'),
  host_untrusted: unwanted('the host is untrusted'),
  sticky_untrusted: unwanted('an earlier untrusted verdict is not acknowledged'),

  ak_unbound: failure('unknown', 'no proof that the attestation key is in the TPM of the EK certificate'),
  pcr_values_missing: failure('unknown', 'quoted PCRs whose values neither a log nor the evidence gives'),
  event_log_unproven: failure('unknown', 'the event log has no bank that is quoted'),
  firmware_pcr_unknown: failure('unknown', 'a firmware PCR that the policy judges is not in the quote'),
  no_root_of_trust: failure('unknown', 'no quote of a TPM stands behind the evidence'),
  host_unknown: failure('unknown', 'the host is not known to be trusted'),
  host_pending: failure('unknown', 'the verdict on the host is pending'),
  host_stale: failure('unknown', 'the verdict on the host is too old'),
  host_unreachable: failure('unknown', 'the host could not be reached'),
  host_no_policy: failure('unknown', 'there is no policy for the host'),
  nonce_unknown: failure('unknown', 'the challenge was never made or is too old'),
  full_log_needed: failure('pending', 'policy, references or boot changed: the log is needed from its beginning'),
  not_covered_yet: failure('pending', 'the quote covers no entry yet'),
  state_changed: failure('pending', 'the state changed and was not attested since'),
  no_reference_set: failure('no_policy', 'no reference set applies'),
  reference_database_failed: failure('unknown', 'the reference database could not be asked'),
  unreachable: failure('unreachable', 'the subject could not be asked'),
  expired: failure('stale', 'the last verdict is older than its validity'),

  violation_excluded: note('a violation on a path that is excluded'),
  entries_pending: note('entries at the end of the log that the quote does not cover yet'),
  boot_aggregate_from_reference: note('boot_aggregate was compared with the reference, for want of PCR values'),
  host_asserted: note('the host speaks for the virtual machine; its vTPM has not quoted'),
  link_rests_on_host: note("the link to the host rests on the host's measured software"),
  more_findings: note('further findings are left out'),
  unproven: note('pushed by an agent and not proven'),
} as const satisfies Readonly<Record<string, ReasonRule>>;

export type ReasonCode = keyof typeof reasonRules;

/** One finding of a verdict; `index` counts measurement entries from 0 since boot. */
export interface Reason {
  readonly code: ReasonCode;
  readonly kind: ReasonKind;
  /** The best verdict that this reason leaves possible; null: it decides nothing. */
  readonly status: ReasonStatus | null;
  readonly message: string;
  readonly index?: number;
  readonly path?: string;
  readonly pcr?: number;
  readonly bank?: string;
  /** `algorithm:hex` of the measurement in question. */
  readonly digest?: string;
}

export type ReasonFacts = Omit<Reason, 'code' | 'kind' | 'status' | 'message'> & { readonly detail?: string };

/** Makes a reason from its code and facts. */
export function reason(code: ReasonCode, facts: ReasonFacts = {}): Reason {
  const { detail, ...rest } = facts;
  const rule: ReasonRule = reasonRules[code];
  const { kind, status } = rule;
  return { code, kind, status, message: detail === undefined ? rule.text : `${rule.text}: ${detail}`, ...rest };
}

/** The same finding as a note: said, but deciding nothing. */
export function asNote(made: Reason): Reason {
  return { ...made, kind: 'note', status: null };
}
