import { JobProgress } from '../../src/cli/output/index.js';
import { type CommandHost, labelSample, openCommandHost } from './support.js';

let command: CommandHost;
const tvdc = (...argv: readonly string[]) => command.tvdc(...argv);

beforeAll(async () => {
  command = await openCommandHost('slow', { jobPatience: 20, embeddedDelay: 120 });
  await labelSample(command);
});
afterAll(() => command.close());

const jobs = async (): Promise<readonly Record<string, unknown>[]> =>
  (await command.json('wbem', 'ei', 'TVDC_ConcreteJob')) as readonly Record<string, unknown>[];

test('commands wait for jobs and answer as if there were none', async () => {
  expect(await tvdc('vm', 'start', 'ma-1')).toMatchObject({ status: 0, out: 'ma-1 is running\n', notes: '' });
  expect(await tvdc('volume', 'erase', 'spare-disk', '--yes')).toMatchObject({
    status: 0,
    out: 'spare-disk is erased and may get another label\n',
  });
  // The disk is busy: who wants it waits.
  await tvdc('volume', 'erase', 'spare-disk', '--yes', '--no-wait');
  const made = await tvdc('vm', 'define', 'fresh', '--label', 'MA', '--disk', 'spare-disk=MA', '--memory', '64');
  expect(made.out).toMatch(/^fresh is defined with the label ACM:tvdc-sample:MA: [0-9a-f-]{36}\n$/);
  expect((await tvdc('vm', 'destroy', 'fresh', '--yes')).out).toBe('fresh is destroyed\n');
  const told = await tvdc('tvd', 'stop', 'Market Analysis');
  expect(told).toMatchObject({ status: 0, notes: '' });
  expect(told.out).toMatch(/ma-1 +off +yes/);
  const text = JSON.stringify(await jobs());
  for (const name of ['start ma-1', 'erase spare-disk', 'define fresh', 'stop all machines of Market Analysis']) {
    expect(text).toContain(name);
  }
});

test('with --no-wait they print the job and leave', async () => {
  const plain = await tvdc('volume', 'erase', 'spare-disk', '--yes', '--no-wait');
  expect(plain).toMatchObject({ status: 0, notes: '' });
  expect(plain.out).toMatch(/root\/tvdc:TVDC_ConcreteJob\.InstanceID="TVDC:job:[0-9a-f-]{36}"\n$/);
  expect((await tvdc('wbem', 'gi', plain.out.trim())).out).toContain('erase spare-disk');
  const { out } = await tvdc('vm', 'start', 'ma-1', '--no-wait', '-o', 'json');
  expect(JSON.parse(out)).toEqual({ job: expect.stringContaining('TVDC_ConcreteJob') as string });
});

test('a job that fails ends the command as the method would have', async () => {
  const first = tvdc('vm', 'start', 'ma-2');
  const second = tvdc('vm', 'start', 'ma-2');
  const both = await Promise.all([first, second]);
  expect(both.map(({ status }) => status).sort()).toEqual([0, 1]);
  const failed = both.find(({ status }) => status === 1);
  expect(failed?.notes).toBe('tvdc: ma-2 is running: it cannot start from there\n');
  // A domain of which one machine cannot start.
  await tvdc('volume', 'erase', 'su-1-disk', '--yes');
  await tvdc('label', 'assign', 'su-1-disk', 'MA');
  const told = await tvdc('tvd', 'start', 'Security Underwriting');
  expect(told.status).toBe(1);
  expect(told.out).toMatch(/su-1 +off +no +su-1 is not permitted to start/);
});

test('progress is shown on a terminal and taken away again', () => {
  const written: string[] = [];
  const stream = (isTTY: boolean): NodeJS.WritableStream =>
    ({ isTTY, write: (text: string) => void written.push(text) }) as unknown as NodeJS.WritableStream;
  for (const isTTY of [false, true]) {
    const progress = new JobProgress({ out: stream(isTTY), notes: stream(isTTY) });
    progress.at('erase big', 0);
    progress.at('erase big', 0);
    progress.at('erase big', 50);
    progress.end();
    progress.end();
  }
  expect(written).toEqual(['\r\u001b[Kerase big … 0 %', '\r\u001b[Kerase big … 50 %', '\r\u001b[K']);
});
