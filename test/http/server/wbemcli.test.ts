// The command line client of SBLIM against our front, as scripts use it.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWbemServer, type WbemServer } from '../../../src/http/server/index.js';
import { describeIf } from '../../support/parts.js';
import { CimError } from '../../../src/cim/operations/index.js';
import { makeCertificates } from '../certificate.js';
import { TestExecutor, testInstance } from '../support.js';

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function installed(): boolean {
  try {
    execFileSync('wbemcli', ['-v'], { stdio: 'pipe' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function wbemcli(...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile('wbemcli', args, { timeout: 20_000 }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

describeIf(installed(), 'wbemcli is not installed')('wbemcli', () => {
  const executor = new TestExecutor();
  let server: WbemServer;
  let at: string;
  let secure: string;
  let folder: string;
  let ca: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tvdc-wbemcli-'));
    const certificates = makeCertificates();
    ca = join(folder, 'ca.pem');
    writeFileSync(ca, certificates.ca);
    server = await createWbemServer<string>({
      listen: [
        { kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' },
        { kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic', tls: certificates },
      ],
      authenticate: async (credentials) =>
        credentials.scheme === 'basic' && credentials.password === 'w' ? 'u' : null,
      execute: executor.execute,
    });
    at = `http://u:w@127.0.0.1:${server.addresses[0]?.port}/root/t`;
    secure = `https://u:w@127.0.0.1:${server.addresses[1]?.port}/root/t`;
  });

  afterAll(async () => {
    await server.close(0);
    rmSync(folder, { recursive: true, force: true });
  });

  test('gc reads a class', async () => {
    const { status, out } = await wbemcli('gc', `${at}:T_A`);
    expect({ status, out }).toEqual({ status: 0, out: expect.stringMatching(/:T_A Id=,N=,S=,Big=/) });
  });

  test('ei reads instances', async () => {
    const { status, out } = await wbemcli('ei', `${at}:T_A`);
    expect(status).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(2);
    expect(out).toMatch(/:T_A\.Id="a" Id="a",N=1,S="text of a",Big=18446744073709551615/);
  });

  test('gi reads one instance, over TLS too', async () => {
    expect((await wbemcli('gi', '-nl', `${at}:T_A.Id="b"`)).out).toContain('-N=2');
    expect((await wbemcli('gi', '-cacert', ca, `${secure}:T_A.Id="b"`)).out).toContain('N=2');
    expect((await wbemcli('gi', '-noverify', `${secure}:T_A.Id="b"`)).out).toContain('N=2');
  });

  test('ein of many instances is read, chunked and with Expect', async () => {
    const many = new TestExecutor(Array.from({ length: 2000 }, (_, id) => `instance number ${id}`));
    executor.answer = (request, signal) => many.execute(null, request, { signal });
    try {
      for (const option of ['-t', '-cte', '-e100']) {
        const { status, out } = await wbemcli('ein', option, `${at}:T_A`);
        expect({ option, status, lines: out.trim().split('\n').length }).toEqual({ option, status: 0, lines: 2000 });
      }
    } finally {
      executor.answer = null;
    }
  });

  test('cm calls a method, with awkward keys', async () => {
    for (const id of ['plain', 'a=b', 'x/y:z.w', 'comma, blank']) {
      const { status, out, err } = await wbemcli('cm', `${at}:T_A.Id="${id}"`, 'Add.A=2,B=40');
      expect({ id, status, err }).toEqual({ id, status: 0, err: '' });
      expect(out).toContain('42');
    }
  });

  test('errors come out as CIM errors', async () => {
    const missing = await wbemcli('gi', `${at}:T_A.Id="nope"`);
    expect(missing.status).toBe(16);
    expect(missing.err).toContain('Cim: (6) CIM_ERR_NOT_FOUND');
    const refused = await wbemcli('gi', `${at.replace('u:w', 'u:x')}:T_A.Id="a"`);
    expect(refused.err).toContain('password');
  });

  test('a late failure is noticed, with and without trailers', async () => {
    executor.answer = () => ({
      kind: 'named-instances',
      batches: (async function* () {
        yield Array.from({ length: 1000 }, (_, id) => testInstance(String(id)));
        throw new CimError(6, 'gone meanwhile');
      })(),
    });
    try {
      const trailers = await wbemcli('ei', '-cte', `${at}:T_A`);
      expect(trailers.status).toBe(16);
      expect(trailers.err).toContain('(6)');
      expect((await wbemcli('ei', `${at}:T_A`)).status).toBe(16);
    } finally {
      executor.answer = null;
    }
  });
});
