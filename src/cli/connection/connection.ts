import type { ExchangeRecorder, HttpTransport, WbemClient } from '../../client/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { UsageError } from '../exit.js';
import { readBytes, writing } from '../files.js';
import type { ConnectionOptions } from './options.js';
import { type Settings, settingsOf } from './settings.js';

function readOption(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : Buffer.from(readBytes(file));
}

function timeoutOf(wanted: string): number {
  const seconds = Number(wanted);
  if (wanted.trim() === '' || !(seconds >= 0)) throw new UsageError(`--timeout takes seconds, not "${wanted}"`);
  return seconds * 1000;
}

const recorders = new Map<string, ExchangeRecorder>();

/** All clients of one command record in the same file. @throws UsageError */
async function recorderFor(file: string): Promise<ExchangeRecorder> {
  const { HarFileRecorder } = await import('../../client/index.js');
  let recorder = recorders.get(file);
  if (recorder === undefined) {
    recorder = writing(file, () => new HarFileRecorder(file));
    recorders.set(file, recorder);
  }
  return recorder;
}

/** The namespace that the options name. @throws UsageError */
export function namespaceOf(options: ConnectionOptions): string {
  return settingsOf(options).namespace;
}

/** Clients that are used again; null: each command has its own. */
let kept: Map<string, WbemClient> | null = null;

/**
 * From now on commands of this process that name the same server share a client, with its connections and what it has read of
 * the schema. @returns ends that, and the connections
 */
export function keepConnections(): () => Promise<void> {
  const clients = new Map<string, WbemClient>();
  const before = kept;
  kept = clients;
  return async () => {
    kept = before;
    for (const { transport } of clients.values()) await (transport as HttpTransport).close();
  };
}

/** A client for the server that the options name; its code is loaded here, for commands that stay on this machine do without. @throws UsageError */
export async function connect(options: ConnectionOptions): Promise<WbemClient> {
  const settings = settingsOf(options);
  const clients = kept;
  if (clients === null) return createClient(settings, options);
  const key = JSON.stringify([settings, options.data, options.har]);
  const known = clients.get(key);
  if (known !== undefined) return known;
  const client = await createClient(settings, options);
  clients.set(key, client);
  return client;
}

async function createClient(settings: Settings, options: ConnectionOptions): Promise<WbemClient> {
  const { createHttpTransport, WbemClient } = await import('../../client/index.js');
  const recorder = options.har === undefined ? null : await recorderFor(options.har);
  const { loginOf, ownCertificate, splitCredentials } = await import('./login.js');
  const { url, login } = splitCredentials(settings.url);
  const ca = readOption(settings.cacert) ?? ownCertificate(options, url);
  const cert = readOption(settings.cert);
  const key = readOption(settings.key);
  const transport = createHttpTransport({
    url,
    ...(login ?? loginOf(settings, options.data, url)),
    timeout: timeoutOf(settings.timeout),
    ...(recorder === null ? {} : { recorder }),
    tls: {
      verify: settings.noverify !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
  return new WbemClient(transport, { namespace: settings.namespace });
}

/** The host that the options name, for the noun commands. */
export async function connectHost(options: ConnectionOptions): Promise<ManagedHost> {
  const { ManagedHost } = await import('../../client/management/index.js');
  return new ManagedHost(await connect(options), namespaceOf(options));
}
