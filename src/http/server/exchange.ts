import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Log, messageOf, TvdcError } from '../../base/index.js';
import {
  type CimMessage,
  CodecError,
  type DecodedCall,
  type DecodedExport,
  decodeMessage,
  encodeBatchResponse,
  encodeErrorResponse,
  encodeExportBatchResponse,
  encodeExportResponse,
  encodeResponse,
  type ExportAnswer,
} from '../../cim/codec/index.js';
import { CimError } from '../../cim/operations/index.js';
import { type Answering, ClientGone, sendRefusal, sendStream, sendWhole } from './answer.js';
import { answersOf } from './batch.js';
import { IncompleteRequest, readBody } from './body.js';
import { contentCoding, gunzipBody, wantsGzip } from './compression.js';
import { credentialsOf } from './credentials.js';
import { checkAgreement } from './header-body.js';
import { checkContentType, checkMethod, checkOnce, framingOf, protocolVersionOf, roleOf } from './header-rules.js';
import type { HostNames } from './host-names.js';
import { defaultGzipFrom, type HttpServerLimits, type ServerListen, type WbemServerOptions } from './options.js';
import { HttpRefusal } from './refusal.js';

/** What all requests of a server share. */
export interface ServerContext<C> {
  readonly options: WbemServerOptions<C>;
  readonly limits: HttpServerLimits;
  readonly hostNames: HostNames;
  readonly log: Log;
  isDraining(): boolean;
}

/** One request and what belongs to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly listen: ServerListen;
  /** The client waits for 100 before it sends the body. */
  readonly expectsContinue: boolean;
}

/** Inside of a quoted-string of HTTP, which has room for ASCII only. */
function quotedText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
}

async function authenticated<C>(context: ServerContext<C>, { request, listen }: Exchange): Promise<C> {
  const { options } = context;
  const credentials = credentialsOf(request, listen);
  if (options.authenticate === undefined) {
    // Without a port there is no proof: createWbemServer allowed only listeners that ask for none.
    if (credentials?.scheme === 'none') return null as C;
  } else if (credentials !== null) {
    const caller = await options.authenticate(credentials, request.socket.remoteAddress ?? null);
    if (caller !== null) return caller;
  }
  throw new HttpRefusal(401, {
    headers: ['WWW-Authenticate', `Basic realm="${quotedText(options.realm ?? 'cimom')}"`],
  });
}

function decode(body: Buffer): CimMessage {
  try {
    return decodeMessage(body);
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const cimError = error.code === 'request-not-well-formed' ? error.code : 'request-not-valid';
    throw new HttpRefusal(400, { cimError, details: error.message });
  }
}

/** What the encoder refuses to write: no secret of the server's, and whoever made the value wants to know. */
const unwritable: ReadonlySet<string> = new Set(['bad_value', 'no_path', 'xml_character']);

function toCimError(context: ServerContext<unknown>, error: unknown): CimError {
  if (error instanceof CimError) return error;
  context.log.error('http.operation_failed', { error: messageOf(error) });
  if (error instanceof TvdcError && unwritable.has(String(error.code))) {
    return new CimError(1, `the answer cannot be written: ${error.message}`);
  }
  return new CimError(1, 'internal error of the server');
}

function wantsErrorInstances(request: IncomingMessage): boolean {
  return request.headers['user-agent'] !== undefined || request.headers.accept !== undefined;
}

/** Aborts when the client goes away before the answer has ended. */
function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const check = (): void => {
    if (!response.writableFinished) controller.abort(new ClientGone());
  };
  if (response.destroyed) check();
  else response.on('close', check);
  return controller.signal;
}

/** What an operation is told; the signal is made when somebody listens, which most operations never do. */
class Circumstances {
  readonly host: string;
  readonly #response: ServerResponse;
  #signal: AbortSignal | null = null;

  constructor(response: ServerResponse, host: string) {
    this.#response = response;
    this.host = host;
  }

  get signal(): AbortSignal {
    this.#signal ??= signalOf(this.#response);
    return this.#signal;
  }
}

async function answerCall<C>(
  context: ServerContext<C>,
  exchange: Exchange,
  answering: Answering,
  message: { readonly id: string; readonly call: DecodedCall; readonly caller: C },
): Promise<void> {
  const { request, response } = exchange;
  const { id, call, caller } = message;
  const { options } = context;
  try {
    options.admit?.(caller);
    if (call.outcome.kind === 'faulty') throw call.outcome.error;
    if (options.execute === undefined) throw new CimError(7, 'this server only takes indications');
    const wanted = call.outcome.request;
    const host = context.hostNames.choose(request.headers.host, request.socket.localAddress);
    const result = await options.execute(caller, wanted, new Circumstances(response, host));
    const answer = encodeResponse(id, wanted, result, { host });
    if (Symbol.asyncIterator in answer) await sendStream(answering, answer);
    else await sendWhole(answering, answer);
  } catch (error) {
    if (error instanceof ClientGone || response.headersSent) throw error;
    const failure = toCimError(context, error);
    if (response.destroyed) throw new ClientGone();
    const withInstances = wantsErrorInstances(request);
    await sendWhole(answering, [encodeErrorResponse(id, call, failure, { withInstances })]);
  }
}

