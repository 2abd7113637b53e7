import type { IncomingMessage } from 'node:http';
import { type Framing, tooLarge } from './header-rules.js';

const empty = Buffer.alloc(0);

/** The client went away, or broke HTTP, before its request was complete: there is nobody to answer. */
export class IncompleteRequest extends Error {}

/** Reads a whole body. @throws HttpRefusal 413 @throws IncompleteRequest */
export function readBody(request: IncomingMessage, framing: Framing, bodyBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | null = null;
    let chunks: Buffer[] | null = null;
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > bodyBytes) {
        request.removeAllListeners('data');
        reject(tooLarge(bodyBytes));
      } else if (first === null) {
        first = chunk;
      } else {
        chunks ??= [first];
        chunks.push(chunk);
      }
    });
    request.on('end', () => resolve(chunks === null ? (first ?? empty) : Buffer.concat(chunks, length)));
    request.on('close', () => {
      if (!request.complete) reject(new IncompleteRequest());
    });
    request.on('error', () => reject(new IncompleteRequest()));
    if (framing.kind === 'length' && framing.length === 0) request.resume();
  });
}

/** Reads and forgets what a refused client still sends, so that it gets to see the answer; both bounds end it. */
export function discardBody(request: IncomingMessage, bytes: number, milliseconds: number): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let left = bytes;
    const done = (): void => {
      clearTimeout(timer);
      request.off('data', count);
      resolve();
    };
    const count = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left < 0) done();
    };
    const timer = setTimeout(done, milliseconds);
    request.on('data', count);
    request.once('end', done);
    request.once('close', done);
    request.once('error', done);
  });
}
