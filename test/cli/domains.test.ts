import { type Outcome, run } from './run.js';
import { type CommandHost, labelSample, openCommandHost } from './support.js';
import { join } from 'node:path';

let command: CommandHost;
const tvdc = (...argv: readonly string[]): Promise<Outcome> => command.tvdc(...argv);
const json = (...argv: readonly string[]): Promise<unknown> => command.json(...argv);
/** As a TVDc administrator of Market Analysis alone. */
const asOperator = (...argv: readonly string[]): Promise<Outcome> =>
  run(
    ...argv,
    ...['--url', command.url, '--data', join(command.folder, 'data')],
    ...['--user', 'operator', '--password-file', join(command.folder, 'operator')],
  );

beforeAll(async () => {
  command = await openCommandHost();
  await labelSample(command, '1.1');
  const file = join(command.folder, 'operator');
  expect((await tvdc('user', 'create', 'operator', '--secret-file', file)).status).toBe(0);
  const grant = ['role', 'grant', 'operator', 'tvdc-admin', '--datacenter', 'dc', '--domain', 'Market Analysis'];
  expect((await tvdc(...grant)).status).toBe(0);
});
afterAll(() => command.close());

interface View {
  readonly members: readonly { readonly kind: string; readonly name: string; readonly verdict: string | null }[];
  readonly conflicts: readonly unknown[];
}

const members = async (domain: string): Promise<readonly string[]> =>
  ((await json('tvd', 'show', domain)) as View).members.map(({ kind, name }) => `${kind} ${name}`).sort();

