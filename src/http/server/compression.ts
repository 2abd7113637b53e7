import type { IncomingHttpHeaders } from 'node:http';
import { constants, createGzip, type Gzip, gunzip, gzip } from 'node:zlib';
import { tooLarge } from './header-rules.js';
import { badRequest, HttpRefusal } from './refusal.js';

/** XML that repeats itself gets small already at the least effort. */
const level = constants.Z_BEST_SPEED;
const chunkSize = 64 * 1024;

function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const weight = /^\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*$/i.exec(parameter);
    if (weight !== null) return Number(weight[1]);
  }
  return 1;
}

/** Whether the client asked for gzip and does not like plain answers better (RFC 9110 12.5.3). */
export function wantsGzip(headers: IncomingHttpHeaders): boolean {
  const asked = headers['accept-encoding'];
  if (asked === undefined) return false;
  const weights = new Map<string, number>();
  for (const item of String(asked).split(',')) {
    const [coding = '', ...parameters] = item.split(';');
    weights.set(coding.trim().toLowerCase(), weightOf(parameters));
  }
  const weight = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return weight > 0 && weight >= (weights.get('identity') ?? 0);
}

/** Compresses a whole answer, off the main thread. */
export function gzipWhole(pieces: readonly Buffer[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(Buffer.concat(pieces), { level }, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}

/** Compresses a stream; what was written so far can be read at once, for a slow source must not seem dead. */
export function createGzipStream(): Gzip {
  return createGzip({ level, chunkSize, flush: constants.Z_SYNC_FLUSH });
}

/** The coding of a request's body. @throws HttpRefusal 415 */
export function contentCoding(headers: IncomingHttpHeaders): 'identity' | 'gzip' {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  switch (coding) {
    case 'identity':
    case '':
      return 'identity';
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    default:
      throw new HttpRefusal(415, {
        details: `content encoding ${coding.slice(0, 100)} is not known`,
        headers: ['Accept-Encoding', 'gzip'],
      });
  }
}

/** Unpacks a request's body as far as it is allowed to be large. @throws HttpRefusal 400, 413 */
export function gunzipBody(body: Buffer, bodyBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gunzip(body, { maxOutputLength: bodyBytes }, (error, bytes) => {
      if (error === null) resolve(bytes);
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') reject(tooLarge(bodyBytes));
      else reject(badRequest(`the body is not gzip: ${error.message}`));
    });
  });
}
