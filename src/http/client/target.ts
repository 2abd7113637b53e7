import { ConfigurationError } from '../../base/index.js';
import type { Pool } from 'undici';
import type { ClientTls } from './tls.js';

/** Where requests of one URL go. */
export interface HttpTarget {
  readonly origin: string;
  readonly path: string;
  readonly socketPath: string | null;
  readonly secure: boolean;
  /** Credentials that stood in the URL. */
  readonly user: string | null;
  readonly password: string | null;
}

/** A URL for messages and logs: what stands before the host may be a secret. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/?#]*@/, '$1');
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function portOf(url: URL, text: string): string {
  if (url.port !== '') return url.port;
  // URL drops a port that is the scheme's own: who writes :80 means 80.
  const written = /^https?:\/\/(?:[^/@]*@)?(?:\[[^\]]*\]|[^/:]*):([0-9]+)/i.exec(text)?.[1];
  return written ?? (url.protocol === 'https:' ? '5989' : '5988');
}

/**
 * Reads `http://[user:password@]host[:port][/path]`, `https://…` or `unix:/path`.
 * @param defaultPath where the URL has none
 * @throws ConfigurationError `bad_url`
 */
export function parseTarget(text: string, defaultPath: string): HttpTarget {
  if (text.startsWith('unix:')) {
    const socketPath = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (!socketPath.startsWith('/')) throw new ConfigurationError('bad_url', `expected unix:/path, got ${text}`);
    return { origin: 'http://localhost', path: defaultPath, socketPath, secure: false, user: null, password: null };
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    const shown = withoutCredentials(text);
    throw new ConfigurationError('bad_url', `expected http://host, https://host or unix:/path, got ${shown}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigurationError('bad_url', `expected http, https or unix, got ${url.protocol.slice(0, -1)}`);
  }
  return {
    origin: `${url.protocol}//${url.hostname}:${portOf(url, text)}`,
    path: url.pathname === '/' || url.pathname === '' ? defaultPath : url.pathname + url.search,
    socketPath: null,
    secure: url.protocol === 'https:',
    user: url.username === '' ? null : decodePart(url.username),
    password: url.password === '' ? null : decodePart(url.password),
  };
}

const loopback = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/i;

/** Whether what is sent leaves this machine: only then is compression a gain, and can others listen. */
export function isRemote({ origin, socketPath }: HttpTarget): boolean {
  return socketPath === null && !loopback.test(new URL(origin).hostname);
}

/** What a pool needs to connect: one deadline is kept elsewhere, so undici's own are off. */
export function poolOptions(target: HttpTarget, tls: ClientTls = {}, connections = 8): Pool.Options {
  return {
    connections,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: 0,
      rejectUnauthorized: tls.verify !== false,
      ...(target.socketPath === null ? {} : { socketPath: target.socketPath }),
      ...(tls.ca === undefined ? {} : { ca: tls.ca as string | Buffer | (string | Buffer)[] }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.passphrase === undefined ? {} : { passphrase: tls.passphrase }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    },
  };
}

/** Value of the Authorization header (RFC 7617); null without a user. */
export function basicHeader(user: string | null, password: string | null): string | null {
  return user === null ? null : `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`;
}
