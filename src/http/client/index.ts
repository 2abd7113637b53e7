export type { BatchOutcome } from '../../cim/codec/index.js';
export { type AuthenticationMode, authenticationModes } from './authentication.js';
export { TransportError, type TransportErrorCode, transportErrorCodes } from './errors.js';
export { createExportSender, type ExportSender, sendExport } from './export.js';
export {
  type ExchangeRecorder,
  type Har,
  type HarEntry,
  type HarOptions,
  HarRecorder,
  type RecordedExchange,
} from './har.js';
export { HarFileRecorder } from './har-file.js';
export type {
  Exchange,
  ExchangeSide,
  HttpTransport,
  HttpTransportOptions,
  OperationStatistics,
  RetryPolicy,
  SendExportOptions,
} from './options.js';
export { createReplayTransport, type ReplayTransport } from './replay.js';
export { createHttpTransport } from './transport.js';
export type { ClientTls } from './tls.js';
