import { TvdcError } from '../../base/index.js';

/** `request-…` are the CIMError header values of DSP0200 for HTTP 400; `answer-…` are a client's findings. */
export type CodecErrorCode =
  | 'request-not-well-formed'
  | 'request-not-valid'
  | 'answer-not-well-formed'
  | 'answer-not-valid';

/** A whole message that cannot be read as CIM-XML. */
export class CodecError extends TvdcError<CodecErrorCode> {}
