// The door `tvdc`: a WBEM client for programs.
export { ConfigurationError, DecodeError, messageOf, ParseError, TvdcError } from '../base/index.js';
export * from '../cim/compare/index.js';
export * from '../cim/model/index.js';
export {
  CimError,
  type CimRequest,
  type CimStatus,
  cimStatusNames,
  type CimTransport,
  type OperationName,
  type ResultOf,
  statusName,
} from '../cim/operations/index.js';
export * from '../cim/uri/index.js';
export * from '../http/client/index.js';
export type { ExportPeer, HttpServerLimits, ServerTls } from '../http/server/index.js';
export * from './listener/index.js';
export * from './wbem/index.js';
