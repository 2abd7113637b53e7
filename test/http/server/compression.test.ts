import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { gunzipSync, constants } from 'node:zlib';
import { CimError, type CimResult } from '../../../src/cim/operations/index.js';
import { createWbemServer, type WbemServer, type WbemServerOptions } from '../../../src/http/server/index.js';
import {
  getClassBody,
  openRaw,
  type RawAnswer,
  rawExchange,
  requestText,
  TestExecutor,
  testInstance,
} from '../support.js';

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(options: Partial<WbemServerOptions<unknown>> = {}): Promise<number> {
  const server: WbemServer = await createWbemServer<unknown>({
    listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'none' }],
    execute: new TestExecutor(Array.from({ length: 600 }, (_, at) => `item ${at}`)).execute,
    ...options,
  });
  closers.push(() => server.close(0));
  return server.addresses[0]?.port ?? 0;
}

const enumerateText = (headers: Readonly<Record<string, string>> = {}, line = 'POST /cimom HTTP/1.1'): Buffer =>
  requestText({
    line,
    headers: { CIMMethod: 'EnumerateInstances', ...headers },
    body: getClassBody.replaceAll('GetClass', 'EnumerateInstances'),
  });

const asked = { 'Accept-Encoding': 'gzip' };

function answering(make: () => CimResult | Promise<CimResult>): TestExecutor {
  const executor = new TestExecutor();
  executor.answer = make;
  return executor;
}

function failingLate(): TestExecutor {
  return answering(() => ({
    kind: 'named-instances',
    batches: (async function* () {
      yield Array.from({ length: 5000 }, (_, at) => testInstance(String(at)));
      throw new CimError(1, 'lost');
    })(),
  }));
}

/** Bytes of a body, without the sizes of its chunks. */
function bytesOf(answer: RawAnswer): Buffer {
  const body = Buffer.from(answer.body, 'latin1');
  if (!/chunked/.test(answer.headers['transfer-encoding'] ?? '')) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, line), 16);
    if (!(size > 0)) break;
    chunks.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}

function unpackedSoFar(bytes: Buffer): string {
  return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
}

describe('an answer', () => {
  test.each([
    ['gzip', true],
    ['gzip, deflate', true],
    ['deflate, GZIP;q=0.5', true],
    ['x-gzip', true],
    ['*', true],
    ['br;q=1.0, *;q=0.1', true],
    ['', false],
    ['identity', false],
    ['deflate', false],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['gzip;q=0.2, identity;q=0.9', false],
    ['gzipped', false],
  ])('to Accept-Encoding "%s" is compressed: %s', async (accepted, compressed) => {
    const answer = await rawExchange(await start(), enumerateText({ 'Accept-Encoding': accepted }));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-encoding']).toBe(compressed ? 'gzip' : undefined);
    const text = compressed ? gunzipSync(bytesOf(answer)).toString() : bytesOf(answer).toString();
    expect(text.match(/<VALUE\.NAMEDINSTANCE>/g)).toHaveLength(600);
    expect(text).toMatch(/<\/CIM>\s*$/);
  });

  test('is plain where nobody asked, where it is small, and where compression is turned off', async () => {
    const port = await start();
    expect((await rawExchange(port, enumerateText())).headers['content-encoding']).toBeUndefined();
    const small = await rawExchange(port, requestText({ headers: asked }));
    expect(small.headers['content-encoding']).toBeUndefined();
    expect(small.body).toContain('<CLASS NAME="T_A">');
    const off = await rawExchange(await start({ gzipFrom: Number.POSITIVE_INFINITY }), enumerateText(asked));
    expect(off.headers['content-encoding']).toBeUndefined();
  });

  test('that is there as a whole says how long it is', async () => {
    const executor = answering(() => ({ kind: 'instance', instance: testInstance('x', 1, 'long '.repeat(10_000)) }));
    const port = await start({ execute: executor.execute });
    const request = requestText({
      headers: { ...asked, CIMMethod: 'GetInstance' },
      body: getClassBody
        .replaceAll('GetClass', 'GetInstance')
        .replace('"ClassName"><CLASSNAME NAME="T_A"/>', '"InstanceName"><INSTANCENAME CLASSNAME="T_A"/>'),
    });
    const answer = await rawExchange(port, request);
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(Number(answer.headers['content-length'])).toBeLessThan(2000);
    expect(gunzipSync(bytesOf(answer)).toString()).toContain('long '.repeat(10_000));
  });

  test('of HTTP/1.0 ends with its connection', async () => {
    const answer = await rawExchange(await start(), enumerateText(asked, 'POST /cimom HTTP/1.0'));
    expect(answer.headers['transfer-encoding']).toBeUndefined();
    expect(gunzipSync(bytesOf(answer)).toString()).toMatch(/<\/CIM>\s*$/);
  });
});

