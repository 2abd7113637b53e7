import { readFileSync } from 'node:fs';
import { createHttpTransport, WbemClient } from '../../client/index.js';
import type { PeerConnection } from './config.js';

/** Milliseconds for one operation: a destination may have much to read and write. */
const timeout = 120_000;

/** Runs work with a client of a server; secret and certificates are read anew, so that they may be replaced. */
export async function withServer<T>(
  { url, user, passwordFile, cacert }: PeerConnection,
  namespace: string,
  work: (client: WbemClient) => Promise<T>,
): Promise<T> {
  const transport = createHttpTransport({
    url,
    user,
    password: readFileSync(passwordFile, 'utf8').trim(),
    timeout,
    ...(cacert === undefined ? {} : { tls: { ca: readFileSync(cacert) } }),
  });
  try {
    return await work(new WbemClient(transport, { namespace }));
  } finally {
    await transport.close();
  }
}
