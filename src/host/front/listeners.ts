import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../../base/index.js';
import type { ServerListen, ServerTls } from '../../http/server/index.js';
import { createServerCertificate } from '../../vtpm/index.js';

export interface ListenerOptions {
  /** The data folder, which exists. */
  readonly folder: string;
  readonly host: string;
  /** 0: none. */
  readonly httpPort: number;
  readonly httpsPort: number;
}

const hostName = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/;
const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Accounts under which callers of the two sockets act. */
const administrator = 'admin';
export const observer = 'observe';

async function readIfThere(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null);
}

/** The certificate of this host's HTTPS: made at the first start, kept in the data folder. */
async function serverTls(folder: string, host: string): Promise<ServerTls> {
  const certificateFile = join(folder, 'server.pem');
  const keyFile = join(folder, 'server.key');
  const cert = await readIfThere(certificateFile);
  const key = await readIfThere(keyFile);
  if (cert !== null && key !== null) return { cert, key };
  const names = [...new Set(['localhost', '127.0.0.1', '::1', hostname(), host])].filter(
    (name) => !['0.0.0.0', '::'].includes(name),
  );
  const made = createServerCertificate(names);
  await writeFile(keyFile, made.privateKey, { mode: 0o600 });
  await writeFile(certificateFile, made.certificate);
  return { cert: made.certificate, key: made.privateKey };
}

/**
 * Where a host listens: HTTP on loopback only, HTTPS anywhere, and a Unix socket in the data folder whose file mode is the
 * proof of being the administrator.
 * @throws ConfigurationError `insecure_listen`: plain HTTP on another address than loopback; `bad_address`; `no_listener`
 */
export async function listenersOf(options: ListenerOptions): Promise<readonly ServerListen[]> {
  const { folder, host, httpPort, httpsPort } = options;
  if (isIP(host) === 0 && !hostName.test(host)) {
    throw new ConfigurationError('bad_address', `not an address or a host name to listen on: ${host}`);
  }
  if (httpPort === 0 && httpsPort === 0)
    throw new ConfigurationError(
      'no_listener',
      'with both ports 0 nobody could connect: give --http-port or --https-port',
    );
  const listen: ServerListen[] = [];
  if (httpPort !== 0 && loopback.has(host)) listen.push({ kind: 'tcp', host, port: httpPort, authentication: 'basic' });
  if (httpPort !== 0 && !loopback.has(host) && httpsPort === 0) {
    throw new ConfigurationError('insecure_listen', `secrets do not travel in the clear: ${host} needs --https-port`);
  }
  if (httpsPort !== 0) {
    listen.push({ kind: 'tcp', host, port: httpsPort, tls: await serverTls(folder, host), authentication: 'basic' });
  }
  listen.push({
    kind: 'socket',
    path: join(folder, 'admin.sock'),
    mode: 0o600,
    name: administrator,
    authentication: 'socket',
  });
  listen.push({
    kind: 'socket',
    path: join(folder, 'observe.sock'),
    mode: 0o660,
    name: observer,
    authentication: 'socket',
  });
  return listen;
}
