export { TransportError, type TransportErrorCode, transportErrorCodes } from './errors.js';
export type {
  ClientTls,
  Exchange,
  ExchangeSide,
  HttpTransport,
  HttpTransportOptions,
  OperationStatistics,
  RetryPolicy,
  SendExportOptions,
} from './options.js';
