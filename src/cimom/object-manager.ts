import type { CimInstance } from '../cim/model/index.js';
import type { CimRequest, CimTransport, ResultOf } from '../cim/operations/index.js';
import type { ProviderRegistry } from './registry/index.js';
import type { Caller } from './security/index.js';
import type { OperationReport } from './operation-statistics.js';

/** Circumstances of one request. */
export interface ExecuteOptions {
  /** Ends the operation and everything that still streams from it. Enumerations opened by it live on. */
  readonly signal?: AbortSignal;
  /** Host under which the caller asked; stands in full paths if it is one of the object manager's names. */
  readonly host?: string;
}

/**
 * Carries out the operations of DSP0200 over classes of providers and of the repository. Knows neither HTTP nor XML.
 * Everything that a caller gets has been authorized, checked against its class and filtered by what the caller may see.
 */
export interface ObjectManager {
  readonly registry: ProviderRegistry;
  /** Whether the caller has any role: to be asked before a faulty message is answered. @throws CimError 2 */
  admit(caller: Caller): void;
  /**
   * Streams in the result must be read to the end or left by `return()`; a failure after the first batch is thrown by
   * the iterator.
   * @throws CimError any status of DSP0200 5.2.2
   */
  execute<R extends CimRequest>(caller: Caller, request: R, options?: ExecuteOptions): Promise<ResultOf<R>>;
  /** The object manager as a transport for clients in the same process. */
  transport(caller: Caller, options?: { readonly host?: string }): CimTransport;
  /** Hands an indication that happened to whoever subscribed. Never throws. */
  publish(namespace: string, indication: CimInstance): void;
  /** Canonical names of the namespaces. */
  namespaces(): readonly string[];
  /** What was done so far, by operation. */
  statistics(): readonly OperationReport[];
  /** Open enumerations. */
  readonly openEnumerations: number;
  /** New requests get status 28, open enumerations are closed, running ones aborted. */
  shutdown(): Promise<void>;
}
