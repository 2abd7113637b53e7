import type {
  AuthenticationMode,
  CimTransport,
  ExchangeRecorder,
  HttpTransport,
  WbemClient,
} from '../../client/index.js';
import type { ManagedHost } from '../../client/management/index.js';
import { UsageError } from '../exit.js';
import { readBytes, writing } from '../files.js';
import type { Streams } from '../output/index.js';
import { type JobOptions, jobWait } from './jobs.js';
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

function authenticationOf({ authentication = 'auto' }: Settings): AuthenticationMode {
  if (authentication === 'auto' || authentication === 'basic' || authentication === 'digest') return authentication;
  throw new UsageError(`--authentication takes auto, basic or digest, not "${authentication}"`);
}

/** The namespace that the options name. @throws UsageError */
export function namespaceOf(options: ConnectionOptions): string {
  return settingsOf(options).namespace;
}

/** Clients that are used again; null: each command has its own. */
let kept: Kept | null = null;

interface Kept {
  readonly clients: Map<string, WbemClient>;
  readonly closers: (() => Promise<void>)[];
  readonly interrupt: () => AbortSignal | null;
}

/**
 * From now on commands of this process that name the same server share a client, with its connections and what it has read of
 * the schema.
 * @param interrupt a signal that ends the operations begun from now on; null: nothing does
 * @returns ends that, and the connections
 */
export function keepConnections(interrupt: () => AbortSignal | null = () => null): () => Promise<void> {
  const keeper: Kept = { clients: new Map(), closers: [], interrupt };
  const before = kept;
  kept = keeper;
  return async () => {
    kept = before;
    for (const close of keeper.closers) await close();
  };
}

/** Ends operations by a signal that is asked for when they begin; what ends an enumeration on the server goes on. */
function interruptible(transport: CimTransport, interrupt: () => AbortSignal | null): CimTransport {
  return {
    call: (request, options = {}) => {
      const signal = request.kind === 'CloseEnumeration' ? null : interrupt();
      if (signal === null) return transport.call(request, options);
      const both = options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
      return transport.call(request, { ...options, signal: both });
    },
  };
}

/** What is taken of a server that is not trusted. */
export interface AnswerLimits {
  /** Octets of one answer; left out: no limit. */
  readonly maxAnswerBytes?: number;
}

/** A client for the server that the options name; its code is loaded here, for commands that stay on this machine do without. @throws UsageError */
export async function connect(options: ConnectionOptions, limits: AnswerLimits = {}): Promise<WbemClient> {
  const settings = settingsOf(options);
  const { WbemClient } = await import('../../client/index.js');
  const { namespace } = settings;
  const keeper = kept;
  if (keeper === null) return new WbemClient(await createTransport(settings, options, limits), { namespace });
  const key = JSON.stringify([settings, options.data, options.har, limits]);
  const known = keeper.clients.get(key);
  if (known !== undefined) return known;
  const transport = await createTransport(settings, options, limits);
  const client = new WbemClient(interruptible(transport, keeper.interrupt), { namespace });
  keeper.clients.set(key, client);
  keeper.closers.push(() => transport.close());
  return client;
}

async function createTransport(
  settings: Settings,
  options: ConnectionOptions,
  limits: AnswerLimits,
): Promise<HttpTransport> {
  const { createHttpTransport } = await import('../../client/index.js');
  const recorder = options.har === undefined ? null : await recorderFor(options.har);
  const { loginOf, ownCertificate, ownSocket, splitCredentials } = await import('./login.js');
  const { url, login } = splitCredentials(ownSocket(settings, options.data) ?? settings.url);
  const ca = readOption(settings.cacert) ?? ownCertificate(options, url);
  const cert = readOption(settings.cert);
  const key = readOption(settings.key);
  return createHttpTransport({
    url,
    ...limits,
    ...(login ?? loginOf(settings, options.data, url)),
    authentication: authenticationOf(settings),
    timeout: timeoutOf(settings.timeout),
    ...(recorder === null ? {} : { recorder }),
    tls: {
      verify: settings.noverify !== true,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    },
  });
}

/**
 * The host that the options name, for the noun commands.
 * @param streams where work that goes on in a job is shown; left out: it is followed in silence
 */
export async function connectHost(options: ConnectionOptions & JobOptions, streams?: Streams): Promise<ManagedHost> {
  const { ManagedHost } = await import('../../client/management/index.js');
  const client = await connect(options);
  const namespace = namespaceOf(options);
  return new ManagedHost(
    client,
    namespace,
    streams === undefined ? undefined : jobWait(streams, options, client, namespace),
  );
}
