import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isLocal } from '../../src/cli/connection/index.js';
import { splitCredentials } from '../../src/cli/connection/login.js';
import { type ManagementVm, openManagementVm } from '../../src/host/management-vm/index.js';
import { run } from './run.js';

const label = (name: string, types: readonly string[], chwall: readonly string[]) => ({ name, ste: types, chwall });

const policy = {
  name: 'tvdc-sample',
  version: '1.0',
  from_policy: null,
  ste_types: ['SystemManagement', 'MA', 'SU'],
  chwall_types: ['SystemManagement', 'MA', 'SU'],
  chwall_primary: true,
  conflict_sets: [],
  bootstrap: 'SystemManagement',
  vm_labels: [
    label('SystemManagement', ['SystemManagement', 'MA', 'SU'], ['SystemManagement']),
    label('MA', ['MA'], ['MA']),
    label('SU', ['SU'], ['SU']),
  ],
  resource_labels: [
    { name: 'MA', ste: ['MA'] },
    { name: 'SU', ste: ['SU'] },
  ],
};

describe('the commands for a host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-host-'));
  const document = join(folder, 'policy.json');
  let host: ManagementVm;
  const tvdc = (...argv: readonly string[]) =>
    run(...argv, '--url', host.server.addresses[0]?.url ?? '', '--data', join(folder, 'data'));

  beforeAll(async () => {
    writeFileSync(document, JSON.stringify(policy));
    host = await openManagementVm({
      folder: join(folder, 'data'),
      listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0, authentication: 'basic' }],
      vtpm: 'software',
      sample: true,
    });
  });
  afterAll(async () => {
    await host.close();
    rmSync(folder, { recursive: true });
  });

  test('read the secret of this machine by themselves', async () => {
    const { status, out } = await tvdc('vm', 'list');
    expect([status, out.split(/\s+/)[0]]).toEqual([0, 'NAME']);
    expect(out).toMatch(/^ma-1 +off +- +medium/m);
    const url = host.server.addresses[0]?.url ?? '';
    expect((await run('vm', 'list', '--url', url, '--data', folder)).status).toBe(3);
  });

  test('carry a policy from its document to enforcement, and labels to elements', async () => {
    expect((await tvdc('vm', 'start', 'ma-1', '-o', 'json')).status).toBe(1);
    const imported = await tvdc('policy', 'import', document, '-o', 'json');
    expect(JSON.parse(imported.out)).toMatchObject({ policy: 'TVDC:policy:tvdc-sample:1.0' });
    expect((await tvdc('policy', 'deploy', 'tvdc-sample', '1.0')).out).toBe('tvdc-sample 1.0 is deployed\n');
    expect((await tvdc('policy', 'enable', 'tvdc-sample', '1.0')).status).toBe(0);
    expect((await tvdc('policy', 'list')).out).toMatch(/^tvdc-sample +1\.0 +enabled/m);
    for (const [element, name] of [
      ['ma-1', 'MA'],
      ['ma-1-disk', 'MA'],
      ['vlan:100', 'MA'],
      ['su-1', 'SU'],
    ] as const) {
      expect((await tvdc('label', 'assign', element, name)).status).toBe(0);
    }
    expect((await tvdc('label', 'show', 'ma-1')).out).toContain('ACM:tvdc-sample:MA');
    expect((await tvdc('label', 'list')).out).toMatch(/^ACM:tvdc-sample:MA +VM +MA +MA$/m);
    const exported = await tvdc('policy', 'export', 'tvdc-sample', '1.0');
    expect(JSON.parse(exported.out)).toMatchObject({ name: 'tvdc-sample', version: '1.0' });
    expect((await tvdc('policy', 'export', 'tvdc-sample', '1.0', '--form', 'binary')).out).toContain('tvdc-sample');
    expect((await tvdc('policy', 'export', 'tvdc-sample', '1.0', '--form', 'map')).status).toBe(2);
  });

  test('explain with status 0 for permit and 1 for deny', async () => {
    expect(await tvdc('explain', 'Domain-0', 'ma-1')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^permit \(common_type\)/) as string,
    });
    const { status, out } = await tvdc('explain', 'ma-1', 'su-1', '-o', 'json');
    expect([status, JSON.parse(out)]).toEqual([
      1,
      expect.objectContaining({ permit: false, reason: 'no_common_type' }),
    ]);
    expect((await tvdc('explain', 'ma-1', 'su-1')).out).toContain('\nma-1 {MA}, su-1 {SU}; rule ');
    // What did not come to types shows none, rather than empty ones.
    expect((await tvdc('explain', 'ma-1', 'ms-1')).out).not.toContain('{}');
  });

  test('start what may start, and say why the rest may not', async () => {
    expect((await tvdc('vm', 'start', 'ma-1')).out).toBe('ma-1 is running\n');
    expect(await tvdc('vm', 'resume', 'nobody')).toMatchObject({ status: 1, out: '' });
    const refused = await tvdc('vm', 'start', 'su-1');
    expect([refused.status, refused.out]).toEqual([1, '']);
    expect(refused.notes).toMatch(/^tvdc: [^\n]*TVDC02\d\d: [^\n]+\n$/);
    expect((await tvdc('label', 'remove', 'ma-1')).status).toBe(1);
    expect((await tvdc('vm', 'stop', 'su-1')).notes).toBe('tvdc: su-1 is off: it cannot stop from there\n');
  });

  test('resume what is paused and restore what is saved, nothing else', async () => {
    expect((await tvdc('vm', 'resume', 'su-1')).notes).toBe('tvdc: su-1 is off: it cannot resume from there\n');
    expect((await tvdc('vm', 'restore', 'ma-1')).notes).toBe('tvdc: ma-1 is running: it cannot restore from there\n');
    expect((await tvdc('vm', 'pause', 'ma-1')).out).toBe('ma-1 is paused\n');
    expect((await tvdc('vm', 'resume', 'ma-1')).out).toBe('ma-1 is running\n');
    expect((await tvdc('vm', 'save', 'ma-1')).out).toBe('ma-1 is saved\n');
    expect((await tvdc('vm', 'restore', 'ma-1')).out).toBe('ma-1 is running\n');
  });

  test('show virtual TPMs, their registers and quotes', async () => {
    expect((await tvdc('vtpm', 'list')).out).toMatch(/^ma-1 +\S+ +2\.0 +software +sha1 sha256/m);
    const pcrs = JSON.parse((await tvdc('vtpm', 'pcrs', 'ma-1', '--bank', 'sha256', '-o', 'json')).out) as unknown[];
    expect(pcrs.length).toBe(24);
    const quote = await tvdc('vtpm', 'quote', 'ma-1', '--nonce', '00ff', '-o', 'json');
    expect(JSON.parse(quote.out)).toMatchObject({ quote: expect.stringMatching(/^ff544347/) as string });
    expect((await tvdc('vtpm', 'pcrs', 'nobody')).status).toBe(1);
    const off = 'tvdc: the virtual TPM of su-1 is off: it has no registers to show\n';
    expect(await tvdc('vtpm', 'pcrs', 'su-1')).toMatchObject({ status: 1, out: '', notes: off });
    expect((await tvdc('vtpm', 'quote', 'ma-1', '--nonce', 'xyz')).status).toBe(2);
  });

  test('compile MOF in the host: a file named from here, into a namespace that has no qualifier types', async () => {
    const thing = join(folder, 'thing.mof');
    writeFileSync(thing, 'class ACME_Thing { [Key] string Name; };\ninstance of ACME_Thing { Name = "one"; };\n');
    expect((await tvdc('wbem', 'namespace', 'create', 'root/acme')).status).toBe(0);
    const compile = (...more: readonly string[]) =>
      tvdc('mof', 'compile', relative(process.cwd(), thing), '--namespace', 'root/acme', '-o', 'json', ...more);
    expect(JSON.parse((await compile()).out)).toMatchObject({ created: 72, unchanged: 0 });
    expect(JSON.parse((await compile('--mode', 'remove')).out)).toMatchObject({ deleted: 2 });
  });

  test('list domains', async () => {
    expect(JSON.parse((await tvdc('tvd', 'list', '-o', 'json')).out)).toEqual([]);
  });
});

describe('who is told the secret of this machine', () => {
  test('only servers at a loopback address', () => {
    for (const url of ['http://127.0.0.1:5988', 'https://localhost', 'http://[::1]:1']) expect(isLocal(url)).toBe(true);
    for (const url of ['http://example.org', 'http://127.0.0.1.example.org', 'http://10.0.0.1', 'rubbish']) {
      expect(isLocal(url)).toBe(false);
    }
  });

  test('credentials in a URL are taken out of it', () => {
    expect(splitCredentials('https://me:p%40ss@host:1/x')).toEqual({
      url: 'https://host:1/x',
      login: { user: 'me', password: 'p%40ss' },
    });
    expect(splitCredentials('unix:/run/a@b')).toEqual({ url: 'unix:/run/a@b', login: null });
  });
});
