import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './support/command.js';
import { openSampleHost, type SampleHost } from './support/sample-host.js';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-bad-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One line that begins with the command's name and shows no inside. */
function expectOneLine(errors: string): string {
  const lines = errors.trimEnd().split('\n');
  expect(lines).toEqual([expect.stringMatching(/^tvdc: /)]);
  expect(errors).not.toMatch(/^\s+at |internal error|Error:/m);
  return errors;
}

describe('what stands in the way of a host', () => {
  let other: Server;
  let port: number;

  beforeAll(async () => {
    other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    port = (other.address() as AddressInfo).port;
  });
  afterAll(() => new Promise((resolve) => other.close(resolve)));

  test('a port in use is named, and nothing stays locked behind it', async () => {
    const data = join(folder, 'port');
    const words = ['serve', '--data', data, '--https-port', '0', '--vtpm', 'software', '--http-port', String(port)];
    for (let attempt = 0; attempt < 2; attempt++) {
      const { status, errors, output } = await runCommand(words);
      expect(status).toBe(2);
      expect(expectOneLine(errors)).toContain(String(port));
      expect(output).toBe('');
    }
    expect(existsSync(join(data, 'admin.sock'))).toBe(false);
  });

  test('a demonstration on a port in use leaves no folder behind', async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('tvdc-demo-'));
    const { status, errors } = await runCommand(['demo', '--once', '--vtpm', 'software', '--http-port', String(port)]);
    expect(status).toBe(2);
    expect(expectOneLine(errors)).toContain(String(port));
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('tvdc-demo-'));
    expect(after.filter((name) => !before.includes(name))).toEqual([]);
  });

  test('a data folder that is a file is named', async () => {
    const data = join(folder, 'file');
    await writeFile(data, 'not a folder');
    const { status, errors } = await runCommand(['serve', '--data', data, '--http-port', '1', '--https-port', '0']);
    expect(status).toBe(2);
    expect(expectOneLine(errors)).toContain(data);
  });

  test('a data folder below a file is named', async () => {
    const data = join(folder, 'file', 'below');
    const { status, errors } = await runCommand(['serve', '--data', data, '--http-port', '1', '--https-port', '0']);
    expect(status).toBe(2);
    expect(expectOneLine(errors)).toContain(data);
  });

  test('a data folder that may not be used is named', async () => {
    // No mode keeps root out; the kernel's own file system does.
    const data = process.getuid?.() === 0 ? '/proc/tvdc-closed' : join(folder, 'closed');
    if (!data.startsWith('/proc/')) await mkdir(data, { mode: 0o000 });
    const { status, errors } = await runCommand(['serve', '--data', data, '--http-port', '1', '--https-port', '0']);
    if (!data.startsWith('/proc/')) await chmod(data, 0o700);
    expect(status).toBe(2);
    expect(expectOneLine(errors)).toContain(data);
  });

  test('a state that is no database is refused and left as it was', async () => {
    const data = join(folder, 'damaged');
    await mkdir(data);
    const host = await openSampleHost({ folder: data });
    await host.close();
    const [database] = (await readdir(data)).filter((name) => name.endsWith('.db'));
    expect(database).toBeDefined();
    await writeFile(join(data, database ?? ''), 'this is no database, and never was one, whatever its name says');
    const { status, errors } = await runCommand(['serve', '--data', data, '--http-port', '1', '--https-port', '0']);
    expect(status).toBe(2);
    expectOneLine(errors);
  });

  test('a file of a provider that is missing or wrong is named before anything is begun', async () => {
    const data = join(folder, 'provided');
    const wrong = join(folder, 'wrong.json');
    await writeFile(
      wrong,
      '{"command": ["x"], "classes": [{"class": "EX_A", "namespaces": [], "operations": ["fly"]}]}',
    );
    for (const file of [join(folder, 'missing.json'), wrong]) {
      const { status, errors } = await runCommand(['serve', '--data', data, '--http-port', '1', '--provider', file]);
      expect(status).toBe(2);
      expectOneLine(errors);
      expect(errors).toContain(file);
    }
    await expect(readdir(data)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('what a running host is asked', () => {
  let sample: SampleHost;
  let access: readonly string[];

  beforeAll(async () => {
    sample = await openSampleHost();
    const secret = join(sample.folder, 'admin.secret');
    access = ['--url', sample.url, '--user', 'admin', '--password-file', secret];
  });
  afterAll(() => sample.close());

  test.each([
    ['text', 'this is no policy', []],
    ['XML cut short', '<?xml version="1.0"?><SecurityPolicyDefinition><PolicyHeader>', []],
    [
      'JSON with an unknown type in a label',
      '{"name":"p","version":"1.0","ste_types":["A"],"vm_labels":[{"name":"l","ste":["B"],"chwall":[]}]}',
      [],
    ],
  ])('a wrong policy file (%s) is refused in one line, and nothing is stored', async (_name, text) => {
    const file = join(folder, 'policy.json');
    await writeFile(file, text);
    const { status, errors, output } = await runCommand(['policy', 'import', file, ...access]);
    expect(status).toBeGreaterThanOrEqual(1);
    expect(status).toBeLessThan(5);
    expect(expectOneLine(errors)).toContain(file);
    expect(output).toBe('');
    expect((await sample.admin.host.policies()).map((policy) => policy.getString('PolicyName'))).toEqual(['DEFAULT']);
  });

  test('a file that is not there is named', async () => {
    const { status, errors } = await runCommand(['policy', 'import', join(folder, 'nothing.xml'), ...access]);
    expect(status).toBe(2);
    expect(expectOneLine(errors)).toContain('nothing.xml');
  });

  test('an unknown machine is named', async () => {
    const { status, errors } = await runCommand(['vm', 'start', 'nobody', ...access]);
    expect(status).toBe(1);
    expect(expectOneLine(errors)).toContain('nobody');
  });

  test('a server that is not there is named', async () => {
    const nowhere = [
      '--url',
      'http://127.0.0.1:1',
      '--user',
      'admin',
      '--password-file',
      join(sample.folder, 'admin.secret'),
    ];
    const { status, errors } = await runCommand(['vm', 'list', ...nowhere]);
    expect(status).toBe(3);
    expect(expectOneLine(errors)).toContain('127.0.0.1');
  });
});
