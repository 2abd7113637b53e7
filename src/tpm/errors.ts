import { TvdcError } from '../base/index.js';
import { explainResponseCode, type ResponseSubject, type TpmResponseCodeName } from './constants/index.js';

/** A TPM refused a command: `code` is the name of its response code (TPM 2.0 Part 2, 6.6), `responseCode` the number. */
export class TpmError extends TvdcError<TpmResponseCodeName> {
  readonly responseCode: number;
  /** Which parameter, handle or session the TPM points to; null where it points to none. */
  readonly subject: ResponseSubject | null;

  constructor(responseCode: number, command: string) {
    const { name, subject } = explainResponseCode(responseCode);
    const place = subject === null ? '' : ` for ${subject.kind} ${subject.number}`;
    super(name, `${command}: ${name}${place} (0x${responseCode.toString(16)})`, { details: { command, responseCode } });
    this.responseCode = responseCode;
    this.subject = subject;
  }
}

export type TpmTransportErrorCode =
  | 'tpm_unavailable'
  | 'tpm_timeout'
  | 'tpm_closed'
  | 'tpm_protocol'
  | 'tpm_pcrs_changing';

/** A TPM could not be asked, or answered what is no response. Says nothing about trust. */
export class TpmTransportError extends TvdcError<TpmTransportErrorCode> {}

export type TpmEvidenceErrorCode =
  | 'attest_not_generated'
  | 'attest_wrong_kind'
  | 'signature_invalid'
  | 'signature_scheme'
  | 'key_unsupported'
  | 'credential_invalid';

/** Evidence of a TPM that does not hold: a signature, a structure or a key that is not what it must be. */
export class TpmEvidenceError extends TvdcError<TpmEvidenceErrorCode> {}
