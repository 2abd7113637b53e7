import type { AuthenticationMode } from './authentication.js';
import type { ExchangeRecorder } from './har.js';
import type { Log } from '../../base/index.js';
import type { BatchOutcome } from '../../cim/codec/index.js';
import type { CallOptions, CimRequest, CimTransport } from '../../cim/operations/index.js';
import type { ClientTls } from './tls.js';

/** Reads may be repeated when the server could not be reached or the connection broke before the answer. */
export interface RetryPolicy {
  /** Attempts after the first. */
  readonly retries: number;
  /** Milliseconds before the first repetition; doubled for each further one. */
  readonly backOff: number;
}

export interface HttpTransportOptions {
  /** `http://host[:port]`, `https://…`, or `unix:/path/of/socket`; default ports 5988 and 5989, default path /cimom. */
  readonly url: string;
  readonly user?: string;
  readonly password?: string;
  /** Default `auto`. */
  readonly authentication?: AuthenticationMode;
  readonly tls?: ClientTls;
  /** Milliseconds for a whole operation, its streamed answer included; 0: none. Default 30 000. */
  readonly timeout?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** Connections at the same time, default 8. */
  readonly connections?: number;
  /** Refuse what is otherwise tolerated: another MESSAGE ID, a foreign Content-Type. */
  readonly strict?: boolean;
  /** Bytes of request and answer text kept in {@link HttpTransport.lastExchange}; default 0: none. */
  readonly keepText?: number;
  /** Gets every exchange whole, which takes the memory of the longest answer. */
  readonly recorder?: ExchangeRecorder;
  /** Bytes of an answer, unpacked; default no limit. */
  readonly maxAnswerBytes?: number;
  /** Ask for compressed answers; default: of servers on other machines. */
  readonly gzip?: boolean;
  readonly log?: Log;
}

/** One side of the last exchange, for people who look for a fault. `Authorization` is left out. */
export interface ExchangeSide {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** The beginning of the body; null where no text is kept. */
  readonly text: string | null;
}

export interface Exchange {
  readonly operation: string;
  readonly request: ExchangeSide;
  /** Null until an answer comes. */
  readonly answer:
    | (ExchangeSide & { readonly status: number; readonly trailers: Readonly<Record<string, string>> })
    | null;
}

/** Times in milliseconds. */
export interface OperationStatistics {
  readonly count: number;
  readonly errors: number;
  readonly totalTime: number;
  readonly minTime: number;
  readonly maxTime: number;
  /** Sum of what the server said in WBEMServerResponseTime. */
  readonly serverTime: number;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/** A {@link CimTransport} over HTTP. */
export interface HttpTransport extends CimTransport {
  /** Without credentials. */
  readonly url: string;
  /**
   * Several operations in one message (MULTIREQ), at least two; the server carries them out in their order. The outcomes
   * are in that order too; one failure does not stop the others. Never repeated.
   * @throws TransportError; `http` with CIMError `multiple-requests-unsupported` where the server has no batches
   * @throws TvdcError `too_few`
   */
  callBatch(requests: readonly CimRequest[], options?: CallOptions): Promise<readonly BatchOutcome[]>;
  readonly lastExchange: Exchange | null;
  /** Faults of the server that were tolerated so far, each once: `content-type`, `other-id:MESSAGE`, `missing-key-type:KEYVALUE` … */
  readonly tolerated: readonly string[];
  /** By operation name. */
  statistics(): Readonly<Record<string, OperationStatistics>>;
  resetStatistics(): void;
  /** Closes the connections; running operations fail. */
  close(): Promise<void>;
}

/** For one delivery of an indication. */
export interface SendExportOptions {
  readonly tls?: ClientTls;
  readonly user?: string;
  readonly password?: string;
  /** Milliseconds, default 10 000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly messageId?: string;
}
