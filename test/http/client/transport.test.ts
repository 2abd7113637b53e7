import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { collect } from '../../../src/client/wbem/stream.js';
import { CimError } from '../../../src/cim/operations/index.js';
import { createInstancePath } from '../../../src/cim/model/index.js';
import {
  createHttpTransport,
  type HttpTransport,
  type HttpTransportOptions,
  TransportError,
} from '../../../src/http/client/index.js';
import { createWbemServer, type WbemServer } from '../../../src/http/server/index.js';
import { TestExecutor, testInstance } from '../support.js';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function transportTo(url: string, options: Partial<HttpTransportOptions> = {}): HttpTransport {
  const transport = createHttpTransport({ url, timeout: 5000, retry: { retries: 0 }, ...options });
  closers.push(() => transport.close());
  return transport;
}

async function startServer(executor: TestExecutor): Promise<WbemServer> {
  const server = await createWbemServer<string>({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
    authenticate: async (credentials) =>
      credentials.scheme === 'basic' && credentials.password === 'w' ? credentials.user : null,
    execute: executor.execute,
  });
  closers.push(() => server.close(0));
  return server;
}

const getClass = {
  kind: 'GetClass',
  namespace: 'root/t',
  className: 'T_A',
  localOnly: false,
  includeQualifiers: true,
  includeClassOrigin: false,
  propertyList: null,
} as const;
const enumerate = {
  kind: 'EnumerateInstances',
  namespace: 'root/t',
  className: 'T_A',
  deepInheritance: true,
  includeClassOrigin: false,
  propertyList: null,
} as const;
const remove = {
  kind: 'DeleteInstance',
  namespace: 'root/t',
  instanceName: createInstancePath('T_A', { Id: 'a' }),
} as const;

async function failure(promise: Promise<unknown>): Promise<TransportError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
  throw new Error('expected a failure');
}

