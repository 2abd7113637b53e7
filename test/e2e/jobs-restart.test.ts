import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CimDateTime, type CimInstancePath } from '../../src/cim/index.js';
import { createHttpTransport, WbemClient } from '../../src/client/index.js';
import { followJob, type JobFailedError, type JobStatus, ManagedHost } from '../../src/client/management/index.js';
import { openSqliteStore } from '../../src/store/index.js';
import { startScript, untilWritten } from './support/command.js';
import { namespace, openSampleHost, prepareDatacenter, type SampleHost } from './support/sample-host.js';

const slowHost = fileURLToPath(new URL('support/slow-host.ts', import.meta.url));
const jobStarted = 4096;
const quick = { jobPatience: 20, embeddedDelay: 0 };

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tvdc-jobs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function begin(
  host: ManagedHost,
  target: CimInstancePath | undefined,
  method: string,
  parameters: Readonly<Record<string, number | CimInstancePath>>,
): Promise<CimInstancePath> {
  const { returnValue, out } = await host.client.invoke(target ?? '', method, parameters);
  expect([method, returnValue]).toEqual([method, jobStarted]);
  return out['Job'] as CimInstancePath;
}

async function request(host: ManagedHost, vm: string, state: number): Promise<CimInstancePath> {
  return begin(host, (await host.vm(vm)).path, 'RequestStateChange', { RequestedState: state });
}

async function erase(host: ManagedHost, volume: string): Promise<CimInstancePath> {
  const service = await host.client.instancePaths('TVDC_StorageErasureService').first();
  return begin(host, service, 'Erase', { Element: (await host.element(volume)).path });
}

async function change(host: ManagedHost, domain: string, state: number): Promise<CimInstancePath> {
  const found = (await host.client.instances('TVDC_TrustedVirtualDomain').toArray()).find(
    (item) => item.getString('ElementName') === domain,
  );
  const service = await host.client.instancePaths('TVDC_TrustedVirtualDomainService').first();
  const Domain = found?.path as CimInstancePath;
  return begin(host, service, 'ChangeMembersState', { RequestedState: state, Domain });
}

/** What became of a job; the path is the one that the process before gave out. */
async function endOf({ admin: { client } }: SampleHost, job: CimInstancePath): Promise<JobStatus> {
  return followJob(client, { ...job, host: null }).catch((error: unknown) => (error as JobFailedError).job);
}

