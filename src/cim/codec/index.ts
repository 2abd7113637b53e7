import type { CimClass, CimInstance, CimQualifierType } from '../model/index.js';
import type { CimError, CimRequest, CimResult, ResultOf } from '../operations/index.js';
import type { CimMessage, DecodedCall } from './message.js';

export { CodecError, type CodecErrorCode } from './errors.js';
export type { CallTarget, CimMessage, DecodedCall, DecodedExport, MessageBody, VersionRefusal } from './message.js';

/** Limits of one message; bytes are limited by HTTP. */
export interface CodecLimits {
  readonly maxDepth: number;
  readonly maxElements: number;
  readonly maxAttributes: number;
  readonly maxLength: number;
  readonly maxEmbedding: number;
}
export declare const requestLimits: CodecLimits;

/** Server side. @throws CodecError `request-not-well-formed`, `request-not-valid` */
export declare function decodeMessage(source: Uint8Array | string, limits?: Partial<CodecLimits>): CimMessage;

export interface ResponseOptions {
  /** HOST of paths that have none of their own; default `localhost`. */
  readonly host?: string;
}
/** One Buffer, or for results with batches a stream of them that throws a late failure. */
export declare function encodeResponse(
  id: string,
  request: CimRequest,
  result: CimResult,
  options?: ResponseOptions,
): Buffer | AsyncGenerator<Buffer, void, undefined>;
export type AnsweredCall = Pick<DecodedCall, 'name' | 'intrinsic'>;
export declare function encodeErrorResponse(
  id: string,
  call: AnsweredCall,
  error: CimError,
  options: { readonly withInstances: boolean },
): Buffer;
export type BatchAnswer =
  | { readonly kind: 'result'; readonly request: CimRequest; readonly result: CimResult }
  | { readonly kind: 'error'; readonly call: AnsweredCall; readonly error: CimError };
/** MULTIRSP: answers in the order of the calls, encoded as they come. */
export declare function encodeBatchResponse(
  id: string,
  answers: AsyncIterable<BatchAnswer>,
  options: ResponseOptions & { readonly withInstances: boolean },
): AsyncGenerator<Buffer, void, undefined>;

/** Client side. */
export declare function encodeRequest(id: string, request: CimRequest): Buffer;
export declare function encodeBatchRequest(id: string, requests: readonly CimRequest[]): Buffer;
export interface ToleratedFault {
  readonly fault: string;
  readonly element: string;
}
export interface DecodeResponseOptions {
  /** Refuse what is usually tolerated. */
  readonly strict?: boolean;
  readonly limits?: Partial<CodecLimits>;
  /** Called once for each kind of fault and element. */
  readonly onFault?: (fault: ToleratedFault) => void;
}
/**
 * Reads an answer while its bytes arrive. Resolves as soon as the kind of answer is known; batches then read on.
 * @throws CimError the operation's failure @throws CodecError `answer-not-well-formed`, `answer-not-valid`
 */
export declare function decodeResponse<R extends CimRequest>(
  request: R,
  chunks: AsyncIterable<Uint8Array>,
  options?: DecodeResponseOptions,
): Promise<ResultOf<R>>;
export type BatchOutcome =
  | { readonly kind: 'result'; readonly result: CimResult }
  | { readonly kind: 'error'; readonly error: CimError };
export declare function decodeBatchResponse(
  requests: readonly CimRequest[],
  chunks: AsyncIterable<Uint8Array>,
  options?: DecodeResponseOptions,
): Promise<readonly BatchOutcome[]>;

/** Indications. */
export declare function encodeExportRequest(id: string, indication: CimInstance): Buffer;
/** `error` null: accepted. */
export declare function encodeExportResponse(id: string, name: string, error: CimError | null): Buffer;
/** Answer of a listener. @throws CimError its refusal @throws CodecError */
export declare function decodeExportResponse(source: Uint8Array): void;

/** Text of an embedded object (DSP0201: INSTANCE or CLASS). @throws CimError 4 */
export declare function decodeEmbedded(text: string, limits?: Partial<CodecLimits>): CimInstance | CimClass;
/** One element: CLASS, INSTANCE (VALUE.NAMEDINSTANCE, VALUE.INSTANCEWITHPATH with path) or QUALIFIER.DECLARATION. */
export declare function toCimXml(value: CimInstance | CimClass | CimQualifierType): string;
/** The reverse of `toCimXml`. @throws CodecError @throws CimError 4 */
export declare function decodeCimXml(
  text: string,
  limits?: Partial<CodecLimits>,
): CimInstance | CimClass | CimQualifierType;
