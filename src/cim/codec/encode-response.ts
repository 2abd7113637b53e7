import { nextTurn, TvdcError } from '../../base/index.js';
import { escapeAttribute, escapeText } from '../../xml/index.js';
import type { CimClass, CimInstance, CimInstancePath, CimObjectPath } from '../model/index.js';
import {
  type Batches,
  type CimError,
  type CimRequest,
  type CimResult,
  type MethodResult,
  statusName,
} from '../operations/index.js';
import { answerEnvelope } from './envelope.js';
import type { DecodedCall } from './message.js';
import { batchSize, Output } from './output.js';
import { classBytes, instanceBytes } from './remembered.js';
import { type ClassDetail, qualifierDeclarationElement } from './write-class.js';
import { embeddedKindOf, instanceElement, valueElement } from './write-instance.js';
import { parameterElement } from './write-parameter.js';
import { classNameElement, fullPathElement, instanceNameElement, namespaceElement, type Place } from './write-path.js';

export interface ResponseOptions {
  /** HOST of paths that have none of their own; default `localhost`. */
  readonly host?: string;
}

/** What an answer says of its call. */
export type AnsweredCall = Pick<DecodedCall, 'name' | 'intrinsic'>;

/** What the items of one answer have in common. */
interface ItemContext {
  readonly place: Place;
  readonly placeText: string;
  readonly detail: ClassDetail;
}

type WriteItem<T> = (out: Output, item: T, context: ItemContext) => void;

function detailOf(request: CimRequest): ClassDetail {
  return {
    includeQualifiers: 'includeQualifiers' in request && request.includeQualifiers,
    includeClassOrigin: 'includeClassOrigin' in request && request.includeClassOrigin,
  };
}

function pathOf(instance: CimInstance): CimInstancePath {
  if (instance.path === null) throw new TvdcError('no_path', `an instance of ${instance.className} has no path`);
  return instance.path;
}

function writeInstance(out: Output, instance: CimInstance, context: ItemContext): void {
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance);
  if (bytes === undefined) out.text(instanceElement(instance, context.detail.includeClassOrigin));
  else out.bytes(bytes.body);
}

const writeNamedInstance: WriteItem<CimInstance> = (out, instance, context) => {
  const path = pathOf(instance);
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance);
  if (bytes === undefined || bytes.name === null) {
    const body = instanceElement(instance, context.detail.includeClassOrigin);
    out.text(`<VALUE.NAMEDINSTANCE>${instanceNameElement(path)}${body}</VALUE.NAMEDINSTANCE>`);
    return;
  }
  out.text('<VALUE.NAMEDINSTANCE>');
  out.bytes(bytes.name);
  out.bytes(bytes.body);
  out.text('</VALUE.NAMEDINSTANCE>');
};

/** An element that holds INSTANCEPATH and INSTANCE. */
function writeLocated(out: Output, element: string, instance: CimInstance, context: ItemContext): void {
  const path = pathOf(instance);
  const bytes = context.detail.includeClassOrigin ? undefined : instanceBytes(instance);
  const elsewhere = path.host !== null || (path.namespace !== null && path.namespace !== context.place.namespace);
  if (bytes === undefined || bytes.name === null || elsewhere) {
    out.text(`<${element}>${fullPathElement(path, context.place)}`);
    if (bytes === undefined) out.text(instanceElement(instance, context.detail.includeClassOrigin));
    else out.bytes(bytes.body);
  } else {
    out.text(`<${element}><INSTANCEPATH>${context.placeText}`);
    out.bytes(bytes.name);
    out.text('</INSTANCEPATH>');
    out.bytes(bytes.body);
  }
  out.text(`</${element}>`);
}

const writeLocatedInstance: WriteItem<CimInstance> = (out, instance, context) =>
  writeLocated(out, 'VALUE.INSTANCEWITHPATH', instance, context);

const writeClass: WriteItem<CimClass> = (out, cls, context) => out.bytes(classBytes(cls, context.detail));

