import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settingsOf } from '../../src/cli/connection/index.js';
import { createTestServer, type TestServer } from '../../src/host/testing/index.js';
import { errorLike } from '../support/errors.js';
import { run } from './run.js';

const names = ['XDG_CONFIG_HOME', 'TVDC_CONNECTION', 'TVDC_URL', 'TVDC_USER', 'TVDC_PASSWORD_FILE'] as const;
const before = new Map(names.map((name) => [name, process.env[name]]));
let folder: string;
let server: TestServer;

beforeAll(async () => {
  server = await createTestServer({
    mof: 'class ACME_Disk { [Key] string Name; }; instance of ACME_Disk { Name = "a"; };',
    credentials: { user: 'op', password: 'secret' },
  });
});
afterAll(() => server.close());
beforeEach(() => {
  for (const name of names) delete process.env[name];
  folder = mkdtempSync(join(tmpdir(), 'tvdc-connection-'));
  process.env['XDG_CONFIG_HOME'] = folder;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const file = (): string => join(folder, 'tvdc', 'connections.json');
const save = (...more: readonly string[]) =>
  run('connection', 'save', 'east', '--url', server.url, '--user', 'op', '--namespace', 'root/cimv2', ...more);

describe('the host on this machine', () => {
  const hostFolder = (): string => {
    const data = join(folder, 'data');
    mkdirSync(data);
    writeFileSync(join(data, 'admin.secret'), 'secret\n');
    return data;
  };

  test('is reached by its own socket where nothing names a server, and by no other way', async () => {
    const data = hostFolder();
    const down = await run('wbem', 'ein', 'ACME_Disk', '--data', data);
    expect(down).toMatchObject({ status: 3, out: '' });
    expect(down.notes).toContain(`unix:${data}/admin.sock`);
    const near = await createTestServer({ mof: 'class ACME_Disk { [Key] string Name; };', listen: 'socket' });
    try {
      symlinkSync(near.url.replace('unix:', ''), join(data, 'admin.sock'));
      const words = ['wbem', 'ein', 'ACME_Disk', '--namespace', 'root/cimv2', '--data', data];
      expect(await run(...words)).toMatchObject({ status: 0 });
      rmSync(join(data, 'admin.secret'));
      expect(await run(...words)).toMatchObject({ status: 0 });
      // Named: the server with other instances, and a secret.
      writeFileSync(join(folder, 'op.secret'), 'secret');
      const named = await run(
        ...words,
        '--url',
        server.url,
        '--user',
        'op',
        '--password-file',
        join(folder, 'op.secret'),
      );
      expect(named.out).toContain('ACME_Disk.Name="a"');
    } finally {
      await near.close();
    }
  });
});

describe('saved connections', () => {
  test('serve every command by --connection, by TVDC_CONNECTION or as the default', async () => {
    expect((await save('--password-command', 'echo secret')).status).toBe(0);
    const listed = { status: 0, out: 'root/cimv2:ACME_Disk.Name="a"\n' };
    const first = await run('wbem', 'ein', 'ACME_Disk', '--connection', 'east');
    expect(first).toMatchObject({ status: 0, notes: '' });
    expect(first.out).toContain('ACME_Disk.Name="a"');
    listed.out = first.out;
    process.env['TVDC_CONNECTION'] = 'east';
    expect(await run('wbem', 'ein', 'ACME_Disk')).toMatchObject(listed);
    delete process.env['TVDC_CONNECTION'];
    expect((await run('connection', 'default', 'east')).status).toBe(0);
    expect(await run('wbem', 'ein', 'ACME_Disk')).toMatchObject(listed);
    expect(await run('connection', 'test', 'east')).toMatchObject({ status: 0 });
  });

  test('keep how to log in: a server of Basic alone gets nothing where Digest was wanted', async () => {
    const command = ['--password-command', 'echo secret'];
    await save(...command, '--authentication', 'digest');
    expect((await run('connection', 'show', 'east')).out).toContain('authentication: digest\n');
    expect(await run('wbem', 'ein', 'ACME_Disk', '--connection', 'east')).toMatchObject({ status: 3, out: '' });
    const once = await run('wbem', 'ein', 'ACME_Disk', '--connection', 'east', '--authentication', 'basic');
    expect(once.status).toBe(0);
    expect((await save(...command, '--authentication', 'ntlm')).status).toBe(2);
  });

  test('are for their owner alone, and hold no secret unless asked', async () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'secret\n');
    await save('--password-file', secret);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readFileSync(file(), 'utf8')).not.toContain('"password"');
    expect((await run('connection', 'test', 'east')).status).toBe(0);
    await save('--password-file', secret, '--keep-password');
    rmSync(secret);
    expect((await run('connection', 'test', 'east')).status).toBe(0);
    const shown = await run('connection', 'show', 'east', '-o', 'json');
    expect(shown.out).not.toContain('secret"');
    chmodSync(file(), 0o644);
    expect(await run('connection', 'list')).toMatchObject({ status: 2, out: '' });
  });

  test('are listed, made the default and deleted', async () => {
    await save('--default');
    expect(JSON.parse((await run('connection', 'list', '-o', 'json')).out)).toEqual([
      { name: 'east', url: server.url, user: 'op', namespace: 'root/cimv2', default: true },
    ]);
    expect((await run('connection', 'delete', 'east')).status).toBe(0);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ default: null, connections: {} });
    expect(await run('connection', 'show', 'east')).toMatchObject({ status: 2 });
  });

  test.each([
    [['--url', 'east']],
    [['--url', 'http://op:secret@east']],
    [['--url', 'http://east', '--keep-password']],
    [['--url', 'http://east', '--password-file', 'a', '--password-command', 'b']],
    [['--url', 'http://east', '--timeout', 'soon']],
  ])('are not saved from %j', async (words) => {
    expect(await run('connection', 'save', 'east', ...words)).toMatchObject({ status: 2, out: '' });
  });

  test('a command for the secret that fails is told; a wrong secret is status 3', async () => {
    await save('--password-command', 'exit 1');
    expect(await run('connection', 'test', 'east')).toMatchObject({ status: 2 });
    await save('--password-command', 'echo wrong');
    expect(await run('connection', 'test', 'east')).toMatchObject({ status: 3 });
  });
});

describe('what counts', () => {
  test('a secret for one server is never shown to another', async () => {
    await save('--password-command', 'echo secret', '--default');
    const other = settingsOf({ url: 'http://west' });
    expect([other.saved, other.passwordCommand, other.user]).toEqual([null, undefined, undefined]);
    process.env['TVDC_PASSWORD_FILE'] = '/secret/of/this/shell';
    process.env['TVDC_CONNECTION'] = 'east';
    expect(settingsOf({}).passwordFile).toBeUndefined();
    expect(settingsOf({ user: 'other' }).passwordCommand).toBeUndefined();
  });

  test('options come before the saved connection, and TVDC_URL before the default', async () => {
    await save('--default', '--timeout', '5');
    expect(settingsOf({ namespace: 'root/x' })).toMatchObject({ namespace: 'root/x', timeout: '5', saved: 'east' });
    process.env['TVDC_URL'] = 'http://west';
    expect(settingsOf({})).toMatchObject({ url: 'http://west', saved: null, namespace: 'root/tvdc' });
  });

  test('two servers in one command are refused', async () => {
    await save();
    expect(() => settingsOf({ connection: 'east', url: 'http://west' })).toThrow(errorLike({ code: 'usage' }));
    expect(() => settingsOf({ connection: 'north' })).toThrow(errorLike({ code: 'usage' }));
  });
});
