import { chmod, lstat, stat, unlink } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type ListenOptions } from 'node:net';
import { dirname } from 'node:path';
import { ConfigurationError, messageOf } from '../../base/index.js';
import type { HttpServerLimits, ServerAddress, ServerListen, SocketListen, TcpListen } from './options.js';

const defaultSocketMode = 0o600;

function serverOptions(limits: HttpServerLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeout,
    requestTimeout: limits.requestTimeout,
    keepAliveTimeout: limits.keepAliveTimeout,
    connectionsCheckingInterval: Math.max(100, Math.min(10_000, limits.headersTimeout / 4, limits.requestTimeout / 4)),
    // Checked by our own rules, which answer with a length and without a body.
    requireHostHeader: false,
    noDelay: true,
  };
}

/** @throws ConfigurationError `bad_certificate`, `bad_listener` */
export function createListener(listen: ServerListen, limits: HttpServerLimits): HttpServer {
  const options = serverOptions(limits);
  const tls = listen.kind === 'tcp' ? listen.tls : undefined;
  if (listen.authentication === 'certificate' && tls?.ca === undefined) {
    throw new ConfigurationError('bad_listener', 'client certificates need TLS with the authorities that sign them');
  }
  if (tls === undefined) return createHttpServer(options);
  const asksCertificate = listen.authentication === 'certificate';
  try {
    return createHttpsServer({
      ...options,
      cert: tls.cert,
      key: tls.key,
      ...(tls.ca === undefined ? {} : { ca: tls.ca as string | Buffer | (string | Buffer)[] }),
      minVersion: tls.minVersion ?? 'TLSv1.2',
      handshakeTimeout: limits.tlsHandshakeTimeout,
      requestCert: asksCertificate,
      rejectUnauthorized: asksCertificate,
      ALPNProtocols: ['http/1.1'],
    });
  } catch (cause) {
    throw new ConfigurationError(
      'bad_certificate',
      `the certificate or key for TLS cannot be used: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

function explain(listen: ServerListen, cause: NodeJS.ErrnoException): ConfigurationError {
  const where = listen.kind === 'tcp' ? `port ${listen.port} on ${listen.host}` : `socket ${listen.path}`;
  const options = { cause, details: { listen: where } };
  switch (cause.code) {
    case 'EADDRINUSE':
      return new ConfigurationError(
        'port_in_use',
        `${where} is in use: stop the program that uses it, or choose another`,
        options,
      );
    case 'EACCES':
    case 'EPERM':
      return new ConfigurationError(
        'port_denied',
        `${where} may not be opened by this user: choose another, or grant the right`,
        options,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new ConfigurationError(
        'bad_address',
        `${where} cannot be opened: no such address on this machine`,
        options,
      );
    default:
      return new ConfigurationError('bad_address', `${where} cannot be opened: ${cause.message}`, options);
  }
}

function answersOnSocket(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

/** A socket file that a killed process left behind is in nobody's use. */
async function removeStaleSocket(listen: SocketListen): Promise<void> {
  const found = await lstat(listen.path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) {
    throw new ConfigurationError(
      'bad_address',
      `${listen.path} exists and is not a socket: remove it, or choose another path`,
    );
  }
  if (await answersOnSocket(listen.path))
    throw explain(listen, Object.assign(new Error('in use'), { code: 'EADDRINUSE' }));
  await unlink(listen.path);
}

function open(server: HttpServer, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Nobody else may connect in the moment between creating the file and giving it its mode. */
async function openSocket(server: HttpServer, listen: SocketListen): Promise<void> {
  // Without this check the system would speak of missing rights.
  const folder = dirname(listen.path);
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    throw new ConfigurationError('bad_address', `socket ${listen.path} cannot be opened: there is no folder ${folder}`);
  }
  await removeStaleSocket(listen);
  const mode = listen.mode ?? defaultSocketMode;
  const before = process.umask(0o777 & ~mode);
  let opening: Promise<void>;
  try {
    opening = open(server, { path: listen.path });
  } finally {
    process.umask(before);
  }
  await opening;
  await chmod(listen.path, mode);
}

function tcpAddress(server: HttpServer, listen: TcpListen): ServerAddress {
  const { address, port } = server.address() as AddressInfo;
  const reachable = address === '::' ? '::1' : address === '0.0.0.0' ? '127.0.0.1' : address;
  const host = reachable.includes(':') ? `[${reachable}]` : reachable;
  return { listen, url: `${listen.tls === undefined ? 'http' : 'https'}://${host}:${port}`, port };
}

/** @throws ConfigurationError `port_in_use`, `port_denied`, `bad_address` */
export async function openListener(server: HttpServer, listen: ServerListen): Promise<ServerAddress> {
  try {
    if (listen.kind === 'tcp') {
      await open(server, { host: listen.host, port: listen.port });
      return tcpAddress(server, listen);
    }
    await openSocket(server, listen);
    return { listen, url: `unix:${listen.path}`, port: null };
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw explain(listen, error as NodeJS.ErrnoException);
  }
}
