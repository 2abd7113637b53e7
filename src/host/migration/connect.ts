import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { ConfigurationError, messageOf } from '../../base/index.js';
import { createHttpTransport, type HttpTransport, TransportError, WbemClient } from '../../client/index.js';
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

/** Connections to other servers, which can be cut: an answer that does not come must not hold a process that ends. */
export class Lines {
  readonly #open = new Set<HttpTransport>();
  #isCut = false;

  /**
   * Runs work with a client of a server; secret and certificates are read anew, so that they may be replaced.
   * @throws ConfigurationError `bad_peers` @throws TransportError also where the lines are cut
   */
  async run<T>(
    { url, user, passwordFile, cacert }: PeerConnection,
    namespace: string,
    work: (client: WbemClient) => Promise<T>,
  ): Promise<T> {
    if (this.#isCut) throw new TransportError('aborted', `${url}: this host ends`);
    const transport = createHttpTransport({
      url,
      user,
      password: read(passwordFile).toString('utf8').trim(),
      timeout,
      ...(cacert === undefined ? {} : { tls: { ca: read(cacert) } }),
    });
    this.#open.add(transport);
    try {
      return await work(new WbemClient(transport, { namespace }));
    } finally {
      this.#open.delete(transport);
      await transport.close();
    }
  }

  /** What is under way fails, and so does what is asked from now on. */
  cut(): void {
    this.#isCut = true;
    // Nobody waits for the sockets: the work that has them does.
    for (const transport of this.#open) transport.close().catch(() => undefined);
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
