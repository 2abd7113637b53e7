import type { Duplex } from 'node:stream';
import { badRequest, HttpRefusal, refusalHeaders } from './refusal.js';

/** What node's parser tells of bytes that are not HTTP. */
interface ParserFault extends Error {
  readonly code?: string;
  readonly reason?: string;
  readonly rawPacket?: Buffer;
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
};

function headOf(packet: Buffer | undefined): string {
  if (packet === undefined) return '';
  const head = packet.toString('latin1', 0, 64 * 1024);
  const end = head.indexOf('\r\n\r\n');
  return end < 0 ? head : head.slice(0, end);
}

/** M-POST (RFC 2774) is an extension that nobody needs: 501 makes its clients fall back to POST. */
function unknownMethod(head: string): HttpRefusal {
  const line = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) \S+ HTTP\/([0-9])\.([0-9])\r?(?:\n|$)/.exec(head);
  if (line === null) return badRequest('expected a request line');
  if (line[1] !== 'M-POST') return new HttpRefusal(405, { headers: ['Allow', 'POST'] });
  return line[3] === '0' ? badRequest('M-POST needs HTTP/1.1') : new HttpRefusal(501, { details: 'use POST' });
}

/** The answer to what node's parser refused; null where nobody is left to read one. */
export function refusalOf(fault: ParserFault): HttpRefusal | null {
  switch (fault.code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return null;
    case 'HPE_HEADER_OVERFLOW':
      return new HttpRefusal(431);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpRefusal(408);
    case 'HPE_INVALID_METHOD':
      return unknownMethod(headOf(fault.rawPacket));
    case 'HPE_INVALID_TRANSFER_ENCODING':
      // The last coding is not chunked; other reasons mean that the header is given twice or malformed.
      return fault.reason?.startsWith('Request has') === true
        ? new HttpRefusal(501, { details: 'expected Transfer-Encoding chunked' })
        : badRequest('expected Transfer-Encoding chunked, once');
    default:
      return badRequest('not a valid HTTP request');
  }
}

/**
 * Answers on the bare socket, which is of no further use.
 * @param answering another answer is on its way: in the middle of it there is no room for this one
 */
export function answerClientError(fault: ParserFault, socket: Duplex, answering: boolean): void {
  const refusal = refusalOf(fault);
  if (refusal === null || answering || !socket.writable || socket.destroyed) {
    socket.destroy();
    return;
  }
  const headers = refusalHeaders(refusal);
  let text = `HTTP/1.1 ${refusal.status} ${reasons[refusal.status] ?? 'Error'}\r\n`;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  socket.end(`${text}Connection: close\r\n\r\n`, () => socket.destroy());
}
