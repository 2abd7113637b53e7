import { TvdcError } from '../base/index.js';

export type VtpmErrorCode =
  | 'vtpm_unknown'
  | 'vtpm_exists'
  | 'vtpm_off'
  | 'vtpm_in_use'
  | 'vtpm_wrong_family'
  | 'vtpm_not_suspended'
  | 'vtpm_migrated'
  | 'vtpm_not_migrated'
  | 'vtpm_offer_invalid'
  | 'vtpm_blob_invalid'
  | 'vtpm_state_invalid'
  | 'vtpm_rolled_back'
  | 'vtpm_key_unavailable'
  | 'vtpm_backend_unavailable'
  | 'vtpm_failed'
  | 'vtpm_closed';

/** A virtual TPM cannot do what was asked; nothing has changed. */
export class VtpmError extends TvdcError<VtpmErrorCode> {}
