import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { CimError, type EnumerateInstances } from '../../../src/cim/operations/index.js';
import { collect } from '../../../src/client/wbem/stream.js';
import { createHttpTransport, type HttpTransport, type HttpTransportOptions } from '../../../src/http/client/index.js';
import { isRemote, parseTarget } from '../../../src/http/client/target.js';
import { createWbemServer } from '../../../src/http/server/index.js';
import { TestExecutor, testInstance } from '../support.js';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const enumerate: EnumerateInstances = {
  kind: 'EnumerateInstances',
  namespace: 'root/t',
  className: 'T_A',
  deepInheritance: true,
  includeClassOrigin: false,
  propertyList: null,
};

function transportTo(url: string, options: Partial<HttpTransportOptions> = {}): HttpTransport {
  const transport = createHttpTransport({ url, timeout: 5000, retry: { retries: 0 }, gzip: true, ...options });
  closers.push(() => transport.close());
  return transport;
}

async function startServer(executor: TestExecutor): Promise<string> {
  const server = await createWbemServer<unknown>({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'none' }],
    execute: executor.execute,
  });
  closers.push(() => server.close(0));
  return server.addresses[0]?.url ?? '';
}

/** A server that answers everything in the same way. */
async function startPlain(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function outcome(transport: HttpTransport): Promise<unknown> {
  try {
    return (await collect((await transport.call(enumerate)).batches)).length;
  } catch (error) {
    return error;
  }
}

describe('a client that asks for compressed answers', () => {
  test('gets the same as one that does not', async () => {
    const url = await startServer(new TestExecutor(Array.from({ length: 5000 }, (_, at) => `item ${at}`)));
    const compressed = transportTo(url);
    const plain = transportTo(url, { gzip: false });
    const [one, other] = await Promise.all(
      [compressed, plain].map(async (transport) => collect((await transport.call(enumerate)).batches)),
    );
    expect(one).toEqual(other);
    expect(compressed.lastExchange?.answer?.headers['content-encoding']).toBe('gzip');
    expect(plain.lastExchange?.answer?.headers['content-encoding']).toBeUndefined();
  });

  test('learns of a late failure by the trailers', async () => {
    const executor = new TestExecutor();
    executor.answer = () => ({
      kind: 'named-instances',
      batches: (async function* () {
        yield Array.from({ length: 3000 }, (_, at) => testInstance(String(at)));
        throw new CimError(27, 'zu groß');
      })(),
    });
    const failure = await outcome(transportTo(await startServer(executor)));
    expect(failure).toMatchObject({ status: 27, description: 'zu groß' });
  });

  test('takes no half for the whole, and nothing else for gzip', async () => {
    const whole = gzipSync('<?xml version="1.0"?><CIM/>');
    for (const body of [whole.subarray(0, -9), Buffer.from('<?xml version="1.0"?><CIM/>')]) {
      const url = await startPlain((response) => {
        response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Encoding': 'gzip' }).end(body);
      });
      expect(await outcome(transportTo(url))).toMatchObject({ code: 'bad_answer' });
    }
  });

  test('refuses an encoding that it did not ask for', async () => {
    const url = await startPlain((response) => {
      response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Encoding': 'br' }).end('x');
    });
    expect(await outcome(transportTo(url))).toMatchObject({ code: 'bad_answer' });
  });

  test('bounds what it unpacks', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from('<?xml version="1.0"?><CIM>'), Buffer.alloc(50_000_000, 0x20)]));
    const url = await startPlain((response) => {
      response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Encoding': 'gzip' }).end(bomb);
    });
    expect(await outcome(transportTo(url, { maxAnswerBytes: 1_000_000 }))).toMatchObject({ code: 'too_large' });
  });
});

test.each([
  ['http://127.0.0.1:5988', false],
  ['http://localhost', false],
  ['https://[::1]:5989', false],
  ['unix:/run/admin.sock', false],
  ['https://host.example', true],
  ['http://10.0.0.1', true],
])('compression is asked for at %s unless something else is said: %s', (url, expected) => {
  expect(isRemote(parseTarget(url, '/cimom'))).toBe(expected);
});
