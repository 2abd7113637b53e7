import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { ConfigurationError, messageOf } from '../../base/index.js';
import { createHttpTransport, WbemClient } from '../../client/index.js';
import type { PeerConnection } from './config.js';

/** Milliseconds for one operation: a destination may have much to read and write. */
const timeout = 120_000;

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ConfigurationError('bad_peers', `${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Runs work with a client of a server; secret and certificates are read anew, so that they may be replaced. @throws ConfigurationError `bad_peers` */
export async function withServer<T>(
  { url, user, passwordFile, cacert }: PeerConnection,
  namespace: string,
  work: (client: WbemClient) => Promise<T>,
): Promise<T> {
  const transport = createHttpTransport({
    url,
    user,
    password: read(passwordFile).toString('utf8').trim(),
    timeout,
    ...(cacert === undefined ? {} : { tls: { ca: read(cacert) } }),
  });
  try {
    return await work(new WbemClient(transport, { namespace }));
  } finally {
    await transport.close();
  }
}

/** Milliseconds. */
const patience = 5000;
const defaultPorts: Readonly<Record<string, number>> = { 'http:': 5988, 'https:': 5989 };

/** Whether somebody takes connections there, whoever it is: a host whose certificate or answer is wrong is not gone. */
export function isListening(url: string): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({ host, port: port === '' ? (defaultPorts[protocol] ?? 0) : Number(port) });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patience, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
