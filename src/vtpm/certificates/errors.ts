import { TvdcError } from '../../base/index.js';

export type CertificateErrorCode =
  | 'certificate_unreadable'
  | 'certificate_expired'
  | 'certificate_not_yet_valid'
  | 'certificate_not_ca'
  | 'certificate_path_length'
  | 'certificate_usage'
  | 'certificate_signature'
  | 'certificate_issuer'
  | 'certificate_untrusted'
  | 'certificate_revoked'
  | 'certificate_algorithm'
  | 'crl_unreadable'
  | 'crl_missing'
  | 'crl_expired'
  | 'crl_signature'
  | 'request_invalid'
  | 'key_unreadable';

/** A certificate, revocation list, request or CA key that cannot be used; `code` says why. */
export class CertificateError extends TvdcError<CertificateErrorCode> {}