const writeObject: WriteItem<CimInstance | CimClass> = (out, object, context) => {
  if (object.kind === 'instance') {
    if (object.path !== null) {
      writeLocated(out, 'VALUE.OBJECTWITHPATH', object, context);
      return;
    }
    // Rows of a query may have no path.
    out.text('<VALUE.OBJECT>');
    writeInstance(out, object, context);
    out.text('</VALUE.OBJECT>');
    return;
  }
  const path = object.path ?? { kind: 'class-path', host: null, namespace: null, className: object.name };
  out.text(`<VALUE.OBJECTWITHPATH>${fullPathElement(path, context.place)}`);
  writeClass(out, object, context);
  out.text('</VALUE.OBJECTWITHPATH>');
};

const writeInstanceName: WriteItem<CimInstancePath> = (out, path) => out.text(instanceNameElement(path));

const writeObjectPath: WriteItem<CimObjectPath> = (out, path, context) =>
  out.text(`<OBJECTPATH>${fullPathElement(path, context.place)}</OBJECTPATH>`);

const writeInstancePath: WriteItem<CimInstancePath> = (out, path, context) =>
  out.text(fullPathElement(path, context.place));

type StreamedKind = 'classes' | 'named-instances' | 'instance-names' | 'objects' | 'object-paths';
type StreamedResult = Extract<CimResult, { readonly kind: StreamedKind }>;
type WholeResult = Exclude<CimResult, StreamedResult>;

const itemWriters: { readonly [K in StreamedKind]: WriteItem<never> } = {
  classes: writeClass,
  'named-instances': writeNamedInstance,
  'instance-names': writeInstanceName,
  objects: writeObject,
  'object-paths': writeObjectPath,
};

function isStreamed(result: CimResult): result is StreamedResult {
  return Object.hasOwn(itemWriters, result.kind);
}

const earlyItems = 8;

/** Pieces of IRETURNVALUE's content as they become ready; the last piece is still in `out`. */
async function* streamItems<T>(
  out: Output,
  batches: Batches<T>,
  write: WriteItem<T>,
  context: ItemContext,
): AsyncGenerator<Buffer, void, undefined> {
  let items = 0;
  for await (const batch of batches) {
    for (const item of batch) {
      write(out, item, context);
      items++;
      // The first few leave early so that a client has something to do.
      if (out.size < batchSize && items !== earlyItems) continue;
      yield out.take();
      await nextTurn();
    }
  }
}

function parameter(name: string, type: 'boolean' | 'string', text: string): string {
  return `<PARAMVALUE NAME="${name}" PARAMTYPE="${type}"><VALUE>${text}</VALUE></PARAMVALUE>`;
}

function pulledTail(result: { readonly endOfSequence: boolean; readonly enumerationContext: string | null }): string {
  const context = escapeText(result.enumerationContext ?? '');
  return (
    parameter('EnumerationContext', 'string', result.endOfSequence ? '' : context) +
    parameter('EndOfSequence', 'boolean', result.endOfSequence ? 'TRUE' : 'FALSE')
  );
}

function methodBody(result: MethodResult): string {
  let text = '';
  if (result.returnValue !== null) {
    const embedded = embeddedKindOf(null, result.returnValue);
    const mark = embedded === null ? '' : ` EmbeddedObject="${embedded}"`;
    const value = valueElement(result.returnType, result.returnValue);
    text = `<RETURNVALUE PARAMTYPE="${result.returnType}"${mark}>${value}</RETURNVALUE>`;
  }
  // NULL out parameters are left out: wbemcli cannot read PARAMVALUE without a value.
  for (const out of result.outParameters) if (out.value !== null) text += parameterElement(out);
  return text;
}