describe('a compressed stream', () => {
  test('that fails half-way has no end: with trailers', async () => {
    const port = await start({ execute: failingLate().execute });
    const answer = await rawExchange(port, enumerateText({ ...asked, TE: 'trailers' }));
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(answer.body).toMatch(/\r\n0\r\nCIMStatusCode: 1\r\nCIMStatusCodeDescription: lost\r\n\r\n$/);
    expect(() => gunzipSync(bytesOf(answer))).toThrow(/unexpected end of file/);
    expect(unpackedSoFar(bytesOf(answer))).not.toContain('</CIM>');
  });

  test('that fails half-way has no end: cut off', async () => {
    const port = await start({ execute: failingLate().execute });
    for (const line of ['POST /cimom HTTP/1.1', 'POST /cimom HTTP/1.0']) {
      const raw = openRaw(connect(port, '127.0.0.1'));
      raw.socket.write(enumerateText(asked, line));
      await raw.closed;
      expect(raw.text()).not.toMatch(/\r\n0\r\n/);
    }
  });

  test('of a slow source arrives as far as it is there', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const executor = answering(() => ({
      kind: 'named-instances',
      batches: (async function* () {
        yield Array.from({ length: 40 }, (_, at) => testInstance(`early ${at}`));
        await held;
        yield [testInstance('late')];
      })(),
    }));
    const raw = openRaw(connect(await start({ execute: executor.execute }), '127.0.0.1'));
    raw.socket.write(enumerateText(asked));
    const soFar = (): string => {
      const [, ...rest] = raw.text().split('\r\n\r\n');
      const bytes = bytesOf({ headers: { 'transfer-encoding': 'chunked' }, body: rest.join('\r\n\r\n') } as never);
      return bytes.length === 0 ? '' : unpackedSoFar(bytes);
    };
    while (!soFar().includes('early 7')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(soFar()).not.toContain('late');
    release();
    const answer = await raw.answer();
    expect(gunzipSync(bytesOf(answer)).toString()).toContain('>late<');
    raw.socket.destroy();
  });

  test('waits for a client that does not read', async () => {
    let made = 0;
    const batches = 2000;
    const executor = answering(() => ({
      kind: 'named-instances',
      batches: (async function* () {
        for (; made < batches; made++) yield [testInstance(String(made), 1, randomBytes(30_000).toString('base64'))];
      })(),
    }));
    const port = await start({ execute: executor.execute });
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(enumerateText(asked));
    let before = -1;
    while (made === 0 || made > before) {
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(made).toBeLessThan(batches / 2);
    let received = 0;
    const over = new Promise((resolve) => socket.on('close', resolve));
    socket.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (made >= batches) socket.destroy();
    });
    socket.resume();
    await over;
    expect(received).toBeGreaterThan(30_000_000);
  });

  test('is let go when its client goes away', async () => {
    let ended: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const executor = answering(() => ({
      kind: 'named-instances',
      batches: (async function* () {
        try {
          for (;;) yield [testInstance('x', 1, randomBytes(3000).toString('base64'))];
        } finally {
          ended();
        }
      })(),
    }));
    const socket = connect(await start({ execute: executor.execute }), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(enumerateText(asked));
    socket.once('data', () => socket.destroy());
    await over;
  });
});
