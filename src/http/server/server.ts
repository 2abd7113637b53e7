import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ConfigurationError, messageOf, silentLog } from '../../base/index.js';
import { answerClientError } from './client-error.js';
import { Connections } from './connections.js';
import { handleExchange, type ServerContext } from './exchange.js';
import { createHostNames } from './host-names.js';
import { createListener, openListener } from './listen.js';
import {
  defaultServerLimits,
  type HttpServerLimits,
  type ServerAddress,
  type ServerListen,
  type ServerStatistics,
  type WbemServer,
  type WbemServerOptions,
} from './options.js';

const defaultGrace = 10_000;

class NodeWbemServer<C> implements WbemServer {
  readonly addresses: ServerAddress[] = [];
  readonly #context: ServerContext<C>;
  readonly #servers: Server[] = [];
  readonly #connections: Connections;
  /** The answer that each connection got last. */
  readonly #answers = new WeakMap<Duplex, ServerResponse>();
  #draining = false;
  #running = 0;
  #requests = 0;
  #refused = 0;
  #idle: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: WbemServerOptions<C>) {
    const limits: HttpServerLimits = { ...defaultServerLimits, ...options.limits };
    this.#connections = new Connections(limits);
    this.#context = {
      options,
      limits,
      hostNames: createHostNames(options.hostNames ?? []),
      log: options.log ?? silentLog,
      isDraining: () => this.#draining,
    };
  }

  async open(): Promise<void> {
    try {
      for (const listen of this.#context.options.listen) {
        const server = createListener(listen, this.#context.limits);
        this.#attach(server, listen);
        this.addresses.push(await openListener(server, listen));
        this.#servers.push(server);
      }
    } catch (error) {
      await this.close(0);
      throw error;
    }
  }

  #attach(server: Server, listen: ServerListen): void {
    this.#connections.watch(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#handle(request, response, listen, false);
    });
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.#handle(request, response, listen, true);
    });
    server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(417, ['Content-Length', '0', 'Connection', 'close']).end();
    });
    server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
      const fault = Object.assign(new Error(), { code: 'HPE_INVALID_METHOD', rawPacket: connectLine });
      answerClientError(fault, socket, this.#isAnswering(socket));
    });
    server.on('clientError', (fault: Error, socket: Duplex) => {
      this.#refused++;
      this.#context.log.debug('http.client_error', { reason: fault.message });
      answerClientError(fault, socket, this.#isAnswering(socket));
    });
    server.on('tlsClientError', (fault: Error) => {
      this.#context.log.debug('http.tls_client_error', { reason: fault.message });
    });
    // Errors of accept() leave the listener in place.
    server.on('error', (fault: Error) => {
      if (server.listening) this.#context.log.error('http.listener', { error: messageOf(fault) });
    });
  }

  /** Whether a part of an answer is on its way, into which nothing else may be written. */
  #isAnswering(socket: Duplex): boolean {
    const response = this.#answers.get(socket);
    return response?.headersSent === true && !response.writableFinished;
  }

  #handle(request: IncomingMessage, response: ServerResponse, listen: ServerListen, expectsContinue: boolean): void {
    this.#requests++;
    this.#running++;
    const finished = (answered: boolean): void => {
      if (!answered) this.#refused++;
      this.#running--;
      if (this.#running === 0) this.#idle?.();
    };
    const handle = (): void => {
      this.#answers.set(request.socket, response);
      handleExchange(this.#context, { request, response, listen, expectsContinue }).then(finished, (error: unknown) => {
        // Not even the refusal could be sent: this connection is lost, the others are not.
        this.#context.log.error('http.failed', { error: messageOf(error) });
        response.destroy();
        finished(false);
      });
    };
    if (response.socket === null) whenItsTurn(request, response, handle, () => finished(false));
    else handle();
  }

  get statistics(): ServerStatistics {
    return {
      connections: this.#connections.size,
      running: this.#running,
      requests: this.#requests,
      refused: this.#refused,
    };
  }

  drain(): void {
    this.#draining = true;
  }

  close(grace = defaultGrace): Promise<void> {
    this.drain();
    this.#closing ??= this.#close(grace);
    return this.#closing;
  }

  async #close(grace: number): Promise<void> {
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of this.#servers) server.closeIdleConnections();
    if (this.#running > 0 && grace > 0) await this.#wait(grace);
    // The last answers may still be on their way out.
    for (const server of this.#servers) server.closeIdleConnections();
    await Promise.race([Promise.all(closed), flushTime(grace)]);
    await this.#connections.destroyAll();
    await Promise.all(closed);
  }

  #wait(grace: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, grace);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * A request that came before the one ahead of it on its connection was answered: to begin with it now would gather
 * answers for a client that does not read, and change the order of what the requests do.
 */
function whenItsTurn(request: IncomingMessage, response: ServerResponse, begin: () => void, giveUp: () => void): void {
  const onTurn = (): void => {
    request.off('close', onClose);
    begin();
  };
  const onClose = (): void => {
    response.off('socket', onTurn);
    giveUp();
  };
  response.once('socket', onTurn);
  request.once('close', onClose);
}

const connectLine = Buffer.from('CONNECT * HTTP/1.1\r\n');

function flushTime(grace: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(grace, 200)));
}

function check<C>(options: WbemServerOptions<C>): void {
  if (options.execute === undefined && options.onExport === undefined) {
    throw new ConfigurationError('bad_listener', 'expected something that takes operations or indications');
  }
  const proving = options.listen.find((listen) => listen.authentication !== 'none');
  if (options.authenticate === undefined && proving !== undefined) {
    throw new ConfigurationError(
      'bad_listener',
      `authentication ${proving.authentication} needs somebody who checks it`,
    );
  }
}

/**
 * Opens all listeners of a WBEM server: CIM-XML over HTTP (DSP0200) for operations, and for indications with `onExport`.
 * Resolves when it can be reached.
 * @throws ConfigurationError `port_in_use`, `port_denied`, `bad_address`, `bad_certificate`, `bad_listener`
 */
export async function createWbemServer<C>(options: WbemServerOptions<C>): Promise<WbemServer> {
  check(options);
  const server = new NodeWbemServer(options);
  await server.open();
  return server;
}
