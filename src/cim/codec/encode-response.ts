import { nextTurn } from '../../base/index.js';
import { escapeAttribute } from '../../xml/index.js';
import type { Batches, CimError, CimRequest, CimResult } from '../operations/index.js';
import { answerEnvelope } from './envelope.js';
import { contextOf, ItemContext } from './item-context.js';
import type { DecodedCall } from './message.js';
import { Output } from './output.js';
import { batchBytes } from './remembered.js';
import { batchSize } from './slabs.js';
import { errorElement } from './write-error.js';
import type { WriteItem } from './write-items.js';
import { isStreamed, itemWriters, type StreamedResult, writeWhole } from './write-result.js';

export interface ResponseOptions {
  /** HOST of paths that have none of their own; default `localhost`. */
  readonly host?: string;
}

/** What an answer says of its call. */
export type AnsweredCall = Pick<DecodedCall, 'name' | 'intrinsic'>;

const earlyItems = 8;
// What needs no work takes its turn less often.
const readySize = 4 * batchSize;

/** The results whose bytes do not depend on where the client asked. */
const placeless: ReadonlySet<string> = new Set(['named-instances', 'instance-names', 'classes']);

function encodeBatch<T>(batch: readonly T[], write: WriteItem<T>, context: ItemContext): Buffer {
  const out = new Output();
  const alone = new ItemContext(context.place, context.detail, false);
  for (const item of batch) write(out, item, alone);
  return out.take();
}

/** Pieces of IRETURNVALUE's content as they become ready; the last piece is still in `out`. */
async function* streamItems<T>(
  out: Output,
  result: { readonly kind: string; readonly batches: Batches<T> },
  write: WriteItem<T>,
  context: ItemContext,
): AsyncGenerator<Buffer, void, undefined> {
  let items = 0;
  const remembers = placeless.has(result.kind);
  for await (const batch of result.batches) {
    const ready = remembers ? batchBytes(batch, context.detail, () => encodeBatch(batch, write, context)) : undefined;
    if (ready !== undefined) {
      out.bytes(ready);
      items += batch.length;
      if (out.size < readySize) continue;
      yield* out.pieces();
      await nextTurn();
      continue;
    }
    for (const item of batch) {
      write(out, item, context);
      items++;
      // The first few leave early so that a client has something to do.
      if (!out.isFull && items !== earlyItems) continue;
      yield* out.pieces();
      await nextTurn();
    }
  }
}

interface Around {
  readonly head: string;
  readonly tail: string;
}

function simpleResponse(call: AnsweredCall): Around {
  const element = call.intrinsic ? 'IMETHODRESPONSE' : 'METHODRESPONSE';
  return {
    head: `<SIMPLERSP><${element} NAME="${escapeAttribute(call.name)}">`,
    tail: `</${element}></SIMPLERSP>`,
  };
}

function callOf(request: CimRequest): AnsweredCall {
  return request.kind === 'InvokeMethod'
    ? { name: request.methodName, intrinsic: false }
    : { name: request.kind, intrinsic: true };
}

async function* streamResponse(
  out: Output,
  request: CimRequest,
  result: StreamedResult,
  options: ResponseOptions,
): AsyncGenerator<Buffer, void, undefined> {
  out.text('<IRETURNVALUE>');
  const write = itemWriters[result.kind] as WriteItem<unknown>;
  yield* streamItems<unknown>(out, result, write, contextOf(request, options.host ?? 'localhost'));
  out.text('</IRETURNVALUE>');
}

async function* streamMessage(
  id: string,
  request: CimRequest,
  result: StreamedResult,
  options: ResponseOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const message = answerEnvelope(id);
  const response = simpleResponse(callOf(request));
  const out = new Output();
  out.text(message.head + response.head);
  yield* streamResponse(out, request, result, options);
  out.text(response.tail + message.tail);
  yield* out.pieces();
}

/**
 * The answer to a request: all its pieces, or for results with batches a stream of Buffers of about 64 KiB, the first after
 * eight items, with a turn of the event loop for others after each. A failure of the batches, or a value that cannot be
 * written, is thrown by the stream. Qualifiers and class origins are written as the request asks. Whoever has sent a piece
 * may hand it to `recycle`.
 * @throws TvdcError `bad_value`, `no_path` @throws XmlCharacterError `xml_character`
 */
export function encodeResponse(
  id: string,
  request: CimRequest,
  result: CimResult,
  options: ResponseOptions = {},
): readonly Buffer[] | AsyncGenerator<Buffer, void, undefined> {
  if (isStreamed(result)) return streamMessage(id, request, result, options);
  const message = answerEnvelope(id);
  const response = simpleResponse(callOf(request));
  const out = new Output();
  out.text(message.head + response.head);
  writeWhole(out, result, contextOf(request, options.host ?? 'localhost'));
  out.text(response.tail + message.tail);
  return out.pieces();
}

export interface ErrorOptions {
  /** Whether the client can read CIM_Error instances inside ERROR; wbemcli cannot. */
  readonly withInstances: boolean;
}

/** The answer to a call that failed: ERROR with code, description led by the status's name, and instances if wanted. */
export function encodeErrorResponse(id: string, call: AnsweredCall, error: CimError, options: ErrorOptions): Buffer {
  const message = answerEnvelope(id);
  const response = simpleResponse(call);
  const body = errorElement(error, options.withInstances);
  return Buffer.from(message.head + response.head + body + response.tail + message.tail);
}

/** One answer of a batch. */
export type BatchAnswer =
  | { readonly kind: 'result'; readonly request: CimRequest; readonly result: CimResult }
  | { readonly kind: 'error'; readonly call: AnsweredCall; readonly error: CimError };

/**
 * MULTIRSP: the answers of a batch in the order of its calls, encoded as they come. A stream that fails inside is thrown,
 * for what is written cannot be taken back.
 */
export async function* encodeBatchResponse(
  id: string,
  answers: AsyncIterable<BatchAnswer>,
  options: ResponseOptions & ErrorOptions,
): AsyncGenerator<Buffer, void, undefined> {
  const message = answerEnvelope(id);
  const out = new Output();
  out.text(`${message.head}<MULTIRSP>`);
  for await (const answer of answers) {
    const response = simpleResponse(answer.kind === 'error' ? answer.call : callOf(answer.request));
    out.text(response.head);
    if (answer.kind === 'error') out.text(errorElement(answer.error, options.withInstances));
    else if (isStreamed(answer.result)) yield* streamResponse(out, answer.request, answer.result, options);
    else writeWhole(out, answer.result, contextOf(answer.request, options.host ?? 'localhost'));
    out.text(response.tail);
    if (!out.isFull) continue;
    yield* out.pieces();
    await nextTurn();
  }
  out.text(`</MULTIRSP>${message.tail}`);
  yield* out.pieces();
}