/** IRETURNVALUE (or RETURNVALUE) and what follows it. */
function writeWhole(out: Output, result: WholeResult, context: ItemContext): void {
  switch (result.kind) {
    case 'void':
      return;
    case 'method':
      out.text(methodBody(result));
      return;
    case 'class':
      out.text('<IRETURNVALUE>');
      writeClass(out, result.class, context);
      break;
    case 'class-names':
      out.text(`<IRETURNVALUE>${result.names.map(classNameElement).join('')}`);
      break;
    case 'instance':
      out.text('<IRETURNVALUE>');
      writeInstance(out, result.instance, context);
      break;
    case 'instance-name':
      out.text(`<IRETURNVALUE>${instanceNameElement(result.path)}`);
      break;
    case 'value':
      out.text(`<IRETURNVALUE>${valueElement(result.type, result.value)}`);
      break;
    case 'qualifier':
      out.text(`<IRETURNVALUE>${qualifierDeclarationElement(result.qualifier)}`);
      break;
    case 'qualifiers':
      out.text(`<IRETURNVALUE>${result.qualifiers.map(qualifierDeclarationElement).join('')}`);
      break;
    case 'count':
      out.text(`<IRETURNVALUE>${valueElement('uint64', result.count)}`);
      break;
    case 'pulled-instances': {
      out.text('<IRETURNVALUE>');
      const write = result.withPath ? writeLocatedInstance : writeInstance;
      for (const instance of result.instances) write(out, instance, context);
      out.text(`</IRETURNVALUE>${pulledTail(result)}`);
      if (result.queryResultClass === null) return;
      out.text('<PARAMVALUE NAME="QueryResultClass">');
      writeClass(out, result.queryResultClass, {
        ...context,
        detail: { includeQualifiers: true, includeClassOrigin: false },
      });
      out.text('</PARAMVALUE>');
      return;
    }
    case 'pulled-paths':
      out.text('<IRETURNVALUE>');
      for (const path of result.paths) writeInstancePath(out, path, context);
      out.text(`</IRETURNVALUE>${pulledTail(result)}`);
      return;
  }
  out.text('</IRETURNVALUE>');
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

function contextOf(request: CimRequest, options: ResponseOptions): ItemContext {
  const place = { host: options.host ?? 'localhost', namespace: request.namespace };
  return { place, placeText: namespaceElement(place.host, place.namespace), detail: detailOf(request) };
}

async function* streamResponse(
  out: Output,
  request: CimRequest,
  result: StreamedResult,
  options: ResponseOptions,
): AsyncGenerator<Buffer, void, undefined> {
  out.text('<IRETURNVALUE>');
  const write = itemWriters[result.kind] as WriteItem<unknown>;
  yield* streamItems(out, result.batches as Batches<unknown>, write, contextOf(request, options));
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
  yield out.take();
}

/**
 * The answer to a request: one Buffer, or for results with batches a stream of Buffers of about 64 KiB, the first after
 * eight items, with a turn of the event loop for others after each. A failure of the batches, or a value that cannot be
 * written, is thrown by the stream. Qualifiers and class origins are written as the request asks.
 * @throws TvdcError `bad_value`, `no_path` @throws XmlCharacterError `xml_character`
 */
export function encodeResponse(
  id: string,
  request: CimRequest,
  result: CimResult,
  options: ResponseOptions = {},
): Buffer | AsyncGenerator<Buffer, void, undefined> {
  if (isStreamed(result)) return streamMessage(id, request, result, options);
  const message = answerEnvelope(id);
  const response = simpleResponse(callOf(request));
  const out = new Output();
  out.text(message.head + response.head);
  writeWhole(out, result, contextOf(request, options));
  out.text(response.tail + message.tail);
  return out.take();
}

/** ERROR. */
export function errorElement(error: CimError, withInstances: boolean): string {
  const description = escapeAttribute(`${statusName(error.status)}: ${error.description}`);
  const instances = withInstances ? error.instances.map((instance) => instanceElement(instance, false)) : [];
  return `<ERROR CODE="${error.status}" DESCRIPTION="${description}">${instances.join('')}</ERROR>`;
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
    else writeWhole(out, answer.result, contextOf(answer.request, options));
    out.text(response.tail);
    if (out.size < batchSize) continue;
    yield out.take();
    await nextTurn();
  }
  out.text(`</MULTIRSP>${message.tail}`);
  yield out.take();
}
