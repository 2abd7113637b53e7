import type { CimRequest } from './request.js';
import type { ResultOf } from './result.js';

export interface CallOptions {
  /** Ends the operation and everything that still streams from it. */
  readonly signal?: AbortSignal;
}

/**
 * Anything that carries out operations: a server in this process, or one reached over HTTP. Streams in the result must be
 * read to the end or left by `return()`; a failure after the first batch is thrown by the iterator.
 * @throws CimError an operation's failure
 */
export interface CimTransport {
  call<R extends CimRequest>(request: R, options?: CallOptions): Promise<ResultOf<R>>;
}