describe('against our server', () => {
  test('operations go there and back, on connections that are kept', async () => {
    const executor = new TestExecutor();
    const server = await startServer(executor);
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w', connections: 1 });
    expect((await transport.call(getClass)).class.name).toBe('T_A');
    const instances = await collect((await transport.call(enumerate)).batches);
    expect(instances.map((instance) => instance.get('Big'))).toEqual([
      18_446_744_073_709_551_615n,
      18_446_744_073_709_551_615n,
    ]);
    await expect(transport.call({ ...getClass, className: 'T_B' })).rejects.toMatchObject({ status: 6 });
    await transport.call(remove);
    expect(executor.instances.size).toBe(1);
    expect(server.statistics).toMatchObject({ connections: 1, requests: 4, refused: 0 });
  });

  test('a method with keys and parameters is called through headers that agree with the body', async () => {
    const executor = new TestExecutor();
    const server = await startServer(executor);
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w' });
    const result = await transport.call({
      kind: 'InvokeMethod',
      namespace: 'root/t',
      objectName: createInstancePath('T_A', { Id: 'quote " back \\ percent % ünï 💡, a=b' }),
      methodName: 'Add',
      parameters: [
        { name: 'A', type: 'uint32', isArray: false, value: 2 },
        { name: 'B', type: 'uint32', isArray: false, value: 3 },
      ],
    });
    expect(result.returnValue).toBe(5);
  });

  test('a long answer is streamed: its first instances come before its last are made', async () => {
    const executor = new TestExecutor();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    executor.answer = () => ({
      kind: 'named-instances',
      batches: (async function* () {
        yield Array.from({ length: 300 }, (_, at) => testInstance(`first ${at}`));
        await held;
        yield [testInstance('last')];
      })(),
    });
    const server = await startServer(executor);
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w' });
    const iterator = (await transport.call(enumerate)).batches[Symbol.asyncIterator]();
    const first = await iterator.next();
    expect(first.done).toBe(false);
    release();
    let seen = first.done === true ? 0 : first.value.length;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) seen += next.value.length;
    expect(seen).toBe(301);
  });

  test('a failure after the first byte arrives in the trailers', async () => {
    const executor = new TestExecutor();
    executor.answer = () => ({
      kind: 'named-instances',
      batches: (async function* () {
        yield Array.from({ length: 500 }, (_, at) => testInstance(String(at)));
        throw new CimError(27, 'zu groß für uns');
      })(),
    });
    const server = await startServer(executor);
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w' });
    const { batches } = await transport.call(enumerate);
    await expect(collect(batches)).rejects.toMatchObject({ status: 27, description: 'zu groß für uns' });
    expect(transport.lastExchange?.answer?.trailers).toMatchObject({ cimstatuscode: '27' });
  });

  test('a failure in a short answer is an ordinary ERROR', async () => {
    const executor = new TestExecutor();
    executor.answer = () => ({
      kind: 'named-instances',
      batches: (async function* () {
        yield [testInstance('x')];
        throw new CimError(1, 'early enough');
      })(),
    });
    const server = await startServer(executor);
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w' });
    await expect(transport.call(enumerate)).rejects.toMatchObject({ status: 1, description: 'early enough' });
  });

  test('leaving a stream early tells the server, by way of its signal', async () => {
    const executor = new TestExecutor();
    let aborted: () => void = () => undefined;
    const told = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    executor.answer = (_request, signal) => {
      signal.addEventListener('abort', aborted);
      return {
        kind: 'named-instances',
        batches: (async function* () {
          for (let at = 0; !signal.aborted; at++) yield [testInstance(String(at), 1, 'x'.repeat(20_000))];
        })(),
      };
    };
    const server = await startServer(executor);
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w' });
    for await (const batch of (await transport.call(enumerate)).batches) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    await told;
  });

  test('wrong credentials are `unauthorized`, with what the server asks for', async () => {
    const server = await startServer(new TestExecutor());
    const error = await failure(
      transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'no' }).call(getClass),
    );
    expect(error).toMatchObject({ code: 'unauthorized', status: 401, details: { challenge: 'Basic realm="cimom"' } });
  });

  (hasIpv6 ? test : test.skip)('over IPv6', async () => {
    const executor = new TestExecutor();
    const server = await createWbemServer<string>({
      listen: [{ kind: 'tcp', host: '::1', port: 0, authentication: 'basic' }],
      authenticate: async () => 'u',
      execute: executor.execute,
      hostNames: ['::1'],
    });
    closers.push(() => server.close(0));
    const url = server.addresses[0]?.url ?? '';
    expect(url).toMatch(/^http:\/\/\[::1\]:/);
    const transport = transportTo(url, { user: 'u', password: 'w' });
    expect((await transport.call(getClass)).class.name).toBe('T_A');
  });

  test('credentials in the URL are used', async () => {
    const server = await startServer(new TestExecutor());
    const transport = transportTo((server.addresses[0]?.url ?? '').replace('//', '//u:w@'));
    expect((await transport.call(getClass)).class.name).toBe('T_A');
  });

  test('no message shows the credentials', async () => {
    const url = 'http://user:s%40cret@127.0.0.1:1/x';
    const transport = transportTo(url);
    const error = await failure(transport.call(getClass));
    expect(`${error.message} ${JSON.stringify(error.details)} ${transport.url}`).not.toContain('s%40cret');
    expect(error.message).toContain('http://127.0.0.1:1/x');
    expect(() => createHttpTransport({ url: 'http://user:s%40cret@:x' })).toThrow(/^expected http.*got http:\/\/:x$/);
  });

  test('statistics count by operation', async () => {
    const server = await startServer(new TestExecutor());
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w' });
    await transport.call(getClass);
    await failure(transport.call({ ...getClass, className: 'X' })).catch(() => undefined);
    const figures = transport.statistics()['GetClass'];
    expect(figures).toMatchObject({ count: 2, errors: 1 });
    expect(figures?.serverTime).toBeGreaterThan(0);
    expect(figures?.answerBytes).toBeGreaterThan(500);
    transport.resetStatistics();
    expect(transport.statistics()).toEqual({});
  });

  test('a batch is carried out in order; a failure does not stop the others', async () => {
    const server = await startServer(new TestExecutor());
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w' });
    const outcomes = await transport.callBatch([getClass, { ...getClass, className: 'X' }, remove, enumerate]);
    expect(outcomes.map((outcome) => (outcome.kind === 'error' ? outcome.error.status : outcome.result.kind))).toEqual([
      'class',
      6,
      'void',
      'named-instances',
    ]);
    const last = outcomes[3];
    if (last?.kind !== 'result' || last.result.kind !== 'named-instances') throw new Error('expected instances');
    expect(await collect(last.result.batches)).toHaveLength(1);
    await expect(transport.callBatch([getClass])).rejects.toMatchObject({ code: 'too_few' });
    expect(transport.statistics()['MULTIREQ']).toMatchObject({ count: 1, errors: 0 });
  });

  test('the last exchange can be looked at, without the secret', async () => {
    const server = await startServer(new TestExecutor());
    const transport = transportTo(server.addresses[0]?.url ?? '', { user: 'u', password: 'w', keepText: 100 });
    await transport.call(getClass);
    const exchange = transport.lastExchange;
    expect(exchange?.request.text).toHaveLength(100);
    expect(exchange?.answer).toMatchObject({ status: 200 });
    expect(exchange?.answer?.text).toMatch(/^<\?xml/);
    expect(JSON.stringify(exchange?.request.headers)).not.toContain('Basic');
  });
});

