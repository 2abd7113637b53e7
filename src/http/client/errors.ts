import { type ErrorDetails, TvdcError } from '../../base/index.js';

/**
 * Why an operation got no answer that could be used. `unreachable`: no connection, or it broke; `timeout`: the deadline
 * passed; `aborted`: the caller's signal; `unauthorized`: 401; `http`: any other status but 200 (details: `status`,
 * `cimError`, `cimErrorDetails`); `bad_answer`: the answer is not CIM-XML or does not fit (details: `excerpt`); `too_large`: more
 * bytes than allowed.
 */
export const transportErrorCodes = [
  'unreachable',
  'timeout',
  'aborted',
  'unauthorized',
  'http',
  'bad_answer',
  'too_large',
] as const;
export type TransportErrorCode = (typeof transportErrorCodes)[number];

/** A failure of the transport; failures of operations are CimError. */
export class TransportError extends TvdcError<TransportErrorCode> {
  /** HTTP status, null where none came. */
  readonly status: number | null;
  /** Value of the CIMError header, null where none came. */
  readonly cimError: string | null;

  constructor(
    code: TransportErrorCode,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly status?: number;
      readonly cimError?: string | null;
      readonly details?: ErrorDetails;
    } = {},
  ) {
    const details = {
      ...options.details,
      ...(options.status === undefined ? {} : { status: options.status }),
      ...(typeof options.cimError === 'string' ? { cimError: options.cimError } : {}),
    };
    super(code, message, { cause: options.cause, details });
    this.status = options.status ?? null;
    this.cimError = options.cimError ?? null;
  }
}