describe('a domain', () => {
  test('is listed and shown with members, conflicts and what is known of trust', async () => {
    expect(await json('tvd', 'list')).toMatchObject([
      { name: 'Market Analysis', types: ['MA'] },
      { name: 'Security Underwriting', types: ['SU'] },
    ]);
    expect(await members('Market Analysis')).toEqual([
      'vlan vlan:100',
      'vm ma-1',
      'vm ma-2',
      'volume ma-1-disk',
      'volume ma-2-disk',
    ]);
    await tvdc('vm', 'start', 'su-1');
    expect(await json('tvd', 'show', 'Market Analysis')).toMatchObject({
      datacenter: 'dc',
      conflicts: [{ set: 'MA-SU', own: ['MA'], others: ['SU'], running: ['su-1'] }],
    });
    const { out } = await tvdc('tvd', 'show', 'Market Analysis');
    expect(out).toMatch(/^conflict +MA-SU: not beside machines with SU; now: su-1$/m);
    expect(out).toMatch(/^vm +ma-1 +off +ACM:tvdc-sample:MA +not known +[0-9a-f-]{36}$/m);
    await tvdc('vm', 'stop', 'su-1');
  });

  test('gets and loses members by their labels', async () => {
    expect((await tvdc('tvd', 'add', 'Market Analysis', 'spare-disk')).out).toBe(
      'spare-disk belongs to Market Analysis: ACM:tvdc-sample:MA\n',
    );
    expect((await tvdc('tvd', 'add', 'Market Analysis', 'ms-1', '--label', 'MA')).status).toBe(0);
    expect(await members('Market Analysis')).toEqual(expect.arrayContaining(['vm ms-1', 'volume spare-disk']));
    expect((await tvdc('tvd', 'remove', 'Market Analysis', 'ms-1')).out).toBe(
      'ms-1 has no label any more, and belongs to no domain\n',
    );
    expect((await tvdc('tvd', 'remove', 'Market Analysis', 'spare-disk', '-o', 'json')).status).toBe(0);
    expect((await members('Market Analysis')).length).toBe(5);
  });

  test.each([
    [['tvd', 'show', 'nobody'], 1, /no domain nobody/],
    [['tvd', 'add', 'nobody', 'ma-1'], 1, /no domain nobody/],
    [['tvd', 'add', 'Market Analysis', 'nobody'], 1, /nobody on this host/],
    [['tvd', 'add', 'Market Analysis', 'ms-1', '--label', 'SU'], 1, /has no type of Market Analysis/],
    [['tvd', 'add', 'Market Analysis', 'ms-1', '--label', 'nobody'], 1, /no vm label nobody/],
    [['tvd', 'remove', 'Market Analysis', 'su-1'], 1, /su-1 does not belong to Market Analysis/],
    [['tvd', 'create', 'x', 'MA', '--datacenter', 'nowhere'], 1, /nowhere/],
    [['tvd', 'create', 'x', 'MA'], 2, /--datacenter/],
    [['tvd', 'create', 'Market Analysis', 'MA', '--datacenter', 'dc'], 1, /in use/],
    [['tvd', 'delete', 'nobody'], 1, /no domain nobody/],
    [['tvd', 'start', 'nobody'], 1, /no domain nobody/],
  ])('%j is refused', async (argv, status, sentence) => {
    const found = await tvdc(...argv);
    expect([found.status, found.out]).toEqual([status, '']);
    expect(found.notes).toMatch(sentence);
  });

  test('whose label is not clear asks for it', async () => {
    await tvdc('tvd', 'create', 'Both', 'MA', 'SU', '--datacenter', 'dc');
    const { status, notes } = await tvdc('tvd', 'add', 'Both', 'ms-1');
    expect([status, notes]).toEqual([2, expect.stringMatching(/ACM:tvdc-sample:MA.*ACM:tvdc-sample:SU/)]);
    expect((await tvdc('tvd', 'add', 'Both', 'ms-1', '--label', 'SU')).status).toBe(0);
    await tvdc('tvd', 'remove', 'Both', 'ms-1');
    expect((await tvdc('tvd', 'delete', 'Both')).out).toBe(
      'Both is no domain any more; its members keep their labels\n',
    );
  });

  test('is started and stopped as a whole, each machine reported', async () => {
    expect(await tvdc('tvd', 'start', 'Market Analysis')).toMatchObject({
      status: 0,
      out: expect.stringMatching(/^ma-1 +running +yes +-\nma-2 +running +yes +-$/m) as string,
    });
    const other = await tvdc('tvd', 'start', 'Security Underwriting');
    expect(other.status).toBe(1);
    expect(other.out).toMatch(/^su-1 +off +no +su-1 is not permitted to start: su-1 may not run beside ma-1, ma-2/m);
    expect(await json('tvd', 'stop', 'Market Analysis')).toMatchObject([
      { vm: 'ma-1', state: 'off', done: true, sentence: '' },
      { vm: 'ma-2', state: 'off', done: true },
    ]);
    expect((await tvdc('tvd', 'start', 'Security Underwriting', '-o', 'ndjson')).status).toBe(0);
    expect((await tvdc('tvd', 'stop', 'Security Underwriting')).status).toBe(0);
  });
});