async function answerBatch<C>(
  context: ServerContext<C>,
  { request, response }: Exchange,
  answering: Answering,
  message: { readonly id: string; readonly calls: readonly DecodedCall[]; readonly caller: C },
): Promise<void> {
  const { options } = context;
  const signal = signalOf(response);
  const host = context.hostNames.choose(request.headers.host, request.socket.localAddress);
  const answers = answersOf(message.calls, {
    admit: () => options.admit?.(message.caller),
    execute: async (wanted) => {
      if (options.execute === undefined) throw new CimError(7, 'this server only takes indications');
      return options.execute(message.caller, wanted, { signal, host });
    },
    toCimError: (error) => toCimError(context, error),
    signal,
  });
  const withInstances = wantsErrorInstances(request);
  await sendStream(answering, encodeBatchResponse(message.id, answers, { host, withInstances }));
}

/** Hands an indication on. @returns null where it was accepted */
async function takeIn(
  context: ServerContext<unknown>,
  request: IncomingMessage,
  call: DecodedExport,
): Promise<CimError | null> {
  try {
    if (call.outcome.kind === 'faulty') throw call.outcome.error;
    await context.options.onExport?.(call.outcome.indication, {
      address: request.socket.remoteAddress ?? null,
      secure: 'encrypted' in request.socket,
      path: request.url ?? '/',
    });
    return null;
  } catch (error) {
    return toCimError(context, error);
  }
}

async function answerExports(
  context: ServerContext<unknown>,
  request: IncomingMessage,
  answering: Answering,
  message: { readonly id: string; readonly calls: readonly DecodedExport[] },
): Promise<void> {
  const answers: ExportAnswer[] = [];
  for (const call of message.calls) answers.push({ name: call.name, error: await takeIn(context, request, call) });
  await sendWhole(answering, [encodeExportBatchResponse(message.id, answers)]);
}

function checkBatch(size: number, most: number): void {
  if (size <= most) return;
  throw new HttpRefusal(400, {
    cimError: 'request-not-valid',
    details: `expected at most ${most} requests in a batch`,
  });
}

/** Answers what was asked, the headers being in order. */
async function carryOut<C>(
  context: ServerContext<C>,
  exchange: Exchange,
  answering: Answering,
  { id, body }: CimMessage,
  caller: C,
): Promise<void> {
  switch (body.kind) {
    case 'simple':
      return answerCall(context, exchange, answering, { id, call: body.call, caller });
    case 'batch':
      checkBatch(body.calls.length, context.limits.batchRequests);
      return answerBatch(context, exchange, answering, { id, calls: body.calls, caller });
    case 'export': {
      const failure = await takeIn(context, exchange.request, body.call);
      return sendWhole(answering, [encodeExportResponse(id, body.call.name, failure)]);
    }
    case 'export-batch':
      checkBatch(body.calls.length, context.limits.batchRequests);
      return answerExports(context, exchange.request, answering, { id, calls: body.calls });
    case 'unsupported':
      throw new HttpRefusal(501, { cimError: body.refusal });
  }
}

async function answer<C>(context: ServerContext<C>, exchange: Exchange, started: number): Promise<void> {
  const { request, response, expectsContinue } = exchange;
  const { options, limits } = context;
  checkMethod(request);
  if (context.isDraining()) throw new HttpRefusal(503, { details: 'the server is shutting down', close: true });
  checkOnce(request);
  const framing = framingOf(request.headers, limits.bodyBytes);
  const caller = await authenticated(context, exchange);
  checkContentType(request.headers);
  const coding = contentCoding(request.headers);
  const role = roleOf(request.headers, {
    calls: options.execute !== undefined,
    exports: options.onExport !== undefined,
  });
  const protocolVersion = protocolVersionOf(request.headers);
  if (expectsContinue) response.writeContinue();
  const body = await readBody(request, framing, limits.bodyBytes);
  const message = decode(coding === 'gzip' ? await gunzipBody(body, limits.bodyBytes) : body);
  checkAgreement(role, protocolVersion, message);
  const answering: Answering = {
    request,
    response,
    started,
    role: role.kind === 'call' ? 'CIMOperation' : 'CIMExport',
    writeTimeout: limits.writeTimeout,
    gzipFrom: wantsGzip(request.headers) ? (options.gzipFrom ?? defaultGzipFrom) : Number.POSITIVE_INFINITY,
    toCimError: (error) => toCimError(context, error),
  };
  await carryOut(context, exchange, answering, message, caller);
}

/** Answers one request, whatever happens. @returns whether it got an answer to an operation, not an HTTP error */
export async function handleExchange<C>(context: ServerContext<C>, exchange: Exchange): Promise<boolean> {
  const started = performance.now();
  const { request, response } = exchange;
  try {
    await answer(context, exchange, started);
    return true;
  } catch (error) {
    if (error instanceof HttpRefusal) {
      context.log.debug('http.refused', { status: error.status, reason: error.message });
      // 100 was sent if the body has begun to be read.
      await sendRefusal(
        request,
        response,
        error,
        exchange.expectsContinue && !response.writableEnded && !request.readableDidRead,
      );
      return false;
    }
    if (error instanceof ClientGone || error instanceof IncompleteRequest) return false;
    if (response.headersSent) {
      context.log.warn('http.answer_cut', { error: messageOf(error) });
      return false;
    }
    context.log.error('http.failed', { error: messageOf(error) });
    await sendRefusal(request, response, new HttpRefusal(500, { close: true }), exchange.expectsContinue);
    return false;
  }
}
