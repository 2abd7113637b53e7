import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { ConfigurationError, MemoryLog } from '../../../src/base/index.js';
import { CimError, type CimResult } from '../../../src/cim/operations/index.js';
import { createHttpTransport } from '../../../src/http/client/index.js';
import {
  createWbemServer,
  type Credentials,
  type ServerListen,
  type WbemServer,
  type WbemServerOptions,
} from '../../../src/http/server/index.js';
import { describeIf } from '../../support/parts.js';
import { makeCertificates, type TestCertificates } from '../certificate.js';
import { getClassBody, openRaw, rawExchange, requestText, TestExecutor, testInstance } from '../support.js';

const closers: (() => Promise<void> | void)[] = [];
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tvdc-http-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const anyone: ServerListen = { kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'none' };

async function start(options: Partial<WbemServerOptions<unknown>> = {}): Promise<WbemServer> {
  const server = await createWbemServer<unknown>({ listen: [anyone], execute: new TestExecutor().execute, ...options });
  closers.push(() => server.close(0));
  return server;
}

function portOf(server: WbemServer, at = 0): number {
  return server.addresses[at]?.port ?? 0;
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

async function classNameOver(
  url: string,
  options: Partial<Parameters<typeof createHttpTransport>[0]> = {},
): Promise<string> {
  const transport = createHttpTransport({ url, retry: { retries: 0 }, timeout: 5000, ...options });
  try {
    return (await transport.call(getClass)).class.name;
  } finally {
    await transport.close();
  }
}

function openssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

describe('listeners', () => {
  test('IPv4, IPv6 and a Unix socket of one server, each with its own authentication', async () => {
    const path = join(folder, 'one.sock');
    const seen: Credentials[] = [];
    const server = await start({
      listen: [
        { ...anyone, authentication: 'basic' },
        { kind: 'tcp', host: '::1', port: 0, authentication: 'none' },
        { kind: 'socket', path, name: 'admin', authentication: 'socket' },
      ],
      authenticate: async (credentials) => {
        seen.push(credentials);
        return {};
      },
    });
    const urls = server.addresses.map((address) => address.url);
    expect(urls[1]).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect(urls[2]).toBe(`unix:${path}`);
    expect(await classNameOver(urls[0] ?? '', { user: 'u', password: 'p:ä' })).toBe('T_A');
    expect(await classNameOver(urls[1] ?? '')).toBe('T_A');
    expect(await classNameOver(urls[2] ?? '')).toBe('T_A');
    expect(seen).toEqual([
      { scheme: 'basic', user: 'u', password: 'p:ä' },
      { scheme: 'none' },
      { scheme: 'socket', socket: 'admin' },
    ]);
  });

  test('the file mode of a socket is as wished, and the file goes with the server', async () => {
    const path = join(folder, 'mode.sock');
    const server = await start({ listen: [{ kind: 'socket', path, mode: 0o660, authentication: 'none' }] });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    await server.close(0);
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test('a socket file left by a killed process is replaced; one in use, or another file, is not', async () => {
    const path = join(folder, 'stale.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', script], { stdio: 'pipe' })).toThrow();
    expect(statSync(path).isSocket()).toBe(true);
    const listen: ServerListen = { kind: 'socket', path, authentication: 'none' };
    const server = await start({ listen: [listen] });
    expect(await classNameOver(`unix:${path}`)).toBe('T_A');
    await expect(start({ listen: [listen] })).rejects.toMatchObject({ code: 'port_in_use' });
    expect(await classNameOver(`unix:${path}`)).toBe('T_A');
    await server.close(0);
    writeFileSync(path, 'precious');
    await expect(start({ listen: [listen] })).rejects.toMatchObject({ code: 'bad_address' });
    expect(statSync(path).isFile()).toBe(true);
  });

  test('a port in use is told in one sentence, and the other listeners are closed again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    closers.push(() => void other.close());
    const { port } = other.address() as { port: number };
    const path = join(folder, 'undone.sock');
    const failure = start({
      listen: [
        { kind: 'socket', path, authentication: 'none' },
        { ...anyone, port },
      ],
    });
    await expect(failure).rejects.toThrow(ConfigurationError);
    await expect(failure).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use: stop the program that uses it, or choose another`,
    );
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test.each([
    ['an address of another machine', { ...anyone, host: '192.0.2.1' }, 'bad_address'],
    [
      'a folder that does not exist',
      { kind: 'socket', path: '/nowhere/at/all.sock', authentication: 'none' },
      'bad_address',
    ],
    ['a certificate that is none', { ...anyone, tls: { cert: 'x', key: 'y' } }, 'bad_certificate'],
    ['client certificates without TLS', { ...anyone, authentication: 'certificate' }, 'bad_listener'],
  ] as const)('%s is refused', async (_name, listen, code) => {
    await expect(start({ listen: [listen as ServerListen], authenticate: async () => true })).rejects.toMatchObject({
      code,
    });
  });

  test('a listener that wants proof needs somebody who checks it', async () => {
    await expect(start({ listen: [{ ...anyone, authentication: 'basic' }] })).rejects.toMatchObject({
      code: 'bad_listener',
    });
  });
});

describeIf(openssl(), 'openssl is not installed')('TLS', () => {
  let certificates: TestCertificates;
  const tls = (): { readonly cert: string; readonly key: string } => ({
    cert: certificates.cert,
    key: certificates.key,
  });

  beforeAll(() => {
    certificates = makeCertificates();
  });

  test('is verified by the client unless it says otherwise', async () => {
    const server = await start({ listen: [{ ...anyone, tls: tls() }] });
    const url = server.addresses[0]?.url ?? '';
    expect(url).toMatch(/^https:/);
    expect(await classNameOver(url, { tls: { ca: certificates.ca } })).toBe('T_A');
    expect(await classNameOver(url, { tls: { verify: false } })).toBe('T_A');
    await expect(classNameOver(url)).rejects.toMatchObject({ code: 'unreachable' });
    const elsewhere = url.replace('127.0.0.1', 'localhost');
    expect(await classNameOver(elsewhere, { tls: { ca: certificates.ca } })).toBe('T_A');
    await expect(
      classNameOver(url, { tls: { ca: certificates.ca, serverName: 'other.example' } }),
    ).rejects.toMatchObject({ code: 'unreachable' });
  });

  test('versions before 1.2 are refused', async () => {
    const server = await start({ listen: [{ ...anyone, tls: tls() }] });
    const attempt = (maxVersion: 'TLSv1.1' | 'TLSv1.2'): Promise<string> =>
      new Promise((resolve) => {
        const socket = connectTls(
          {
            port: portOf(server),
            host: '127.0.0.1',
            rejectUnauthorized: false,
            minVersion: 'TLSv1',
            maxVersion,
            ciphers: 'DEFAULT@SECLEVEL=0',
          },
          () => {
            resolve(socket.getProtocol() ?? '');
            socket.destroy();
          },
        );
        socket.on('error', () => resolve('refused'));
      });
    expect(await attempt('TLSv1.2')).toBe('TLSv1.2');
    expect(await attempt('TLSv1.1')).toBe('refused');
  });

  test('client certificates prove a caller', async () => {
    const seen: Credentials[] = [];
    const server = await start({
      listen: [{ ...anyone, tls: { ...tls(), ca: certificates.ca }, authentication: 'certificate' }],
      authenticate: async (credentials) => {
        seen.push(credentials);
        return {};
      },
    });
    const url = server.addresses[0]?.url ?? '';
    const { ca, clientCert: cert, clientKey: key } = certificates;
    expect(await classNameOver(url, { tls: { ca, cert, key } })).toBe('T_A');
    expect(seen).toMatchObject([{ scheme: 'certificate', subject: 'O=Tests,CN=client' }]);
    await expect(classNameOver(url, { tls: { ca } })).rejects.toMatchObject({ code: 'unreachable' });
    expect(seen).toHaveLength(1);
  });

  test('plain HTTP on a TLS port does no harm', async () => {
    const server = await start({ listen: [{ ...anyone, tls: tls() }] });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(requestText());
    await raw.closed;
    expect(raw.text()).not.toContain('200 OK');
    expect(await classNameOver(server.addresses[0]?.url ?? '', { tls: { ca: certificates.ca } })).toBe('T_A');
  });
});

describe('bounds', () => {
  test('a client that never finishes its headers is cut off', async () => {
    const server = await start({ limits: { headersTimeout: 200, requestTimeout: 400 } });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write('POST /cimom HTTP/1.1\r\nHost: x\r\n');
    expect((await raw.answer()).status).toBe(408);
    await raw.closed;
  });

  test('a client that never finishes its body is cut off', async () => {
    const server = await start({ limits: { headersTimeout: 200, requestTimeout: 300 } });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(requestText().subarray(0, -5));
    expect((await raw.answer()).status).toBe(408);
    await raw.closed;
    expect(server.statistics.running).toBe(0);
  });

  test('an idle connection is closed after its time', async () => {
    const server = await start({ limits: { keepAliveTimeout: 50 } });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(requestText());
    expect((await raw.answer()).status).toBe(200);
    await raw.closed;
  });

  test('connections are capped, in all and for each address', async () => {
    for (const limits of [{ connections: 2 }, { connectionsPerAddress: 2 }]) {
      const server = await start({ limits });
      const open = await Promise.all(
        Array.from({ length: 2 }, async () => {
          const raw = openRaw(connect(portOf(server), '127.0.0.1'));
          raw.socket.write(requestText());
          await raw.answer();
          return raw;
        }),
      );
      const third = openRaw(connect(portOf(server), '127.0.0.1'));
      await third.closed;
      expect(third.text()).toBe('');
      open[0]?.socket.destroy();
      await open[0]?.closed;
      while (server.statistics.connections > 1) await new Promise((resolve) => setTimeout(resolve, 5));
      expect((await rawExchange(portOf(server), requestText())).status).toBe(200);
      await server.close(0);
    }
  });

  test('a client that does not read a long answer is given up', async () => {
    const executor = new TestExecutor();
    let ended: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    executor.answer = (_request, signal): CimResult => {
      signal.addEventListener('abort', ended);
      return {
        kind: 'named-instances',
        batches: (async function* () {
          for (;;) yield [testInstance('x', 1, 'y'.repeat(60_000))];
        })(),
      };
    };
    const server = await start({ execute: executor.execute, limits: { writeTimeout: 150 } });
    const socket = connect(portOf(server), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(
      requestText({
        headers: { CIMMethod: 'EnumerateInstances' },
        body: getClassBody.replaceAll('GetClass', 'EnumerateInstances'),
      }),
    );
    await over;
    socket.destroy();
  });

  test('random bytes never break the server', async () => {
    const server = await start();
    let seed = 12_345;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return seed % below;
    };
    const good = requestText();
    const one = (): Promise<void> =>
      new Promise((resolve) => {
        const bytes = Buffer.from(good);
        for (let at = 0; at < 5; at++) bytes[random(bytes.length)] = random(256);
        const socket = connect(portOf(server), '127.0.0.1', () => socket.end(bytes));
        socket.on('error', () => undefined);
        socket.on('data', () => socket.destroy());
        socket.on('close', () => resolve());
      });
    for (let at = 0; at < 60; at++) await one();
    expect((await rawExchange(portOf(server), good)).status).toBe(200);
    expect(server.statistics.running).toBe(0);
  });
});

const enumerateText = (headers: Readonly<Record<string, string>> = {}, line = 'POST /cimom HTTP/1.1'): Buffer =>
  requestText({
    line,
    headers: { CIMMethod: 'EnumerateInstances', ...headers },
    body: getClassBody.replaceAll('GetClass', 'EnumerateInstances'),
  });

function failingLate(count: number): TestExecutor {
  const executor = new TestExecutor();
  executor.answer = () => ({
    kind: 'named-instances',
    batches: (async function* () {
      yield Array.from({ length: count }, (_, at) => testInstance(String(at)));
      throw new CimError(1, 'lost 100% of it');
    })(),
  });
  return executor;
}

describe('faults of our own side', () => {
  test('a check of credentials that throws is 500, and the next request is served', async () => {
    let broken = true;
    const server = await start({
      listen: [{ ...anyone, authentication: 'basic' }],
      authenticate: async () => {
        if (broken) throw new Error('the store is gone');
        return {};
      },
      realm: 'Zürich "1"',
    });
    const authorized = { Authorization: 'Basic dTp3' };
    expect((await rawExchange(portOf(server), requestText({ headers: authorized }))).status).toBe(500);
    broken = false;
    expect((await rawExchange(portOf(server), requestText({ headers: authorized }))).status).toBe(200);
    const refused = await rawExchange(portOf(server), requestText());
    expect(refused.headers['www-authenticate']).toBe('Basic realm="Z?rich \\"1\\""');
    expect(server.statistics.running).toBe(0);
  });
});

describe('answers', () => {
  test('short ones come in one piece with their length', async () => {
    const answer = await rawExchange(portOf(await start()), enumerateText());
    expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
  });

  test('long ones are chunked to HTTP/1.1, whatever TE says, and closed to HTTP/1.0', async () => {
    const executor = new TestExecutor(Array.from({ length: 500 }, (_, at) => String(at)));
    const server = await start({ execute: executor.execute });
    const chunked = await rawExchange(portOf(server), enumerateText());
    expect(chunked.headers['transfer-encoding']).toBe('chunked');
    expect(chunked.headers['trailer']).toBeUndefined();
    const closed = await rawExchange(portOf(server), enumerateText({}, 'POST /cimom HTTP/1.0'));
    expect(closed.headers['transfer-encoding']).toBeUndefined();
    expect(closed.headers['content-length']).toBeUndefined();
    expect(closed.headers['connection']).toBe('close');
    expect(closed.body).toMatch(/^<\?xml.*<\/CIM>\s*$/s);
    expect(closed.body.match(/<VALUE\.NAMEDINSTANCE>/g)).toHaveLength(500);
  });

  test('a late failure goes into the trailers of clients that read them', async () => {
    const server = await start({ execute: failingLate(500).execute });
    const answer = await rawExchange(portOf(server), enumerateText({ TE: 'trailers' }));
    expect(answer.headers['trailer']).toBe('CIMError, CIMStatusCode, CIMStatusCodeDescription');
    expect(answer.body).toMatch(
      /\r\n0\r\nCIMStatusCode: 1\r\nCIMStatusCodeDescription: lost%20100%25%20of%20it\r\n\r\n$/,
    );
    expect(answer.body).not.toContain('</CIM>');
  });

  test('a late failure cuts the connection of others before the last chunk', async () => {
    const server = await start({ execute: failingLate(500).execute });
    for (const line of ['POST /cimom HTTP/1.1', 'POST /cimom HTTP/1.0']) {
      const raw = openRaw(connect(portOf(server), '127.0.0.1'));
      raw.socket.write(enumerateText({}, line));
      await raw.closed;
      expect(raw.text()).not.toMatch(/\r\n0\r\n/);
      expect(raw.text()).not.toContain('</CIM>');
    }
  });

  test('paths carry the name by which the client reached us, else the configured one', async () => {
    const executor = new TestExecutor();
    executor.answer = () => ({
      kind: 'object-paths',
      batches: (async function* () {
        const { path } = testInstance('x');
        if (path !== null) yield [path];
      })(),
    });
    const server = await start({ execute: executor.execute, hostNames: ['tvdc.example', 'alias.example'] });
    const hostFor = async (host: string): Promise<string | undefined> => {
      const body = getClassBody.replaceAll('GetClass', 'AssociatorNames').replace('ClassName', 'ObjectName');
      const answer = await rawExchange(
        portOf(server),
        requestText({ headers: { CIMMethod: 'AssociatorNames', Host: host }, body }),
      );
      return /<HOST>(.*?)<\/HOST>/.exec(answer.body)?.[1];
    };
    expect(await hostFor('ALIAS.example:5988')).toBe('ALIAS.example:5988');
    expect(await hostFor(`127.0.0.1:${portOf(server)}`)).toBe(`127.0.0.1:${portOf(server)}`);
    expect(await hostFor('localhost')).toBe('localhost');
    expect(await hostFor('evil.example')).toBe('tvdc.example');
  });

  test('requests on one connection are answered one after the other', async () => {
    const server = await start();
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(
      Buffer.concat([requestText(), enumerateText(), requestText({ headers: { Connection: 'close' } })]),
    );
    await raw.closed;
    expect(raw.text().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(raw.text()).toMatch(/NAME="GetClass".*NAME="EnumerateInstances".*NAME="GetClass"/s);
  });

  test('long answers to requests that came all at once are all complete', async () => {
    const server = await start({
      execute: new TestExecutor(Array.from({ length: 2000 }, (_, at) => `i${at}`)).execute,
    });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(Buffer.concat([enumerateText(), enumerateText(), enumerateText({ Connection: 'close' })]));
    await raw.closed;
    expect(raw.text().match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(raw.text().match(/<VALUE\.NAMEDINSTANCE>/g)).toHaveLength(6000);
    expect(raw.text().match(/<\/CIM>\s+0\r\n\r\n/g)).toHaveLength(3);
  });

  test('a request is not begun before the one ahead of it was answered, nor ever if its client went away', async () => {
    const executor = new TestExecutor();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    executor.answer = async () => {
      await held;
      throw new CimError(1, 'too late');
    };
    const server = await start({ execute: executor.execute });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(Buffer.concat([requestText(), requestText()]));
    while (server.statistics.running < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(executor.requests).toHaveLength(1);
    raw.socket.destroy();
    while (server.statistics.running > 1) await new Promise((resolve) => setTimeout(resolve, 5));
    release();
    while (server.statistics.running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(executor.requests).toHaveLength(1);
  });

  test('nothing is written into an answer because what comes after its request is no HTTP', async () => {
    const server = await start({
      execute: new TestExecutor(Array.from({ length: 5000 }, (_, at) => `i${at}`)).execute,
    });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(enumerateText());
    await new Promise((resolve) => raw.socket.once('data', resolve));
    raw.socket.pause();
    raw.socket.write('this is no request\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    raw.socket.resume();
    await raw.closed;
    expect(raw.text().match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('the end', () => {
  function holding(): { readonly executor: TestExecutor; readonly begun: Promise<void>; release(): void } {
    const executor = new TestExecutor();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    executor.answer = async (request, signal) => {
      begin();
      await Promise.race([held, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
      executor.answer = null;
      return executor.execute(null, request, { signal });
    };
    return { executor, begun, release: () => release() };
  }

  test('draining refuses new requests with 503 and finishes running ones', async () => {
    const { executor, begun, release } = holding();
    const server = await start({ execute: executor.execute });
    const running = rawExchange(portOf(server), requestText());
    await begun;
    server.drain();
    const refused = await rawExchange(portOf(server), requestText());
    expect(refused.status).toBe(503);
    expect(refused.headers['connection']).toBe('close');
    release();
    expect((await running).status).toBe(200);
  });

  test('closing waits for running requests', async () => {
    const { executor, begun, release } = holding();
    const server = await start({ execute: executor.execute });
    const running = rawExchange(portOf(server), requestText());
    await begun;
    const closing = server.close();
    setTimeout(release, 30);
    expect((await running).status).toBe(200);
    await closing;
    expect(server.statistics).toMatchObject({ running: 0, connections: 0 });
  });

  test('closing does not wait longer than it may', async () => {
    const { executor, begun } = holding();
    const server = await start({ execute: executor.execute });
    const raw = openRaw(connect(portOf(server), '127.0.0.1'));
    raw.socket.write(requestText());
    await begun;
    await server.close(30);
    await raw.closed;
    expect(raw.text()).toBe('');
  });

  test('a client that goes away aborts its operation', async () => {
    const { executor, begun } = holding();
    const log = new MemoryLog();
    const server = await start({ execute: executor.execute, log });
    const socket: Socket = connect(portOf(server), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(requestText());
    await begun;
    socket.destroy();
    while (server.statistics.running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(log.entries.filter((entry) => entry.level === 'error')).toEqual([]);
  });

  test('what an operation says of its end after its client went away is nothing to be told', async () => {
    const executor = new TestExecutor();
    executor.answer = (_request, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new CimError(1, 'the operation was ended')));
      });
    const log = new MemoryLog();
    const server = await start({ execute: executor.execute, log });
    const socket: Socket = connect(portOf(server), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(requestText());
    while (executor.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    while (server.statistics.running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(log.entries.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
  });
});
