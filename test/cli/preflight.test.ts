import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.js';
import { type CommandHost, labelSample, openCommandHost } from './support.js';

interface Row {
  readonly at: string;
  readonly host: string;
  readonly home: boolean;
  readonly wouldStart: boolean | null;
  readonly reasons: readonly { readonly code: string; readonly sentence: string }[];
}

const before = process.env['XDG_CONFIG_HOME'];
let home: CommandHost;
let other: CommandHost;

beforeAll(async () => {
  home = await openCommandHost('home');
  other = await openCommandHost('other');
  await labelSample(home, '1.1');
  await labelSample(other, '1.1');
  const config = join(home.folder, 'config');
  mkdirSync(config);
  process.env['XDG_CONFIG_HOME'] = config;
  for (const [name, url, secret] of [
    ['east', other.url, join(other.folder, 'data', 'admin.secret')],
    ['gone', 'http://127.0.0.1:1', join(home.folder, 'data', 'admin.secret')],
    ['again', home.url, join(home.folder, 'data', 'admin.secret')],
  ] as const) {
    const saved = await run('connection', 'save', name, '--url', url, '--user', 'admin', '--password-file', secret);
    expect(saved.status).toBe(0);
  }
});
afterAll(async () => {
  if (before === undefined) delete process.env['XDG_CONFIG_HOME'];
  else process.env['XDG_CONFIG_HOME'] = before;
  await home.close();
  await other.close();
});

const rows = async (...argv: readonly string[]): Promise<readonly Row[]> =>
  (await home.json('vm', 'preflight', ...argv)) as readonly Row[];

describe('tvdc vm preflight', () => {
  test('asks its own host and all that are saved, each once, and changes nothing', async () => {
    const journal = (): number => home.host.parts.journal.head().sequence + other.host.parts.journal.head().sequence;
    const until = journal();
    const found = await rows('ma-1');
    expect(found.map(({ at, host, home: own, wouldStart }) => [at, host, own, wouldStart])).toEqual([
      [home.url, 'home', true, true],
      ['east', 'other', false, false],
      ['gone', 'gone', false, null],
    ]);
    // The sample has a machine of that name there too.
    expect(found[1]?.reasons).toEqual([{ code: 'name_in_use', sentence: expect.stringContaining('ma-1') as string }]);
    expect(found[2]?.reasons[0]?.code).toBe('unreachable');
    expect(journal()).toBe(until);
    expect((await home.tvdc('vm', 'list', '--state', 'running', '-o', 'json')).out).toBe('[]\n');
  });

  test('tells all that stands against it at once, on each host', async () => {
    await home.tvdc('volume', 'create', 'bare', '1M');
    await home.tvdc('vlan', 'create', '300', '--label', 'SU');
    await home.tvdc('vm', 'define', 'busy', '--label', 'MA', '--disk', 'bare', '--vlan', '300', '--vlan', '100');
    await home.tvdc('vm', 'start', 'su-1');
    await other.tvdc('vm', 'start', 'su-1');
    const [own, east] = await rows('busy', '--on', 'east');
    const codes = (row: Row | undefined): readonly string[] => row?.reasons.map(({ code }) => code) ?? [];
    expect(codes(own)).toEqual(['conflict', 'resource_not_labeled', 'no_common_type']);
    expect(own?.reasons[0]?.sentence).toBe('busy may not run beside su-1: conflict set MA-SU.');
    expect(own?.reasons[1]?.sentence).toMatch(/^bare has no label/);
    expect(codes(east)).toEqual(['conflict', 'no_such_vlan', 'resource_not_labeled']);
    const { status, out } = await home.tvdc('vm', 'preflight', 'busy', '--here');
    expect(status).toBe(1);
    expect(out).toMatch(/^home \(http.*\), its own host: would not start\n {2}conflict: busy may not run beside su-1/);
    await other.tvdc('vm', 'stop', 'su-1');
    await home.tvdc('label', 'assign', 'bare', 'MA');
    await home.tvdc('vm', 'detach', 'busy', 'vlan:300');
    // Here the other workload runs, there it would start: status 0.
    expect(await home.tvdc('vm', 'preflight', 'busy', '--on', 'east')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^other \(east\): would start$/m) as string,
    });
    await home.tvdc('vm', 'stop', 'su-1');
  });

  test('compares policies, and knows what runs already', async () => {
    await home.tvdc('vm', 'start', 'ma-1');
    expect((await rows('ma-1', '--here')).map(({ reasons }) => reasons[0]?.code)).toEqual(['wrong_state']);
    await home.tvdc('vm', 'stop', 'ma-1');
    expect((await other.tvdc('policy', 'reset')).status).toBe(0);
    const [, east] = await rows('busy', '--on', 'east');
    expect(east?.reasons[0]).toEqual({
      code: 'policy_mismatch',
      sentence: expect.stringMatching(/comes under policy tvdc-sample 1\.1, but DEFAULT/) as string,
    });
  });

  test('warns of memory that is not left, which keeps a machine from moving, not from starting at home', async () => {
    await home.tvdc('vm', 'define', 'huge', '--label', 'MA', '--memory', '4T');
    const [own] = (await home.json('vm', 'preflight', 'huge', '--here')) as readonly (Row & {
      readonly warnings: Row['reasons'];
    })[];
    expect(own).toMatchObject({ wouldStart: true, reasons: [], warnings: [{ code: 'memory' }] });
    expect(own?.warnings[0]?.sentence).toMatch(/^huge needs 4194304 MiB, \d+ MiB are left\.$/);
    expect((await home.tvdc('vm', 'preflight', 'huge', '--here')).out).toMatch(
      /would start\n {2}warning, memory: huge/,
    );
    expect((await home.tvdc('vm', 'start', 'huge')).status).toBe(0);
    await home.tvdc('vm', 'stop', 'huge');
    const [, east] = await rows('huge', '--on', 'east');
    expect(east?.reasons.map(({ code }) => code)).toContain('memory');
  });

  test('takes URLs for the same account, one line of JSON for each host', async () => {
    const wrong = await home.tvdc('vm', 'preflight', 'ma-1', '--on', 'http://127.0.0.1:1', '-o', 'ndjson');
    expect(wrong.status).toBe(0);
    const found = wrong.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row);
    expect(found.map(({ wouldStart }) => wouldStart)).toEqual([true, null]);
    expect(await home.tvdc('vm', 'preflight', 'nobody')).toMatchObject({ status: 1, out: '' });
  });
});
