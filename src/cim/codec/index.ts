export { decodeEmbedded } from './create-reader.js';
export { decodeMessage } from './decode-message.js';
export {
  type BatchOutcome,
  createResponseDecoder,
  decodeBatchResponse,
  decodeResponse,
  type DecodeResponseOptions,
  type ResponseDecoder,
} from './decode-response.js';
export { decodeCimXml, toCimXml } from './element.js';
export { encodeBatchRequest, encodeRequest } from './encode-request.js';
export {
  type AnsweredCall,
  type BatchAnswer,
  encodeBatchResponse,
  encodeErrorResponse,
  encodeResponse,
  type ErrorOptions,
  type ResponseOptions,
} from './encode-response.js';
export { CodecError, type CodecErrorCode } from './errors.js';
export {
  decodeExportResponse,
  encodeExportBatchResponse,
  encodeExportRequest,
  encodeExportResponse,
  type ExportAnswer,
} from './exports.js';
export { answerLimits, type CodecLimits, requestLimits } from './limits.js';
export type { CallTarget, CimMessage, DecodedCall, DecodedExport, MessageBody, VersionRefusal } from './message.js';
export {
  findOperation,
  type FieldParameter,
  type IgnoredParameter,
  type Operation,
  type OperationParameter,
  operations,
  type ParameterForm,
} from './operations.js';
export type { ToleratedFault } from './reader.js';
export { recycle } from './slabs.js';
