import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { recycle } from '../../cim/codec/index.js';
import type { CimError } from '../../cim/operations/index.js';
import { discardBody } from './body.js';
import { createGzipStream, gzipWhole } from './compression.js';
import { readsTrailers } from './header-rules.js';
import { type HttpRefusal, headerText, refusalHeaders } from './refusal.js';

/** The client went away while it was answered. */
export class ClientGone extends Error {}

/** Up to here an answer is sent as a whole. */
const gatherBytes = 64 * 1024;
const oneStringBytes = 8 * 1024;
/** A provider slower than this between two batches does not hold back what is already there. */
const gatherMilliseconds = 20;

export interface Answering {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `performance.now()` when the request came. */
  readonly started: number;
  /** `CIMOperation` or `CIMExport`. */
  readonly role: 'CIMOperation' | 'CIMExport';
  /** Milliseconds in which the client must take something. */
  readonly writeTimeout: number;
  /** Bytes from which on the client wants the answer compressed. */
  readonly gzipFrom: number;
  /** Makes a late failure a status. */
  readonly toCimError: (error: unknown) => CimError;
}

function answerHeaders(answering: Answering): string[] {
  return [
    'Content-Type',
    'application/xml; charset="utf-8"',
    answering.role,
    'MethodResponse',
    'Cache-Control',
    'no-cache',
    'WBEMServerResponseTime',
    String(Math.round((performance.now() - answering.started) * 1000)),
  ];
}

/** Its memory is free again when the kernel has it; after a failure nobody knows who still looks at it. */
function recycling(piece: Buffer): (error?: Error | null) => void {
  return (error) => {
    if (error === undefined || error === null) recycle(piece);
  };
}

const gzipHeaders = ['Content-Encoding', 'gzip', 'Vary', 'Accept-Encoding'] as const;

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

/** An answer that is there as a whole, in one piece or several. @throws ClientGone */
export async function sendWhole(answering: Answering, pieces: readonly Buffer[]): Promise<void> {
  if (lengthOf(pieces) < answering.gzipFrom) {
    sendPieces(answering, pieces, []);
    return;
  }
  const compressed = await gzipWhole(pieces);
  for (const piece of pieces) recycle(piece);
  sendPieces(answering, [compressed], gzipHeaders);
}

function sendPieces(answering: Answering, pieces: readonly Buffer[], coding: readonly string[]): void {
  const { response, writeTimeout } = answering;
  if (response.destroyed) throw new ClientGone();
  const length = lengthOf(pieces);
  const headers = answerHeaders(answering);
  headers.push(...coding, 'Content-Length', String(length));
  response.writeHead(200, headers);
  if (length <= oneStringBytes) {
    // Node sends headers and a string in one system call; latin1 keeps every byte as it is.
    response.end(pieces.map((piece) => piece.toString('latin1')).join(''), 'latin1');
    for (const piece of pieces) recycle(piece);
  } else {
    response.cork();
    for (const piece of pieces) response.write(piece, recycling(piece));
    response.end();
    response.uncork();
  }
  if (response.writableLength > 0) response.socket?.setTimeout(writeTimeout);
}

function drained({ response, writeTimeout }: Answering): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = response.socket;
    if (socket === null || socket.destroyed) {
      reject(new ClientGone());
      return;
    }
    // Without a listener for `timeout` node destroys the socket, which ends in `close`.
    socket.setTimeout(writeTimeout);
    const clear = (): void => {
      socket.setTimeout(0);
      response.off('drain', onDrain);
      response.off('close', onClose);
    };
    const onDrain = (): void => {
      clear();
      resolve();
    };
    const onClose = (): void => {
      clear();
      reject(new ClientGone());
    };
    response.on('drain', onDrain);
    response.on('close', onClose);
  });
}

async function write(answering: Answering, chunk: Buffer): Promise<void> {
  const { response } = answering;
  if (response.destroyed) throw new ClientGone();
  // The encoder gives other connections their turn after each piece.
  if (!response.write(chunk, recycling(chunk))) await drained(answering);
}

