import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createHttpTransport,
  createIndicationListener,
  type IndicationListener,
  WbemClient,
} from '../../src/client/index.js';
import { run } from '../cli/run.js';
import { startCommand, untilWritten } from './support/command.js';
import { openSampleHost, prepareDatacenter, type SampleHost } from './support/sample-host.js';
import { createWbemcli, objectOf, propertiesOf, wbemcliInstalled } from './support/wbemcli.js';

type Row = Readonly<Record<string, unknown>>;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Ends with the test's own time, so that a loaded machine only makes it slower. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}

/** A verifier in a process of its own, and a host with one machine that runs. */
class Setting {
  readonly folder: string;
  readonly host: SampleHost;
  process: ChildProcess | null = null;
  url = '';

  constructor(folder: string, host: SampleHost) {
    this.folder = folder;
    this.host = host;
  }

  static async open(): Promise<Setting> {
    const folder = await mkdtemp(join(tmpdir(), 'tvdc-verifier-'));
    const host = await openSampleHost();
    await prepareDatacenter(host.admin.host);
    await host.admin.host.requestState('ma-1', 'start');
    return new Setting(folder, host);
  }

  get state(): string {
    return join(this.folder, 'state');
  }

  get secret(): string {
    return readFileSync(join(this.state, 'admin.secret'), 'utf8').trim();
  }

  get atHost(): readonly string[] {
    return ['--url', this.host.url, '--password-file', join(this.host.folder, 'admin.secret'), '--user', 'admin'];
  }

  async serve(): Promise<string> {
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    const child = startCommand([
      ...['verifier', 'serve', '--data', this.state, '--http-port', String(port), '--https-port', '0'],
      ...['--host', this.host.url, '--host-user', 'admin'],
      ...['--host-password-file', join(this.host.folder, 'admin.secret')],
      ...['--anchor', join(this.host.folder, 'ca', 'root', 'root.pem'), '--destination', '127.0.0.1'],
    ]);
    this.process = child;
    const [text] = await untilWritten(child, /tvdc verifier serves at[\s\S]*stop with Ctrl-C/);
    return text;
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.process;
    this.process = null;
    if (child === null) return null;
    const done = ended(child);
    child.kill(signal);
    return done;
  }

  /** Challenges through the serving verifier. */
  async attest(system: string) {
    const asked = ['--verifier', this.url, '--state', this.state, '-o', 'json'];
    const { status, out, notes } = await run('attest', system, ...asked, ...this.atHost);
    return { status, notes, rows: out === '' ? [] : (JSON.parse(out) as readonly Row[]) };
  }

  async history(): Promise<readonly Row[]> {
    const asked = ['--verifier', this.url, '--state', this.state, '-o', 'json'];
    return JSON.parse((await run('attest', 'history', ...asked)).out) as readonly Row[];
  }

  client(): WbemClient & { done(): Promise<void> } {
    const transport = createHttpTransport({ url: this.url, user: 'admin', password: this.secret });
    return Object.assign(new WbemClient(transport, { namespace: 'root/tvdc' }), { done: () => transport.close() });
  }

