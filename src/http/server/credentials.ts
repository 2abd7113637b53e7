import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Credentials, ServerListen } from './options.js';

const basicForm = /^basic +([A-Za-z0-9+/]+={0,2})\s*$/i;
const longestHeader = 4096;

/** Name and secret of a Basic header (RFC 7617), null where it is not well-formed. */
function parseBasic(header: string | undefined): Credentials | null {
  if (header === undefined || header.length > longestHeader) return null;
  const encoded = basicForm.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  return { scheme: 'basic', user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function certificateOf(request: IncomingMessage): Credentials | null {
  const socket = request.socket as TLSSocket;
  if (socket.authorized !== true) return null;
  const certificate = socket.getPeerCertificate();
  const subject = Object.entries(certificate.subject ?? {})
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(',');
  return { scheme: 'certificate', subject, fingerprint256: certificate.fingerprint256 };
}

/** What the caller shows in the way that the listener wants; null: nothing, or not that. */
export function credentialsOf(request: IncomingMessage, listen: ServerListen): Credentials | null {
  switch (listen.authentication) {
    case 'basic':
      return parseBasic(request.headers.authorization);
    case 'certificate':
      return certificateOf(request);
    case 'socket':
      return { scheme: 'socket', socket: listen.name ?? listen.path };
    case 'none':
      return { scheme: 'none' };
  }
}