/** Never the last chunk: a client must not take the half for the whole. */
function cut(socket: Socket | null): void {
  if (socket === null || socket.destroyed) return;
  if ('encrypted' in socket || socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function endWithFailure(answering: Answering, error: unknown, trailers: boolean): void {
  const { response } = answering;
  if (!trailers) {
    cut(response.socket);
    return;
  }
  const failure = answering.toCimError(error);
  response.addTrailers({
    CIMStatusCode: String(failure.status),
    CIMStatusCodeDescription: headerText(failure.description),
  });
  response.end();
}

type Next = IteratorResult<Buffer, void>;

/**
 * Beginning of a stream: all of it where it is short or one piece, else what came until 64 KiB or until the source became slow.
 * `next` is what was asked for last; null at the end.
 */
async function gather(
  stream: AsyncGenerator<Buffer, void, undefined>,
): Promise<{ readonly chunks: readonly Buffer[]; readonly next: Promise<Next> | null }> {
  const first = await stream.next();
  if (first.done) return { chunks: [], next: null };
  const chunks = [first.value];
  let length = first.value.length;
  let timer: NodeJS.Timeout | undefined;
  const slow = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), gatherMilliseconds);
  });
  try {
    for (;;) {
      const next = stream.next();
      // One large piece may be all there is.
      if (length > gatherBytes && chunks.length > 1) return { chunks, next };
      const step = await Promise.race([next, slow]);
      if (step === null) return { chunks, next };
      if (step.done) return { chunks, next: null };
      chunks.push(step.value);
      length += step.value.length;
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * An answer that is made while it is sent: whole if short, else chunked (close-delimited to HTTP/1.0). A failure before the
 * first byte is thrown; a later one goes into trailers, or cuts the connection where the client does not read them.
 * @throws ClientGone
 */
export async function sendStream(answering: Answering, stream: AsyncGenerator<Buffer, void, undefined>): Promise<void> {
  const { request, response } = answering;
  const { chunks, next: pending } = await gather(stream);
  if (pending === null) {
    return sendWhole(answering, chunks);
  }
  const trailers = request.httpVersionMinor > 0 && readsTrailers(request.headers);
  const headers = answerHeaders(answering);
  if (trailers) headers.push('Trailer', 'CIMError, CIMStatusCode, CIMStatusCodeDescription');
  const compressed = Number.isFinite(answering.gzipFrom);
  if (compressed) headers.push(...gzipHeaders);
  response.writeHead(200, headers);
  // Asked for already: its failure is seen below, after what came before it is sent.
  pending.catch(() => undefined);
  const rest = restOf(stream, chunks, pending);
  try {
    if (compressed)
      await pipeline(rest, createGzipStream(), (packed: AsyncIterable<Buffer>) => writeAll(answering, packed));
    else await writeAll(answering, rest);
  } catch (error) {
    await stream.return(undefined).catch(() => undefined);
    if (response.destroyed) throw new ClientGone();
    // A compressed answer lacks its end as well: nobody can take the half for the whole.
    endWithFailure(answering, error, trailers);
    throw error;
  }
  response.end();
}

async function writeAll(answering: Answering, pieces: AsyncIterable<Buffer>): Promise<void> {
  for await (const piece of pieces) await write(answering, piece);
}

/** The stream with its gathered beginning. */
async function* restOf(
  stream: AsyncGenerator<Buffer, void, undefined>,
  chunks: readonly Buffer[],
  pending: Promise<Next>,
): AsyncGenerator<Buffer, void, undefined> {
  yield* chunks;
  for (let step = await pending; !step.done; step = await stream.next()) yield step.value;
}

const lingerBytes = 8 * 1024 * 1024;
const lingerMilliseconds = 1000;

/** A status without a body. */
export async function sendRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: HttpRefusal,
  expectsContinue: boolean,
): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  // A client that waits for 100 sends no body now: what comes next would be taken for one.
  const close = expectsContinue || refusal.options.close === true;
  const headers = refusalHeaders(refusal);
  if (close && refusal.options.close !== true) headers.push('Connection', 'close');
  response.writeHead(refusal.status, headers);
  if (close && !expectsContinue && !request.complete) {
    // Closing with unread bytes would reset the connection and the client would lose the answer.
    response.flushHeaders();
    await discardBody(request, lingerBytes, lingerMilliseconds);
  }
  response.end();
}
