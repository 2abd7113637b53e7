import type { ExchangeRecorder, WbemClient } from '../../client/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { UsageError } from '../exit.js';
import { readBytes, writing } from '../files.js';
import type { ConnectionOptions } from './options.js';
import { settingsOf } from './settings.js';

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

/** A client for the server that the options name; its code is loaded here, for commands that stay on this machine do without. @throws UsageError */
export async function connect(options: ConnectionOptions): Promise<WbemClient> {
  const { createHttpTransport, WbemClient } = await import('../../client/index.js');
  const recorder = options.har === undefined ? null : await recorderFor(options.har);
  const { loginOf, ownCertificate, splitCredentials } = await import('./login.js');
  const settings = settingsOf(options);
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
