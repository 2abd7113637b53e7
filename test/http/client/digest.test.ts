import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Authentication } from '../../../src/http/client/authentication.js';
import { parseChallenges } from '../../../src/http/client/challenge.js';
import { DigestSession } from '../../../src/http/client/digest.js';
import { createHttpTransport, type HttpTransport, type HttpTransportOptions } from '../../../src/http/client/index.js';
import { parseTarget } from '../../../src/http/client/target.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const empty = new Uint8Array(0);

function sessionFor(header: string, user: string, password: string, clientNonce: string): DigestSession {
  const [challenge] = parseChallenges([header]);
  const session = challenge === undefined ? null : DigestSession.begin(challenge, { user, password }, clientNonce);
  if (session === null) throw new Error('expected a session');
  return session;
}

describe('the examples of RFC 7616', () => {
  const challenge = (algorithm: string): string =>
    `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;

  test.each([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ])('%s (3.9.1)', (algorithm, response) => {
    const session = sessionFor(
      challenge(algorithm),
      'Mufasa',
      'Circle of Life',
      'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
    );
    expect(session.authorize({ method: 'GET', uri: '/dir/index.html', body: empty })).toBe(
      `Digest username="Mufasa", realm="http-auth@example.org", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", response="${response}", algorithm=${algorithm}, opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop=auth, nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"`,
    );
    expect(session.authorize({ method: 'GET', uri: '/', body: empty })).toContain('nc=00000002');
  });

  test('SHA-512-256 with a hashed user name (3.9.2), by the values of erratum 4897', () => {
    const header =
      'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true';
    const clientNonce = 'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v';
    const sent = sessionFor(header, 'Jäsøn Doe', 'Secret, or not?', clientNonce).authorize({
      method: 'GET',
      uri: '/doe.json',
      body: empty,
    });
    expect(sent).toContain('username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"');
    expect(sent).toContain('response="3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"');
  });

  test('of RFC 2617, without a named algorithm, and of its kind without qop', () => {
    const header = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5c"';
    const request = { method: 'GET', uri: '/dir/index.html', body: empty };
    expect(
      sessionFor(`${header}, qop="auth,auth-int"`, 'Mufasa', 'Circle Of Life', '0a4f113b').authorize(request),
    ).toContain('response="6629fae49393a05397450978507c4ef1"');
    const old = sessionFor(header, 'Mufasa', 'Circle Of Life', '0a4f113b').authorize(request);
    expect(old).toContain('response="670fd8c2df070c60b045671b8b24ff02"');
    expect(old).not.toMatch(/qop|nc=|cnonce/);
  });

  test('a user name beyond ASCII is sent as it is, or as a hash where the server wants that (3.4.4)', () => {
    const header = 'Digest realm="api@example.org", qop="auth", algorithm=SHA-256, nonce="n", charset=UTF-8';
    const request = { method: 'GET', uri: '/doe.json', body: empty };
    expect(sessionFor(header, 'Jäsøn Doe', 's', 'c').authorize(request)).toContain(
      "username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, ",
    );
    const expected = createHash('sha256').update('Jäsøn Doe:api@example.org').digest('hex');
    const hashed = sessionFor(`${header}, userhash=true`, 'Jäsøn Doe', 's', 'c').authorize(request);
    expect(hashed).toContain(`username="${expected}"`);
    expect(hashed).toMatch(/userhash=true$/);
  });
});

describe('challenges', () => {
  test('are told apart, in one header or several', () => {
    const found = parseChallenges([
      'Negotiate, Basic realm="a, \\"b\\"" , Digest realm=x,nonce="y=,z", stale=TRUE',
      'NTLM TlRMTVNTUAAC==',
    ]);
    expect(found.map(({ scheme }) => scheme)).toEqual(['negotiate', 'basic', 'digest', 'ntlm']);
    expect(found[1]?.parameters.get('realm')).toBe('a, "b"');
    expect([...(found[2]?.parameters ?? [])]).toEqual([
      ['realm', 'x'],
      ['nonce', 'y=,z'],
      ['stale', 'TRUE'],
    ]);
  });

  test('that ask for what we cannot do are no sessions', () => {
    for (const header of [
      'Digest realm="r", nonce="n", algorithm=SHA-3',
      'Digest realm="r", nonce="n", qop="auth-conf"',
      'Digest realm="r"',
      'Basic realm="r"',
    ]) {
      const [challenge] = parseChallenges([header]);
      expect(challenge && DigestSession.begin(challenge, { user: 'u', password: 'p' })).toBeNull();
    }
  });
});

const secret = { user: 'operator', password: 'Circle of Life' };
const answer =
  '<?xml version="1.0" encoding="utf-8"?><CIM CIMVERSION="2.0" DTDVERSION="2.0"><MESSAGE ID="@ID@" PROTOCOLVERSION="1.0"><SIMPLERSP><IMETHODRESPONSE NAME="EnumerateClassNames"><IRETURNVALUE><CLASSNAME NAME="T_A"/></IRETURNVALUE></IMETHODRESPONSE></SIMPLERSP></MESSAGE></CIM>';

interface Seen {
  readonly authorization: string | null;
  readonly status: number;
  readonly body: string;
}

interface DigestServerOptions {
  readonly algorithm?: string;
  readonly qop?: string | null;
  /** Uses of a nonce before it is stale. */
  readonly uses?: number;
  readonly also?: string;
  readonly nextNonce?: boolean;
}

/** A server that checks digests by itself, word by word from the RFC. */
async function digestServer(options: DigestServerOptions = {}): Promise<{ url: string; seen: Seen[] }> {
  const { algorithm = 'SHA-256', qop = 'auth', uses = 1000, also } = options;
  const H = (text: string): string =>
    createHash(algorithm.startsWith('MD5') ? 'md5' : 'sha256')
      .update(text)
      .digest('hex');
  const counts = new Map<string, number>();
  let nonces = 0;
  const seen: Seen[] = [];
  const fresh = (): string => {
    const nonce = `nonce-${++nonces}`;
    counts.set(nonce, 0);
    return nonce;
  };
  const check = (request: IncomingMessage, body: string): 'good' | 'stale' | 'bad' => {
    const header = request.headers.authorization ?? '';
    if (!header.startsWith('Digest ')) return 'bad';
    const field = (name: string): string => new RegExp(`(?:^|[ ,])${name}="?([^",]*)`).exec(header)?.[1] ?? '';
    const count = counts.get(field('nonce'));
    if (count === undefined) return 'stale';
    let A1 = H(`${secret.user}:test realm:${secret.password}`);
    if (algorithm.endsWith('-sess')) A1 = H(`${A1}:${field('nonce')}:${field('cnonce')}`);
    const integrity = field('qop') === 'auth-int' ? `:${H(body)}` : '';
    const A2 = H(`${request.method}:${field('uri')}${integrity}`);
    const middle =
      qop === null ? field('nonce') : [field('nonce'), field('nc'), field('cnonce'), field('qop')].join(':');
    if (field('uri') !== request.url || field('response') !== H(`${A1}:${middle}:${A2}`)) return 'bad';
    if (field('username') !== secret.user || (qop !== null && !qop.includes(field('qop')))) return 'bad';
    if (qop !== null && Number.parseInt(field('nc'), 16) !== count + 1) return 'bad';
    if (count >= uses) return 'stale';
    counts.set(field('nonce'), count + 1);
    return 'good';
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const verdict = check(request, body);
      const status = verdict === 'good' ? 200 : 401;
      seen.push({ authorization: request.headers.authorization ?? null, status, body });
      if (verdict === 'good') {
        if (options.nextNonce === true) response.setHeader('Authentication-Info', `nextnonce="${fresh()}", qop=auth`);
        response.setHeader('Content-Type', 'application/xml; charset="utf-8"');
        response.end(answer.replace('@ID@', /MESSAGE ID="([^"]*)"/.exec(body)?.[1] ?? ''));
        return;
      }
      const terms = [
        'realm="test realm"',
        `nonce="${fresh()}"`,
        `algorithm=${algorithm}`,
        ...(qop === null ? [] : [`qop="${qop}"`]),
        ...(verdict === 'stale' ? ['stale=true'] : []),
      ];
      response.setHeader('WWW-Authenticate', [...(also === undefined ? [] : [also]), `Digest ${terms.join(', ')}`]);
      response.writeHead(401);
      response.end('not you');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function transportTo(url: string, options: Partial<HttpTransportOptions> = {}): HttpTransport {
  const transport = createHttpTransport({ url, ...secret, authentication: 'digest', timeout: 5000, ...options });
  closers.push(() => transport.close());
  return transport;
}

const names = { kind: 'EnumerateClassNames', namespace: 'n', className: null, deepInheritance: false } as const;

describe('a server that wants Digest', () => {
  test.each([
    ['SHA-256', { algorithm: 'SHA-256' }],
    ['SHA-256-sess', { algorithm: 'SHA-256-sess' }],
    ['MD5', { algorithm: 'MD5' }],
    ['MD5-sess', { algorithm: 'MD5-sess' }],
    ['auth-int', { qop: 'auth-int' }],
    ['neither, as in RFC 2069', { algorithm: 'MD5', qop: null }],
  ])('gets it: %s', async (_what, options) => {
    const { url, seen } = await digestServer(options);
    const transport = transportTo(url);
    for (let turn = 0; turn < 3; turn++) expect((await transport.call(names)).names).toEqual(['T_A']);
    expect(seen.map(({ status }) => status)).toEqual([401, 200, 200, 200]);
    expect(seen[0]).toEqual({ authorization: null, status: 401, body: '' });
  });

  test('gets it also beside an offer of Basic, and never the secret', async () => {
    const { url, seen } = await digestServer({ also: 'Basic realm="test realm"' });
    expect((await transportTo(url).call(names)).names).toEqual(['T_A']);
    expect(seen.some(({ authorization }) => authorization?.startsWith('Basic') === true)).toBe(false);
  });

  test('that calls a nonce stale gets a digest over its next one', async () => {
    const { url, seen } = await digestServer({ uses: 2 });
    const transport = transportTo(url);
    for (let turn = 0; turn < 4; turn++) await transport.call(names);
    expect(seen.map(({ status }) => status)).toEqual([401, 200, 200, 401, 200, 200]);
  });

  test('that names its next nonce is not asked again', async () => {
    const { url, seen } = await digestServer({ uses: 1, nextNonce: true });
    const transport = transportTo(url);
    for (let turn = 0; turn < 3; turn++) await transport.call(names);
    expect(seen.map(({ status }) => status)).toEqual([401, 200, 200, 200]);
  });

  test('refuses a wrong secret once: `unauthorized`', async () => {
    const { url, seen } = await digestServer();
    await expect(transportTo(url, { password: 'no' }).call(names)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(seen).toHaveLength(2);
  });

  test('and is asked by several calls at a time is asked once', async () => {
    const { url, seen } = await digestServer();
    const transport = transportTo(url, { connections: 1 });
    await Promise.all(Array.from({ length: 5 }, () => transport.call(names)));
    expect(seen.map(({ status }) => status)).toEqual([401, 200, 200, 200, 200, 200]);
  });

  test('gets it from a client that was not told', async () => {
    const { url, seen } = await digestServer();
    const transport = transportTo(url, { authentication: 'auto' });
    expect((await transport.call(names)).names).toEqual(['T_A']);
    expect((await transport.call(names)).names).toEqual(['T_A']);
    expect(seen.map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  test('does not get it from a client that knows Basic only', async () => {
    const { url, seen } = await digestServer();
    await expect(transportTo(url, { authentication: 'basic' }).call(names)).rejects.toMatchObject({
      code: 'unauthorized',
    });
    expect(seen).toHaveLength(1);
  });

  test('shows no digest in the record of the exchange', async () => {
    const { url } = await digestServer();
    const transport = transportTo(url);
    await transport.call(names);
    expect(Object.keys(transport.lastExchange?.request.headers ?? {})).not.toContain('Authorization');
  });
});

describe('what is sent before the server asked', () => {
  const given = { user: 'u', password: 'p', verified: true };
  const request = { method: 'POST', uri: '/cimom', body: empty };
  const first = (url: string, verified = true): string | null => {
    const authentication = new Authentication('auto', parseTarget(url, '/cimom'), { ...given, verified });
    return authentication.isUnknown ? 'asks' : authentication.header(request);
  };
  const basic = 'Basic dTpw';

  test('is Basic only where nobody else can read it', () => {
    expect(first('https://host')).toBe(basic);
    expect(first('http://127.0.0.1')).toBe(basic);
    expect(first('http://localhost:99')).toBe(basic);
    expect(first('http://[::1]')).toBe(basic);
    expect(first('unix:/run/s')).toBe(basic);
    expect(first('http://host')).toBe('asks');
    expect(first('http://localhost.example.org')).toBe('asks');
    expect(first('https://host', false)).toBe('asks');
  });

  test('asked, a server gets what it wants: Basic, Digest, or, where it does not care, Basic', () => {
    const asked = (...challenges: readonly string[]): string | null => {
      const authentication = new Authentication('auto', parseTarget('http://host', '/cimom'), given);
      if (challenges.length === 0) authentication.settle();
      else authentication.learn(challenges, null);
      return authentication.header(request)?.split(' ')[0] ?? null;
    };
    expect(asked('Basic realm="r"')).toBe('Basic');
    expect(asked('Basic realm="r"', 'Digest realm="r", nonce="n"')).toBe('Digest');
    expect(asked()).toBe('Basic');
  });
});
