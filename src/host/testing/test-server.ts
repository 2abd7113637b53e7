import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TvdcError } from '../../base/index.js';
import { CimError, type CimRequest, type CimTransport } from '../../cim/index.js';
import {
  type Caller,
  createObjectManager,
  type ObjectManager,
  openAuthorizer,
  systemCaller,
} from '../../cimom/index.js';
import { createRepository } from '../../cimom/repository/index.js';
import { createHttpTransport, type HttpTransport, WbemClient } from '../../client/index.js';
import { createWbemServer, type Credentials, type ServerListen, type WbemServer } from '../../http/server/index.js';
import { createMemoryStore } from '../../store/index.js';
import { loadShippedSchema } from '../foundation/index.js';
import { interopOf } from './interop.js';
import type { TestServer, TestServerOptions } from './options.js';
import { populate } from './population.js';

const hostNames = ['localhost', '127.0.0.1'];

/** What to undo at the end, last first. */
type Undo = (() => Promise<unknown>)[];

async function listenOf(options: TestServerOptions, undo: Undo): Promise<ServerListen> {
  const authentication = options.credentials === undefined ? 'none' : 'basic';
  if (options.listen === 'socket') {
    const folder = await mkdtemp(join(tmpdir(), 'tvdc-test-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    return { kind: 'socket', path: join(folder, 'cimom.sock'), authentication };
  }
  const { tls } = options;
  return { kind: 'tcp', host: '127.0.0.1', port: 0, authentication, ...(tls === undefined ? {} : { tls }) };
}

function authenticator(wanted: TestServerOptions['credentials']) {
  return async (shown: Credentials, address: string | null): Promise<Caller | null> => {
    if (wanted === undefined) return systemCaller;
    if (shown.scheme !== 'basic' || shown.user !== wanted.user || shown.password !== wanted.password) return null;
    return { user: shown.user, method: 'basic', address };
  };
}

async function serve(options: TestServerOptions, objectManager: ObjectManager, undo: Undo): Promise<WbemServer> {
  const { credentials, log } = options;
  const server = await createWbemServer<Caller>({
    listen: [await listenOf(options, undo)],
    authenticate: authenticator(credentials),
    execute: async (caller, request, { signal }) => {
      refuse(request, options);
      return objectManager.execute(caller, request, { signal });
    },
    hostNames,
    ...(log === undefined ? {} : { log }),
  });
  undo.push(() => server.close());
  return server;
}

function transportTo(url: string, options: TestServerOptions, undo: Undo): HttpTransport {
  const { credentials, tls } = options;
  const transport = createHttpTransport({
    url,
    ...credentials,
    ...(tls === undefined ? {} : { tls: { ca: tls.ca ?? tls.cert } }),
  });
  undo.push(() => transport.close());
  return transport;
}

function refuse(request: CimRequest, { refuses }: TestServerOptions): void {
  const failure = refuses?.[request.kind];
  if (failure !== undefined) throw new CimError(failure.status, failure.description);
}

function inProcess(objectManager: ObjectManager, options: TestServerOptions): CimTransport {
  const transport = objectManager.transport(systemCaller);
  return {
    call: async (request, callOptions) => {
      refuse(request, options);
      return transport.call(request, callOptions);
    },
  };
}

async function undoAll(undo: Undo): Promise<void> {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
}

/**
 * A real object manager in memory: class rules, associations, pulls, queries and methods are the product's own, so that
 * tests of a client or a provider see what a server does. Ready in some milliseconds.
 *
 * @example
 * await using server = await createTestServer({
 *   mof: 'class ACME_Disk { [Key] string Name; uint64 Size; };',
 *   instances: [{ class: 'ACME_Disk', properties: { Name: 'a', Size: 5n } }],
 * });
 * await server.client.instances('ACME_Disk').toArray();
 * @throws MofError `bad_mof` the MOF has errors; RegistrationError a provider does not fit the classes
 */
export async function createTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const listen = options.listen ?? 'tcp';
  if (listen === 'process' && (options.credentials !== undefined || options.tls !== undefined)) {
    throw new TvdcError('bad_options', 'credentials and tls need a server on a port or socket');
  }
  const undo: Undo = [];
  try {
    const store = createMemoryStore();
    undo.push(() => store.close());
    const repository = createRepository(store);
    if (options.schema === 'shipped') await loadShippedSchema(store, repository, 'verifier');
    const namespace = await populate(repository, options);
    const { clock, limits, log, providers } = options;
    let addresses: readonly { readonly url: string }[] = [];
    const interop = options.interop === true ? await interopOf(store, repository, options, () => addresses) : null;
    if (interop !== null) undo.push(interop.close);
    const objectManager = createObjectManager({
      repository,
      authorizer: options.authorizer ?? openAuthorizer,
      hostNames,
      providers: [...(providers ?? []), ...(interop?.providers ?? [])],
      ...(interop === null ? {} : { sink: interop.sink }),
      ...(clock === undefined ? {} : { clock }),
      ...(limits === undefined ? {} : { limits }),
      ...(log === undefined ? {} : { log }),
    });
    undo.push(() => objectManager.shutdown());
    if (listen !== 'process') addresses = (await serve(options, objectManager, undo)).addresses;
    const url = addresses[0]?.url ?? '';
    const transport: CimTransport =
      listen === 'process' ? inProcess(objectManager, options) : transportTo(url, options, undo);
    const close = (): Promise<void> => undoAll(undo);
    return {
      client: new WbemClient(transport, { namespace }),
      transport,
      url,
      namespace,
      objectManager,
      repository,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}