/** Kills a host in the middle of what `work` began with it, looks at what is left, and opens its folder again. */
async function afterKill<T>(
  delay: number,
  work: (host: ManagedHost) => Promise<T>,
  check: (sample: SampleHost, begun: T) => Promise<void>,
  between: (begun: T) => Promise<void> = async () => undefined,
): Promise<void> {
  const child = startScript(slowHost, [folder, '20', String(delay)]);
  const ended = new Promise((resolve) => child.once('close', resolve));
  let begun: T;
  try {
    const [, url = '', password = ''] = await untilWritten(child, /serves (\S+) secret (\S+)/);
    const transport = createHttpTransport({ url, user: 'admin', password });
    begun = await work(new ManagedHost(new WbemClient(transport, { namespace }), namespace));
    await transport.close();
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  await between(begun);
  const sample = await openSampleHost({ folder, ...quick });
  try {
    await check(sample, begun);
  } finally {
    await sample.close();
  }
}

const sanitizedTime = async ({ admin: { host } }: SampleHost, volume: string): Promise<CimDateTime | null> => {
  const found = (await host.volumes()).find(({ name }) => name === volume);
  const value = (await host.client.getInstance(found?.path ?? '')).get('SanitizedTime');
  return value instanceof CimDateTime ? value : null;
};

test('an end in order waits for what has to be carried out, and what can stop goes on afterwards', async () => {
  const first = await openSampleHost({ folder, jobPatience: 20, embeddedDelay: 150 });
  const { host } = first.admin;
  await prepareDatacenter(host);
  const start = await request(host, 'ma-1', 2);
  const wipe = await erase(host, 'spare-disk');
  await first.close();
  const again = await openSampleHost({ folder, ...quick });
  try {
    expect(await endOf(again, start)).toMatchObject({ name: 'start ma-1', state: 'completed' });
    expect((await again.admin.host.vm('ma-1')).state).toBe('running');
    expect(await endOf(again, wipe)).toMatchObject({ name: 'erase spare-disk', state: 'completed' });
    expect(await sanitizedTime(again, 'spare-disk')).not.toBeNull();
  } finally {
    await again.close();
  }
});

/** Where the content of a volume lies. */
function fileOf(volume: string): string {
  return join(folder, 'volumes', `${volume}.img`);
}

const secret = 'what another workload must not read';

/** Has ma-1 use its disk, writes to it as its guest would, and begins to erase it. */
async function beginErasure(host: ManagedHost): Promise<{ readonly job: CimInstancePath; readonly volume: string }> {
  await prepareDatacenter(host);
  await host.requestState('ma-1', 'start');
  await host.requestState('ma-1', 'stop');
  const { id: volume } = await host.element('ma-1-disk');
  const file = await open(fileOf(volume), 'r+');
  await file.write(secret);
  await file.close();
  return { job: await erase(host, 'ma-1-disk'), volume };
}

test('a host that is killed during an erasure has an unsanitized volume, and erases it again', async () => {
  const look = async (): Promise<unknown> => {
    const store = openSqliteStore(folder);
    const records = [...store.range('vmm', 'volume/', null, 100), ...store.range('vmm', 'job/', 'job0', 100)];
    await store.close();
    return records.map(({ value }) => JSON.parse(String(value)) as unknown);
  };
  await afterKill(
    300,
    beginErasure,
    async (sample, { job, volume }) => {
      expect(await endOf(sample, job)).toMatchObject({ name: 'erase ma-1-disk', state: 'completed', percent: 100 });
      expect(sample.vm.parts.inventory.volume(volume)).toMatchObject({ used: false });
      expect(await sanitizedTime(sample, 'ma-1-disk')).not.toBeNull();
      expect((await readFile(fileOf(volume))).every((byte) => byte === 0)).toBe(true);
      const { entries } = sample.vm.parts.journal.read({ after: 0, limit: 1000, kinds: ['job', 'volume'] });
      const told = entries.map(({ kind, facts }) => [kind, facts['change']]);
      expect(told.slice(-3)).toEqual([
        ['job', 'begun'],
        ['volume', 'erase'],
        ['job', 'completed'],
      ]);
    },
    async ({ volume }) => {
      expect((await readFile(fileOf(volume))).subarray(0, secret.length).toString()).toBe(secret);
      const records = await look();
      expect(records).toContainEqual(expect.objectContaining({ uuid: volume, used: true, erasedAt: null }));
      expect(records).toContainEqual(expect.objectContaining({ kind: 'erase', state: 'running' }));
    },
  );
});

test('an erasure that cannot go on after a kill has failed, and the volume counts as used', async () => {
  await afterKill(
    300,
    beginErasure,
    async (sample, { job, volume }) => {
      expect(await endOf(sample, job)).toMatchObject({
        state: 'failed',
        errorCode: 4,
        errorDescription: expect.stringContaining('ENOENT') as string,
      });
      expect(sample.vm.parts.inventory.volume(volume)).toMatchObject({ used: true, erasedAt: null });
      await expect(sample.admin.host.assignLabel('ma-1-disk', 'SU', 'MA')).rejects.toMatchObject({
        returnValue: 32773,
      });
    },
    ({ volume }) => rm(fileOf(volume)),
  );
});

test('a host that is killed during a start and a shut down shows what recovery made of them', async () => {
  await afterKill(
    400,
    async (host) => {
      await prepareDatacenter(host);
      await host.requestState('su-1', 'start');
      const stop = await request(host, 'su-1', 4);
      return { start: await request(host, 'ma-1', 2), stop };
    },
    async (sample, { start, stop }) => {
      const { host } = sample.admin;
      const started = await endOf(sample, start);
      expect(started).toMatchObject({
        state: 'failed',
        errorDescription: expect.stringContaining('ma-1 is off') as string,
      });
      expect((await host.vm('ma-1')).state).toBe('off');
      const stopped = await endOf(sample, stop);
      expect(stopped).toMatchObject({
        state: 'failed',
        errorDescription: expect.stringContaining('su-1 is running') as string,
      });
      expect((await host.vm('su-1')).state).toBe('running');
      // Nothing of it is in the way of another try.
      await host.requestState('ma-1', 'start');
      expect((await host.vm('ma-1')).state).toBe('running');
    },
  );
});

test('a host that is killed while it changes a domain goes on with the members that were left', async () => {
  await afterKill(
    250,
    async (host) => {
      await prepareDatacenter(host);
      const job = await change(host, 'Market Analysis', 2);
      for (;;) {
        const { state } = await host.vm('ma-1');
        if (state === 'running') return job;
      }
    },
    async (sample, job) => {
      const end = await endOf(sample, job);
      expect(end).toMatchObject({ state: 'completed', results: ['ma-1: running', 'ma-2: running'] });
      expect((await sample.admin.host.vm('ma-2')).state).toBe('running');
    },
  );
});