  async close(): Promise<void> {
    await this.stop('SIGKILL');
    await this.host.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function subscribe(client: WbemClient, listener: IndicationListener): Promise<void> {
  const interop = { namespace: 'root/interop' };
  const Handler = await client.create(
    'CIM_ListenerDestinationCIMXML',
    { Name: 'test', Destination: listener.url, PersistenceType: 2 },
    interop,
  );
  const Filter = await client.create(
    'CIM_IndicationFilter',
    { Name: 'test', SourceNamespaces: ['root/tvdc'], Query: 'SELECT * FROM TVDC_IntegrityAlert', QueryLanguage: 'WQL' },
    interop,
  );
  await client.create('CIM_IndicationSubscription', { Filter, Handler }, interop);
}

describe('a verifier in a process of its own', () => {
  let setting: Setting;
  const alerts: string[] = [];
  let listener: IndicationListener;
  beforeAll(async () => {
    setting = await Setting.open();
    listener = await createIndicationListener({
      onIndication: (item) =>
        void alerts.push(`${item.indication.getString('MessageID')} ${item.indication.getString('Reason')}`),
    });
    expect(await setting.serve()).toContain(`watches ${setting.host.url}`);
  }, 60_000);
  afterAll(async () => {
    await listener.close();
    await setting.close();
  });

  test('alerts where there is no policy, trusts what is believed, and tells both to subscribers', async () => {
    const client = setting.client();
    await subscribe(client, listener);
    const before = await setting.attest('ma-1');
    expect(before).toMatchObject({ status: 1 });
    expect(before.rows.map(({ name, verdict }) => `${String(name)} ${String(verdict)}`)).toContain('ma-1 no_policy');
    await until(() => alerts.includes('TVDC0401 no_reference_set'));
    const believe = (set: string, system: string) =>
      run('reference', 'import', set, '--run', system, '--state', setting.state, ...setting.atHost);
    // The database changes while the verifier serves.
    expect(await believe('host', 'sample-host')).toMatchObject({ status: 0 });
    expect(await believe('workload', 'ma-1')).toMatchObject({ status: 0 });
    const after = await setting.attest('ma-1');
    expect(after).toMatchObject({ status: 0, notes: '' });
    expect(after.rows.map(({ name, verdict }) => `${String(name)} ${String(verdict)}`).sort()).toEqual([
      'ma-1 trusted',
      'sample-host trusted',
    ]);
    await until(() => alerts.some((text) => text.startsWith('TVDC0402')));
    await client.done();
  }, 60_000);

  (wbemcliInstalled ? test : test.skip)(
    'answers stock wbemcli, which can challenge as well',
    async () => {
      const wbemcli = createWbemcli(setting.url, 'admin', setting.secret);
      const [service = ''] = (await wbemcli('ein', 'root/tvdc:TVDC_AttestationService')).lines.map(objectOf);
      const { id } = await setting.host.admin.host.vm('ma-1');
      const system = `root/tvdc:TVDC_ComputerSystem.CreationClassName="TVDC_ComputerSystem",Name="${id}"`;
      const asked = await wbemcli('cm', service, `Attest.Mode=3,System=${system}`);
      expect(asked.lines.join('\n')).toContain('Attest: 0');
      expect(asked.lines.join('\n')).toContain('ma-1 is trusted');
      const verdicts = (await wbemcli('ein', 'root/tvdc:TVDC_AttestationVerdict')).lines.map(objectOf);
      const first = propertiesOf((await wbemcli('gi', verdicts[0] ?? '', '-nl')).lines);
      expect(first.get('Verdict')).toMatch(/trusted|no_policy/);
    },
    60_000,
  );

  test('stops by a signal, and knows its verdicts and its place in the logs when it is started again', async () => {
    const before = await setting.history();
    expect(before.length).toBeGreaterThanOrEqual(4);
    expect(await setting.stop('SIGTERM')).toBe(0);
    await setting.serve();
    expect(await setting.history()).toEqual(before);
    expect(await setting.attest('ma-1')).toMatchObject({ status: 0 });
    expect(await setting.stop('SIGINT')).toBe(0);
    await setting.serve();
  }, 60_000);

  test('loses no verdict that it has answered with when it is killed', async () => {
    for (let round = 0; round < 2; round++) {
      const answered = await setting.attest('ma-1');
      expect(answered.status).toBe(0);
      await setting.stop('SIGKILL');
      await setting.serve();
      const kept = (await setting.history()).map(({ id }) => id);
      expect(kept).toEqual(expect.arrayContaining(answered.rows.map(({ id }) => id)));
    }
    // What it remembers fits: the next round goes on, and evidence of before can be taken out.
    const { status, rows } = await setting.attest('ma-1');
    expect(status).toBe(0);
    const file = join(setting.folder, 'evidence.json');
    const asked = [
      '--verifier',
      setting.url,
      '--state',
      setting.state,
      '--export',
      String(rows[0]?.['id']),
      '--to',
      file,
    ];
    expect(await run('attest', 'history', ...asked)).toMatchObject({ status: 0 });
    const verified = await run('attest', 'verify', file, '--state', setting.state, '-o', 'json');
    expect(JSON.parse(verified.out)).toMatchObject({ verdict: 'trusted', host: { verdict: 'trusted' } });
  }, 90_000);

  test('a host that does not answer is a verdict, on what ran there too, and the last success stays known', async () => {
    await setting.host.close();
    alerts.length = 0;
    const { status, rows } = await setting.attest('ma-1');
    expect(status).toBe(1);
    expect(rows.map(({ name, verdict }) => `${String(name)} ${String(verdict)}`)).toContain('ma-1 unreachable');
    const [last] = (await setting.history()).filter(({ name }) => name === 'sample-host');
    expect(last).toMatchObject({ verdict: 'unreachable', lastTrusted: expect.stringMatching(/^20/) as string });
    await until(() => alerts.includes('TVDC0401 unreachable'));
  }, 60_000);
});

test('tvdc attest --watch shows every round, a host that does not answer as unreachable, and ends by a signal', async () => {
  const setting = await Setting.open();
  const watched = ['--state', setting.state, '--anchor', join(setting.host.folder, 'ca', 'root', 'root.pem')];
  for (const [set, system] of [
    ['host', 'sample-host'],
    ['workload', 'ma-1'],
  ] as const) {
    await run('reference', 'import', set, '--run', system, '--state', setting.state, ...setting.atHost);
  }
  const password = join(setting.folder, 'password');
  writeFileSync(password, readFileSync(join(setting.host.folder, 'admin.secret')));
  const child = startCommand([
    ...['attest', '--watch', '0.2', '-o', 'ndjson', '--timeout', '5'],
    ...['--url', setting.host.url, '--user', 'admin', '--password-file', password, ...watched],
  ]);
  const rows: Row[] = [];
  let rest = '';
  let notes = '';
  child.stderr?.on('data', (chunk: Buffer) => (notes += chunk.toString()));
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) rows.push(JSON.parse(line) as Row);
  });
  const seen = (name: string, verdict: string): boolean =>
    rows.some((row) => row['name'] === name && row['verdict'] === verdict);
  try {
    await until(() => seen('ma-1', 'trusted') && seen('sample-host', 'trusted'));
    const rounds = rows.length;
    await until(() => rows.length >= rounds + 4);
    await setting.host.close();
    await until(() => seen('ma-1', 'unreachable') && seen('sample-host', 'unreachable'));
    const last = rows.findLast(({ name }) => name === 'ma-1');
    expect(last?.['lastTrusted']).toEqual(expect.stringMatching(/^20/));
    expect(notes).toMatch(/^tvdc: /m);
    const done = ended(child);
    child.kill('SIGINT');
    expect(await done).toBe(0);
    const history = await run('attest', 'history', 'ma-1', '--state', setting.state, '-o', 'json');
    expect((JSON.parse(history.out) as readonly Row[])[0]).toMatchObject({ verdict: 'unreachable' });
  } catch (error) {
    console.log(rows.slice(-3), notes);
    throw error;
  } finally {
    child.kill('SIGKILL');
    await setting.close();
  }
}, 90_000);
