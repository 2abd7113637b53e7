/** CIMError header values of DSP0200 that this server sends. */
export type CimErrorHeader =
  | 'unsupported-protocol-version'
  | 'multiple-requests-unsupported'
  | 'unsupported-cim-version'
  | 'unsupported-dtd-version'
  | 'request-not-valid'
  | 'request-not-well-formed'
  | 'unsupported-operation'
  | 'header-mismatch';

export interface RefusalOptions {
  readonly cimError?: CimErrorHeader;
  /** Text for people, sent percent-encoded. */
  readonly details?: string;
  /** Further headers, names and values in turn. */
  readonly headers?: readonly string[];
  /** Close the connection afterwards, because what follows on it cannot be trusted to be a request. */
  readonly close?: boolean;
}

/** A request that is answered by an HTTP status without a body. Thrown where a rule is broken, caught where it is answered. */
export class HttpRefusal extends Error {
  readonly status: number;
  readonly options: RefusalOptions;

  constructor(status: number, options: RefusalOptions = {}) {
    super(`${status} ${options.cimError ?? ''} ${options.details ?? ''}`);
    this.status = status;
    this.options = options;
  }
}

export function badRequest(details: string): HttpRefusal {
  return new HttpRefusal(400, { details });
}

export function headerMismatch(details: string): HttpRefusal {
  return new HttpRefusal(400, { cimError: 'header-mismatch', details });
}

export function unsupportedOperation(details: string): HttpRefusal {
  return new HttpRefusal(400, { cimError: 'unsupported-operation', details });
}

const longestText = 500;

/** Text of any kind as a header value, cut where it is long; a lone surrogate, which UTF-8 cannot say, becomes U+FFFD. */
export function headerText(text: string): string {
  return encodeURIComponent(Buffer.from(text.slice(0, longestText)).toString());
}

/** Headers of a refusal, names and values in turn; the body is empty. */
export function refusalHeaders(refusal: HttpRefusal): string[] {
  const { cimError, details, headers = [], close = false } = refusal.options;
  const out = ['Content-Length', '0', 'Cache-Control', 'no-cache', ...headers];
  if (cimError !== undefined) out.push('CIMError', cimError);
  if (details !== undefined) {
    const text = headerText(details);
    out.push('CIMErrorDetails', text, 'PGErrorDetail', text);
  }
  if (close) out.push('Connection', 'close');
  return out;
}
