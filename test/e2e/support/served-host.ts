import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { createHttpTransport, WbemClient } from '../../../src/client/index.js';
import { ManagedHost } from '../../../src/client/management/index.js';
import { secretFile } from '../../../src/host/foundation/index.js';
import { startCommand, untilWritten } from './command.js';
import { namespace } from './sample-host.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A `tvdc serve` of its own process, which can be killed and started again. */
export class ServedHost {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  #child: ChildProcess | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(name: string, folder: string, port: number) {
    this.name = name;
    this.folder = folder;
    this.port = port;
  }

  static async open(name: string, folder: string): Promise<ServedHost> {
    const host = new ServedHost(name, folder, await freePort());
    await host.start();
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const words = ['serve', '--data', this.folder, '--name', this.name, '--sample', '--vtpm', 'software'];
    const child = startCommand([...words, '--https-port', '0', '--http-port', String(this.port)]);
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('close', resolve));
    await untilWritten(child, /stop with Ctrl-C/);
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.#child?.kill(signal);
    this.#child = null;
    await this.#ended;
  }

  /** Asks the host as its administrator. */
  async ask<T>(work: (host: ManagedHost) => Promise<T>): Promise<T> {
    const password = readFileSync(secretFile(this.folder, 'admin'), 'utf8').trim();
    const transport = createHttpTransport({ url: this.url, user: 'admin', password, timeout: 60_000 });
    try {
      return await work(new ManagedHost(new WbemClient(transport, { namespace }), namespace));
    } finally {
      await transport.close();
    }
  }
}

/** Stands before a host. What `onRequest` or `onAnswer` returns false for is not passed on. */
export interface Gateway {
  readonly url: string;
  onRequest(method: string): Promise<boolean>;
  onAnswer(method: string): Promise<boolean>;
  close(): Promise<void>;
}

const hopHeaders = new Set(['transfer-encoding', 'trailer', 'connection', 'keep-alive', 'content-length']);

export async function openGateway(port: number): Promise<Gateway> {
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      const named = typeof headers['cimmethod'] === 'string' ? headers['cimmethod'] : '';
      const lose = (): void => void response.destroy();
      const forward = async (): Promise<void> => {
        if (!(await gateway.onRequest(named))) return lose();
        const further = httpRequest({ host: '127.0.0.1', port, method, path: url, headers, agent: false }, (answer) => {
          const parts: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => parts.push(chunk));
          answer.on('error', lose);
          answer.on('end', () => {
            const deliver = async (): Promise<void> => {
              if (!(await gateway.onAnswer(named))) return lose();
              const body = Buffer.concat(parts);
              const passed = Object.entries(answer.headers).filter(([name]) => !hopHeaders.has(name));
              const length = { 'content-length': String(body.length) };
              response.writeHead(answer.statusCode ?? 502, { ...Object.fromEntries(passed), ...length });
              response.end(body);
            };
            deliver().catch(lose);
          });
        });
        further.on('error', lose);
        further.end(Buffer.concat(chunks));
      };
      forward().catch(lose);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway: Gateway = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    onRequest: async () => true,
    onAnswer: async () => true,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gateway;
}