type Handler = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

async function startHttp(handler: Handler): Promise<string> {
  let attempts = 0;
  const server: Server = createServer((request, response) => {
    request.resume();
    request.on('end', () => handler(request, response, ++attempts));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function answerXml(content: string, id = '1'): string {
  return `<?xml version="1.0"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="${id}" PROTOCOLVERSION="1.0"><SIMPLERSP>${content}</SIMPLERSP></MESSAGE></CIM>`;
}

const classAnswer = answerXml(
  '<IMETHODRESPONSE NAME="GetClass"><IRETURNVALUE><CLASS NAME="T_A"></CLASS></IRETURNVALUE></IMETHODRESPONSE>',
);

function send(response: ServerResponse, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(body), ...headers });
  response.end(body);
}

describe('against servers that misbehave', () => {
  test('nobody listens: `unreachable`', async () => {
    const url = await startHttp(() => undefined);
    for (const close of closers.splice(0)) await close();
    expect(await failure(transportTo(url).call(getClass))).toMatchObject({ code: 'unreachable', status: null });
  });

  test('half an answer, then the end of the connection: `unreachable`', async () => {
    const url = await startHttp((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Length': classAnswer.length });
      response.write(classAnswer.slice(0, 80), () => response.destroy());
    });
    expect((await failure(transportTo(url).call(getClass))).code).toBe('unreachable');
  });

  test('half the XML with a right length: `bad_answer`, with an excerpt', async () => {
    const url = await startHttp((_request, response) => send(response, classAnswer.slice(0, 80)));
    const error = await failure(transportTo(url).call(getClass));
    expect(error.code).toBe('bad_answer');
    expect(error.details['excerpt']).toBe(classAnswer.slice(0, 80));
  });

  test.each([
    ['HTML', '<html><body>hello</body></html>'],
    ['nothing', ''],
    ['another operation', answerXml('<IMETHODRESPONSE NAME="EnumerateClasses"><NOPE/></IMETHODRESPONSE>')],
  ])('%s: `bad_answer`', async (_name, body) => {
    const url = await startHttp((_request, response) => send(response, body));
    expect((await failure(transportTo(url).call(getClass))).code).toBe('bad_answer');
  });

  test('not HTTP at all: `bad_answer`', async () => {
    const sockets = new Set<Socket>();
    const server = createTcpServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', () => socket.end('SSH-2.0-whatever\r\n\r\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect((await failure(transportTo(url).call(getClass))).code).toBe('bad_answer');
  });

  test('a status with CIMError and details: `http`', async () => {
    const url = await startHttp((_request, response) => {
      response.writeHead(400, { CIMError: 'request-not-valid', PGErrorDetail: 'line%20one' });
      response.end();
    });
    expect(await failure(transportTo(url).call(getClass))).toMatchObject({
      code: 'http',
      status: 400,
      cimError: 'request-not-valid',
      details: { cimErrorDetails: 'line one' },
    });
  });

  test('a redirection is not followed: `http`', async () => {
    const url = await startHttp((_request, response) => response.writeHead(302, { Location: '/other' }).end());
    expect(await failure(transportTo(url).call(getClass))).toMatchObject({ code: 'http', status: 302 });
  });

  test('another MESSAGE ID is tolerated and told, or refused when strict', async () => {
    const url = await startHttp((_request, response) => send(response, classAnswer.replace('ID="1"', 'ID="4711"')));
    const transport = transportTo(url);
    expect((await transport.call(getClass)).class.name).toBe('T_A');
    expect(transport.tolerated).toContain('other-id:MESSAGE');
    expect((await failure(transportTo(url, { strict: true }).call(getClass))).code).toBe('bad_answer');
  });

  test('another Content-Type is tolerated and told, or refused when strict', async () => {
    const url = await startHttp((_request, response) => send(response, classAnswer, { 'Content-Type': 'text/plain' }));
    const transport = transportTo(url);
    await transport.call(getClass);
    expect(transport.tolerated).toContain('content-type');
    expect((await failure(transportTo(url, { strict: true }).call(getClass))).code).toBe('bad_answer');
  });

  test('a server that ends its answer by closing the connection is understood', async () => {
    const url = await startHttp((request) => {
      request.socket.end(`HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n${classAnswer}`);
    });
    expect((await transportTo(url).call(getClass)).class.name).toBe('T_A');
  });

  test('trailers with a status override what looked complete', async () => {
    const url = await startHttp((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/xml', Trailer: 'CIMStatusCode' });
      response.write(classAnswer);
      response.addTrailers({ CIMStatusCode: '2', CIMStatusCodeDescription: 'no%20way' });
      response.end();
    });
    await expect(transportTo(url).call(getClass)).rejects.toMatchObject({ status: 2, description: 'no way' });
  });

  test('the deadline covers waiting for the answer', async () => {
    const url = await startHttp(() => undefined);
    expect((await failure(transportTo(url, { timeout: 100 }).call(getClass))).code).toBe('timeout');
  });

  test('the deadline covers an answer that trickles in', async () => {
    const url = await startHttp((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/xml' });
      let at = 0;
      const timer = setInterval(() => response.write(classAnswer[at++ % 100] as string), 5);
      response.on('close', () => clearInterval(timer));
    });
    expect((await failure(transportTo(url, { timeout: 150 }).call(getClass))).code).toBe('timeout');
  });

  test('the deadline covers a stream that is being read', async () => {
    const named =
      '<VALUE.NAMEDINSTANCE><INSTANCENAME CLASSNAME="T_A"></INSTANCENAME><INSTANCE CLASSNAME="T_A"></INSTANCE></VALUE.NAMEDINSTANCE>';
    const url = await startHttp((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/xml' });
      response.write(
        answerXml(`<IMETHODRESPONSE NAME="EnumerateInstances"><IRETURNVALUE>${named}${named}`).replace(
          '</SIMPLERSP></MESSAGE></CIM>',
          '',
        ),
      );
    });
    const { batches } = await transportTo(url, { timeout: 200 }).call(enumerate);
    let seen = 0;
    const reading = (async () => {
      for await (const batch of batches) seen += batch.length;
    })();
    expect((await failure(reading)).code).toBe('timeout');
    expect(seen).toBeGreaterThan(0);
  });

  test("the caller's signal ends a call: `aborted`", async () => {
    const url = await startHttp(() => undefined);
    const controller = new AbortController();
    const call = transportTo(url).call(getClass, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    expect((await failure(call)).code).toBe('aborted');
    expect((await failure(transportTo(url).call(getClass, { signal: AbortSignal.abort() }))).code).toBe('aborted');
  });

  test('an answer over the limit: `too_large`', async () => {
    const url = await startHttp((_request, response) => send(response, classAnswer));
    expect((await failure(transportTo(url, { maxAnswerBytes: 100 }).call(getClass))).code).toBe('too_large');
  });
});

describe('repetition', () => {
  const flaky =
    (failures: number, counted: number[]): Handler =>
    (request, response, attempt) => {
      counted.push(attempt);
      if (attempt <= failures) request.socket.destroy();
      else send(response, classAnswer);
    };

  test('a read is repeated when the connection breaks before the answer', async () => {
    const counted: number[] = [];
    const url = await startHttp(flaky(2, counted));
    const result = await transportTo(url, { retry: { retries: 2, backOff: 1 } }).call(getClass);
    expect(result.class.name).toBe('T_A');
    expect(counted).toEqual([1, 2, 3]);
  });

  test('only so often', async () => {
    const counted: number[] = [];
    const url = await startHttp(flaky(5, counted));
    expect((await failure(transportTo(url, { retry: { retries: 1, backOff: 1 } }).call(getClass))).code).toBe(
      'unreachable',
    );
    expect(counted).toHaveLength(2);
  });

  test('a write never is', async () => {
    const counted: number[] = [];
    const url = await startHttp(flaky(1, counted));
    expect((await failure(transportTo(url, { retry: { retries: 3, backOff: 1 } }).call(remove))).code).toBe(
      'unreachable',
    );
    expect(counted).toHaveLength(1);
  });

  test('all attempts share one deadline', async () => {
    const url = await startHttp(flaky(1000, []));
    const transport = transportTo(url, { timeout: 100, retry: { retries: 1000, backOff: 40 } });
    const error = await failure(transport.call(getClass));
    expect(['timeout', 'unreachable']).toContain(error.code);
  });
});

test.each(['host', 'ftp://host', 'unix:relative', 'http://'])('the URL %s is refused at once', (url) => {
  expect(() => createHttpTransport({ url })).toThrow(/^expected (?:http|unix)/);
});
