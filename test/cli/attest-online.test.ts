import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttestedDatacenter } from '../host/support/attested-host.js';
import { run } from './run.js';

const rows = (text: string) => JSON.parse(text) as readonly Record<string, unknown>[];

describe('tvdc attest and tvdc reference', () => {
  let datacenter: AttestedDatacenter;
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-attest-'));
  const state = join(folder, 'state');
  const at = (file: string): string => join(folder, file);
  const atHost = (...words: readonly string[]) =>
    run(
      ...words,
      '--url',
      datacenter.management.server.addresses[0]?.url ?? '',
      '--data',
      join(datacenter.folder, 'host'),
      '--state',
      state,
    );
  const reference = (...words: readonly string[]) => run('reference', ...words, '--data', state);

  beforeAll(async () => {
    datacenter = await AttestedDatacenter.open();
    await datacenter.host.requestState('ma-1', 'start');
  });
  afterAll(async () => {
    await datacenter.close();
    rmSync(folder, { recursive: true });
  });

  test('without references there is no policy, and no trust', async () => {
    const { status, out } = await atHost('attest', 'ma-1', '-o', 'json');
    expect(status).toBe(1);
    expect(rows(out).map(({ verdict }) => verdict)).toContain('no_policy');
  });

  test('references of a trusted run make host and VM trusted, with status 0', async () => {
    expect((await atHost('reference', 'import', 'workload', '--run', 'ma-1')).status).toBe(0);
    expect((await atHost('reference', 'import', 'host', '--run', 'test-host')).status).toBe(0);
    const { status, out, notes } = await atHost('attest', '-o', 'json');
    expect({ status, notes }).toEqual({ status: 0, notes: '' });
    expect(rows(out).map(({ name, verdict }) => `${String(name)} ${String(verdict)}`)).toEqual([
      'test-host trusted',
      'ma-1 trusted',
    ]);
    expect((await atHost('attest', 'ma-1')).out).toMatch(/ma-1 +trusted +simulated/);
  });

  test('the host may speak for its VM; the VM alone is not enough', async () => {
    expect((await atHost('attest', 'ma-1', '--mode', 'asserted')).status).toBe(0);
    expect((await atHost('attest', 'ma-1', '--mode', 'vm')).status).toBe(1);
  });

  test('a stranger without the trust anchor trusts nobody until he has compared it', async () => {
    const other = join(folder, 'other');
    const url = datacenter.management.server.addresses[0]?.url ?? '';
    const secret = join(datacenter.folder, 'host', 'admin.secret');
    const stranger = (...words: readonly string[]) =>
      run(...words, '--url', url, '--password-file', secret, '--data', join(folder, 'nothing'), '--state', other);
    const before = await stranger('attest', '-o', 'json');
    expect(before.status).toBe(1);
    expect(rows(before.out)[0]).toMatchObject({ verdict: 'untrusted' });
    expect(before.out).toContain('chain_refused');
    const offered = rows((await stranger('attest', 'anchor', '-o', 'json')).out);
    expect((await stranger('attest', 'anchor', '--trust', '00'.repeat(32))).status).toBe(1);
    expect((await stranger('attest', 'anchor', '--trust', String(offered[0]?.['fingerprint']))).status).toBe(0);
    expect((await stranger('attest', '-o', 'json')).out).toContain('no_policy');
  });

  test('history shows verdicts with the last success; exported evidence is judged again offline', async () => {
    const history = rows((await run('attest', 'history', 'ma-1', '--state', state, '-o', 'json')).out);
    expect(history[0]).toMatchObject({ name: 'ma-1', verdict: 'unknown' });
    const trusted = history.find(({ verdict }) => verdict === 'trusted');
    expect(history[0]?.['lastTrusted']).toEqual(expect.stringMatching(/^20/));
    const file = at('evidence.json');
    const exported = await run(
      'attest',
      'history',
      '--state',
      state,
      '--export',
      String(trusted?.['id']),
      '--to',
      file,
    );
    expect(exported.status).toBe(0);
    const verified = await run('attest', 'verify', file, '--state', state, '-o', 'json');
    expect(verified.status).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({ verdict: 'trusted', host: { verdict: 'trusted' } });
    expect((await run('attest', 'verify', file, '--state', join(folder, 'nobody'))).status).toBe(1);
    expect((await run('attest', 'history', '--state', state, '--export', 'nothing')).status).toBe(1);
  });

  test('a deleted reference ends trust with the next round', async () => {
    const found = rows((await reference('search', '/srv/workload/start.sh', '-o', 'json')).out);
    expect(found).toHaveLength(1);
    writeFileSync(at('saved'), (await reference('export', 'workload', '--form', 'entries')).out);
    expect((await reference('delete', 'workload', '--path', '/srv/workload/start.sh')).status).toBe(0);
    const { status, out } = await atHost('attest', 'ma-1', '-o', 'json');
    expect(status).toBe(1);
    expect(out).toContain('unknown_measurement');
    expect((await atHost('reference', 'import', 'workload', at('saved'))).out).toContain('gained 1 entries');
    expect((await atHost('attest', 'ma-1')).status).toBe(0);
  });

  test('an annotation as bad makes it untrusted; --act stops what is high, and records it', async () => {
    const note = ['--note', 'cve=CVE-2026-1'];
    const path = ['--path', '/srv/workload/start.sh'];
    expect((await reference('annotate', 'workload', ...path, '--to-status', 'bad', ...note)).status).toBe(0);
    const dry = await atHost('attest', 'ma-1', '--act', '--dry-run');
    expect(dry.status).toBe(1);
    expect(dry.notes).toContain('dry run');
    await atHost('attest', 'ma-1', '--act');
    const actions = rows((await run('attest', 'history', '--actions', '--state', state, '-o', 'json')).out);
    expect((await atHost('attest', 'ma-1')).out).toContain('untrusted');
    const good = ['annotate', 'workload', ...path, '--to-status', 'good'];
    expect((await reference(...good)).status).toBe(0);
    expect((await atHost('attest', 'ma-1', '-o', 'json')).out).toContain('sticky_untrusted');
    expect((await run('attest', 'acknowledge', 'ma-1', '--state', state)).status).toBe(0);
    expect((await atHost('attest', 'ma-1')).status).toBe(0);
    expect((await run('attest', 'acknowledge', 'ma-1', '--state', state)).status).toBe(1);
    expect(actions.some(({ action, outcome }) => action === 'restart' && outcome === 'done')).toBe(true);
  });

  test('a verifier that serves is asked over CIM', async () => {
    const url = datacenter.verifier.server.addresses[0]?.url ?? '';
    const through = (...words: readonly string[]) =>
      atHost(
        ...words,
        '--verifier',
        url,
        '--verifier-password-file',
        join(datacenter.folder, 'verifier', 'admin.secret'),
      );
    const { status, out } = await through('attest', 'ma-1', '-o', 'json');
    expect(status).toBe(1);
    expect(rows(out)[0]).toMatchObject({ name: 'ma-1', verdict: 'no_policy' });
    const history = rows((await through('attest', 'history', 'ma-1', '-o', 'json')).out);
    expect(history).toHaveLength(1);
    const file = at('through.json');
    expect((await through('attest', 'history', '--export', String(history[0]?.['id']), '--to', file)).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('tvdc-evidence-1');
  });

  test('readiness names what is missing', async () => {
    const { out } = await run(
      'attest',
      'ready',
      '--url',
      datacenter.management.server.addresses[0]?.url ?? '',
      '--data',
      join(datacenter.folder, 'host'),
      '-o',
      'json',
    );
    expect(JSON.parse(out)).toMatchObject({ host: 'test-host' });
  });
});

describe('tvdc reference', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tvdc-cli-reference-'));
  const reference = (...words: readonly string[]) => run('reference', ...words, '--data', folder);
  const take = (...words: readonly string[]) => run('reference', 'import', ...words, '--state', folder);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  afterAll(() => rmSync(folder, { recursive: true }));
  const digest = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;

  test('makes, lists, compares, expires and deletes sets', async () => {
    expect((await reference('create', 'one', '--description', 'first')).status).toBe(0);
    expect((await reference('create', 'one')).status).not.toBe(0);
    const json = file('a.json', JSON.stringify({ '/a': [digest(1)], '/b': [digest(2)] }));
    const keylime = file('k.json', JSON.stringify({ meta: {}, digests: { '/a': [digest(1)] }, excludes: ['/tmp/.*'] }));
    expect((await take('one', json, '--package', 'p', '--source', 's')).out).toContain('2 entries');
    const second = await take('two', keylime, '--package', 'p', '--source', 's');
    expect(second.notes).toContain('exclude');
    const differs = await reference('diff', 'one', 'two', '-o', 'json');
    expect(differs.status).toBe(1);
    expect(rows(differs.out)).toMatchObject([{ change: 'removed', path: '/b' }]);
    expect((await reference('expire', 'one', '--path', '/b', '--at', '2020-01-01')).status).toBe(0);
    expect((await reference('expire', 'one')).status).toBe(2);
    expect(rows((await reference('search', 'p', '-o', 'json')).out)).toHaveLength(3);
    expect((await reference('search', 'nothing')).status).toBe(1);
    expect((await reference('delete', 'two', '--all', '--path', '/a')).status).toBe(2);
    expect((await reference('delete', 'two', '--all')).status).toBe(0);
    expect(rows((await reference('list', '-o', 'json')).out)).toMatchObject([{ name: 'one', entries: 2 }]);
  });

  test('takes signed bundles of believed keys only', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = (key: typeof privateKey, type: 'pkcs8' | 'spki'): string =>
      key.export({ type, format: 'pem' } as never).toString();
    const key = file('key.pem', pem(privateKey, 'pkcs8'));
    const anchor = file('anchor.pem', pem(publicKey, 'spki'));
    const other = file('other.pem', pem(generateKeyPairSync('ed25519').publicKey, 'spki'));
    const bundle = join(folder, 'bundle');
    expect((await reference('export', 'one', '--form', 'bundle', '--key', key, '--to', bundle)).status).toBe(0);
    expect((await reference('export', 'one', '--form', 'bundle')).status).toBe(2);
    expect((await take('three', bundle)).status).toBe(2);
    expect((await take('three', bundle, '--anchor', other)).notes).toContain('no key of the trust anchors');
    expect((await take('three', bundle, '--anchor', anchor)).out).toContain('2 entries');
  });

  test('takes directories', async () => {
    mkdirSync(join(folder, 'image/etc'), { recursive: true });
    file('image/etc/motd', 'hello');
    expect((await take('four', join(folder, 'image'))).out).toContain('1 entries');
    expect((await reference('search', '/etc/motd')).status).toBe(0);
  });
});