describe('a TVDc administrator', () => {
  const names = async (...argv: readonly string[]): Promise<readonly string[]> =>
    (JSON.parse((await asOperator(...argv, '-o', 'json')).out) as readonly { readonly name: string }[]).map(
      ({ name }) => name,
    );

  test('sees the own domain and nothing else', async () => {
    expect(await names('vm', 'list', '--columns', 'name,domains,memory,vlans')).toEqual(['ma-1', 'ma-2']);
    expect(await names('volume', 'list')).toEqual(['ma-1-disk', 'ma-2-disk']);
    expect(await names('vlan', 'list')).toEqual(['vlan:100']);
    expect(await names('tvd', 'list')).toEqual(['Market Analysis']);
    const notThere = (await asOperator('vm', 'show', 'su-1')).notes;
    expect(notThere).toBe((await asOperator('vm', 'show', 'nobody')).notes.replace('nobody', 'su-1'));
    for (const argv of [
      ['vm', 'start', 'su-1'],
      ['vm', 'preflight', 'su-1', '--here'],
      ['vm', 'attach', 'ma-1', '--disk', 'su-1-disk'],
      ['tvd', 'show', 'Security Underwriting'],
      ['tvd', 'add', 'Market Analysis', 'spare-disk'],
    ]) {
      expect([argv, await asOperator(...argv)]).toEqual([argv, expect.objectContaining({ status: 1, out: '' })]);
    }
  });

  test('works with it: shows, rates, starts, stops, asks', async () => {
    const shown = JSON.parse((await asOperator('vm', 'show', 'ma-1', '-o', 'json')).out) as unknown;
    expect(shown).toMatchObject({
      disks: [{ volume: 'ma-1-disk' }],
      interfaces: [{ vlan: 100 }],
      tpm: { state: 'off' },
    });
    expect((await asOperator('vm', 'set', 'ma-1', '--criticality', 'high')).status).toBe(0);
    expect((await asOperator('vm', 'preflight', 'ma-1', '--here')).status).toBe(0);
    expect((await asOperator('tvd', 'start', 'Market Analysis')).status).toBe(0);
    expect((await asOperator('tvd', 'stop', 'Market Analysis')).status).toBe(0);
    expect((await asOperator('tvd', 'remove', 'Market Analysis', 'ma-2')).status).toBe(0);
    // Without a label it belongs to nobody whom one domain is given to.
    expect((await asOperator('tvd', 'add', 'Market Analysis', 'ma-2')).status).toBe(1);
    expect((await tvdc('tvd', 'add', 'Market Analysis', 'ma-2')).status).toBe(0);
  });

  test.each([
    [['vm', 'define', 'x', '--label', 'MA']],
    [['vm', 'clone', 'ma-1', 'x']],
    [['vm', 'destroy', 'ma-1', '--yes']],
    [['vm', 'set', 'ma-1', '--trusted', 'yes']],
    [['vm', 'attach', 'ma-1', '--vlan', '100']],
    [['vm', 'detach', 'ma-1', 'vlan:100']],
    [['volume', 'create', 'x', '1M']],
    [['volume', 'erase', 'ma-1-disk', '--yes']],
    [['volume', 'delete', 'ma-1-disk', '--yes']],
    [['vlan', 'create', '300']],
    [['vlan', 'delete', '100']],
    [['tvd', 'create', 'x', 'MA', '--datacenter', 'dc']],
    [['tvd', 'delete', 'Market Analysis']],
  ])('may not %j', async (argv) => {
    const { status, out, notes } = await asOperator(...argv);
    expect([status, out]).toEqual([4, '']);
    expect(notes).toMatch(/CIM_ERR_ACCESS_DENIED/);
  });

  test('is not told who stands against a start', async () => {
    await tvdc('vm', 'start', 'su-1');
    const { status, out } = await asOperator('vm', 'preflight', 'ma-1', '--here', '-o', 'json');
    expect([status, JSON.parse(out)]).toEqual([
      1,
      [
        expect.objectContaining({
          wouldStart: false,
          reasons: [{ code: 'conflict', sentence: expect.stringMatching(/beside another workload: /) as string }],
        }),
      ],
    ]);
    const refused = await asOperator('vm', 'start', 'ma-1');
    expect([refused.status, refused.notes]).toEqual([1, expect.stringMatching(/\(TVDC:decision:[0-9a-f-]+:\d+\)\n$/)]);
    const id = /TVDC:decision:[^)]+/.exec(refused.notes)?.[0] ?? '';
    const record = await asOperator('wbem', 'gi', `root/tvdc:TVDC_AccessDecision.InstanceID="${id}"`, '-o', 'json');
    expect(JSON.parse(record.out)).toMatchObject({ properties: { Outcome: 'deny', Reason: 'conflict' } });
    const own = JSON.parse((await asOperator('tvd', 'show', 'Market Analysis', '-o', 'json')).out) as View;
    expect(own.conflicts).toEqual([{ set: 'MA-SU', own: ['MA'], others: ['SU'], running: [] }]);
    await tvdc('vm', 'stop', 'su-1');
  });
});
