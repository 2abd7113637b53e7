import type { WbemClient } from '../../client/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { UsageError } from '../exit.js';
import { readBytes } from '../files.js';
import { type ConnectionOptions, defaultUrl, environment } from './options.js';

function readOption(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : Buffer.from(readBytes(file));
}

function timeoutOf(options: ConnectionOptions): number {
  const wanted = options.timeout ?? environment('TIMEOUT') ?? '30';
  const seconds = Number(wanted);
  if (wanted.trim() === '' || !(seconds >= 0)) throw new UsageError(`--timeout takes seconds, not "${wanted}"`);
  return seconds * 1000;
}

/** The namespace that the options name. */
export function namespaceOf(options: ConnectionOptions): string {
  return options.namespace ?? environment('NAMESPACE') ?? 'root/tvdc';
}

/** A client for the server that the options name; its code is loaded here, for commands that stay on this machine do without. @throws UsageError */
export async function connect(options: ConnectionOptions): Promise<WbemClient> {
  const { createHttpTransport, WbemClient } = await import('../../client/index.js');
  const { loginOf, ownCertificate, splitCredentials } = await import('./login.js');
  const { url, login } = splitCredentials(options.url ?? environment('URL') ?? defaultUrl);
  const ca = readOption(options.cacert ?? environment('CACERT')) ?? ownCertificate(options, url);
  const cert = readOption(options.cert ?? environment('CERT'));
  const key = readOption(options.key ?? environment('KEY'));
  const transport = createHttpTransport({
    url,
    ...(login ?? loginOf(options, url)),
    timeout: timeoutOf(options),
    tls: {
      verify: options.noverify !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
  return new WbemClient(transport, { namespace: namespaceOf(options) });
}

/** The host that the options name, for the noun commands. */
export async function connectHost(options: ConnectionOptions): Promise<ManagedHost> {
  const { ManagedHost } = await import('../../client/management/index.js');
  return new ManagedHost(await connect(options), namespaceOf(options));
}
