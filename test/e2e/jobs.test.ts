import {
  CimDateTime,
  CimError,
  type CimInstance,
  type CimInstancePath,
  formatObjectPath,
} from '../../src/cim/index.js';
import { samplePolicies, writePolicyJson } from '../../src/acm/index.js';
import { createIndicationListener } from '../../src/client/index.js';
import {
  attachDevices,
  defineVm,
  destroyVm,
  detachDevices,
  followJob,
  JobFailedError,
  type JobStatus,
  vmDetails,
} from '../../src/client/management/index.js';
import { createVolume } from '../../src/vmm/index.js';
import { describeIf } from '../support/parts.js';
import {
  datacenter,
  namespace,
  openSampleHost,
  prepareDatacenter,
  type SampleHost,
  type SampleUser,
} from './support/sample-host.js';
import { createWbemcli, objectOf, propertiesOf, wbemcliInstalled } from './support/wbemcli.js';

const outOfScope = '2 the object belongs to another workload or does not exist';
const jobStarted = 4096;
const mebibyte = 1 << 20;

let sample: SampleHost;
let admin: SampleUser;
/** tvdc-admin of Market Analysis. */
let operator: SampleUser;
/** observer of Market Analysis. */
let watcher: SampleUser;

beforeAll(async () => {
  // Drivers that take their time, and callers that do not.
  sample = await openSampleHost({ jobPatience: 25, embeddedDelay: 100 });
  ({ admin } = sample);
  await prepareDatacenter(admin.host);
  operator = await sample.user('operator');
  watcher = await sample.user('watcher');
  await admin.host.grantRole('operator', 'tvdc-admin', datacenter, ['Market Analysis']);
  await admin.host.grantRole('watcher', 'observer', datacenter, ['Market Analysis']);
});
afterAll(() => sample.close());

function local(path: CimInstancePath): string {
  return formatObjectPath({ ...path, host: null });
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return '0';
  } catch (error) {
    if (error instanceof CimError) return `${error.status} ${error.description}`;
    return error instanceof Error ? error.message : String(error);
  }
}

async function service(className: string): Promise<CimInstancePath> {
  const path = await admin.client.instancePaths(className, { namespace }).first();
  if (path === undefined) throw new Error(`no ${className}`);
  return path;
}

async function volumeOf(name: string): Promise<CimInstancePath> {
  const found = (await admin.host.volumes()).find((volume) => volume.name === name);
  if (found === undefined) throw new Error(`no volume ${name}`);
  return found.path;
}

/** Calls a method that goes on in a job; the path of the job. */
async function begin(
  user: SampleUser,
  target: CimInstancePath,
  method: string,
  parameters: Readonly<Record<string, number | CimInstancePath>>,
): Promise<CimInstancePath> {
  const { returnValue, out } = await user.client.invoke(target, method, parameters);
  expect([method, returnValue]).toEqual([method, jobStarted]);
  return out['Job'] as CimInstancePath;
}

async function request(user: SampleUser, vm: string, state: number): Promise<CimInstancePath> {
  return begin(user, (await admin.host.vm(vm)).path, 'RequestStateChange', { RequestedState: state });
}

async function erase(user: SampleUser, volume: string): Promise<CimInstancePath> {
  return begin(user, await service('TVDC_StorageErasureService'), 'Erase', { Element: await volumeOf(volume) });
}

async function failureOf(job: CimInstancePath): Promise<JobFailedError> {
  const error: unknown = await followJob(admin.client, job).then(
    () => new Error('it completed'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof JobFailedError)) throw error;
  return error;
}

describe('a change of a virtual machine that takes long', () => {
  let job: CimInstancePath;

  test('answers 4096 with a job, which shows what goes on', async () => {
    job = await request(admin, 'ma-1', 2);
    const vm = (await admin.host.vm('ma-1')).path;
    const shown = await admin.client.getInstance(job);
    expect(shown.className).toBe('TVDC_ConcreteJob');
    for (const [name, value] of Object.entries({
      ElementName: 'start ma-1',
      Name: 'transition',
      JobState: 4,
      JobStatus: 'running',
      Owner: 'admin',
      PercentComplete: 0,
      CanBeTerminated: false,
      DeleteOnCompletion: true,
      ErrorCode: null,
    })) {
      expect([name, shown.get(name)]).toEqual([name, value]);
    }
    expect((shown.get('TimeBeforeRemoval') as CimDateTime).text).toBe('00000000000500.000000:000');
    expect(shown.get('OperationalStatus')).toEqual([2]);
    for (const assocClass of ['CIM_AffectedJobElement', 'CIM_OwningJobElement']) {
      const elements = await admin.client.associatorPaths(job, { assocClass }).toArray();
      expect(elements.map(local)).toEqual([local(vm)]);
    }
    const jobs = await admin.client.associatorPaths(vm, { resultClass: 'CIM_ConcreteJob' }).toArray();
    expect(jobs.map(local)).toContain(local(job));
    expect((await admin.client.invoke(job, 'GetErrors')).out).toEqual({});
  });

  test('cannot be ended or removed while it goes on, and says so', async () => {
    for (const state of [3, 4, 5]) {
      const { returnValue } = await admin.client.invoke(job, 'RequestStateChange', { RequestedState: state });
      expect(returnValue).toBe(1);
    }
    expect((await admin.client.invoke(job, 'KillJob', { DeleteOnKill: true })).returnValue).toBe(1);
    expect(await outcomeOf(admin.client.deleteInstance(job))).toMatch(/^1 TVDC0503: start ma-1 goes on/);
  });

  test('ends as the change does', async () => {
    const seen: JobStatus[] = [];
    const done = await followJob(admin.client, job, { onProgress: (status) => void seen.push(status) });
    expect(done).toMatchObject({ name: 'start ma-1', state: 'completed', percent: 100, errorCode: 0 });
    expect(seen.at(-1)).toEqual(done);
    expect((await admin.host.vm('ma-1')).state).toBe('running');
    const shown = await admin.client.getInstance(job);
    expect([shown.get('JobState'), shown.get('ErrorCode')]).toEqual([7, 0]);
    expect(shown.get('OperationalStatus')).toEqual([17, 2]);
    const again = await admin.client.invoke(job, 'RequestStateChange', { RequestedState: 4 });
    expect(again.returnValue).toBe(4097);
  });

  test('that turns out to be impossible fails with the code and the sentence of the method', async () => {
    const start = await request(admin, 'ma-2', 2);
    const second = await request(admin, 'ma-2', 2);
    const { job: failed, failures, message } = await failureOf(second);
    expect(failed).toMatchObject({ state: 'failed', errorCode: 4097 });
    expect(failures).toMatchObject([{ messageId: 'TVDC0102', message: expect.stringContaining('ma-2 is running') }]);
    expect(message).toMatch(/^start ma-2: TVDC0102: virtual machine ma-2 is running/);
    expect(failures[0]?.source).toContain('TVDC_ComputerSystem');
    const { out } = await admin.client.invoke(second, 'GetError');
    expect((out['Error'] as CimInstance).getString('MessageID')).toBe('TVDC0102');
    await followJob(admin.client, start);
  });

  test('is followed by the management functions without being asked', async () => {
    await admin.host.requestState('ma-1', 'shutdown');
    expect((await admin.host.vm('ma-1')).state).toBe('off');
  });

  test('can be followed for some time only, and goes on', async () => {
    const start = await request(admin, 'ma-1', 2);
    await expect(followJob(admin.client, start, { deadline: 20 })).rejects.toMatchObject({ code: 'job_late' });
    const reason = new Error('enough');
    await expect(followJob(admin.client, start, { signal: AbortSignal.abort(reason) })).rejects.toBeDefined();
    await followJob(admin.client, start);
    expect((await admin.host.vm('ma-1')).state).toBe('running');
  });
});

describe('removal', () => {
  test('comes when the time that the client named is over', async () => {
    const job = await request(admin, 'ma-1', 9);
    await admin.client.modify(job, { TimeBeforeRemoval: CimDateTime.interval(0) });
    const gone = await outcomeOf(followJob(admin.client, job));
    // It may be seen in the moment between its end and its removal.
    expect(['0', 'the job was removed; what became of it is in the journal of the host']).toContain(gone);
    for (const deadline = Date.now() + 5000; Date.now() < deadline; ) {
      if ((await outcomeOf(admin.client.getInstance(job))) !== '0') break;
    }
    expect(await outcomeOf(admin.client.getInstance(job))).toMatch(/^6 /);
    expect((await admin.host.vm('ma-1')).state).toBe('paused');
  });

  test('on request, while others read', async () => {
    const job = await request(admin, 'ma-1', 2);
    await followJob(admin.client, job);
    const reads = Array.from({ length: 8 }, () => outcomeOf(admin.client.enumerateInstances('TVDC_ConcreteJob')));
    const looks = Array.from({ length: 8 }, () => outcomeOf(admin.client.associatorPaths(job).toArray()));
    const removals = [outcomeOf(admin.client.deleteInstance(job)), outcomeOf(admin.client.deleteInstance(job))];
    expect(new Set(await Promise.all(reads))).toEqual(new Set(['0']));
    for (const look of await Promise.all(looks)) expect(look).toMatch(/^(0$|6 )/);
    const told = await Promise.all(removals);
    expect(told).toContain('0');
    expect(await outcomeOf(admin.client.getInstance(job))).toMatch(/^6 /);
  });

  test('an interval that is none is refused', async () => {
    const job = await request(admin, 'ma-1', 9);
    const now = CimDateTime.fromUnix(0);
    expect(await outcomeOf(admin.client.modify(job, { TimeBeforeRemoval: now }))).toMatch(/^4 TimeBeforeRemoval/);
    await followJob(admin.client, job);
  });
});

describe('the erasure of a volume', () => {
  const assign = async (label: string, oldLabel: string): Promise<number> => {
    const { returnValue } = await admin.client.invoke(await service('TVDC_SecurityPolicyService'), 'AssignLabel', {
      Label: label,
      OldLabel: oldLabel,
      Element: await volumeOf('big'),
    });
    return Number(returnValue);
  };
  const sanitized = async (): Promise<unknown> =>
    (await admin.client.getInstance(await volumeOf('big'))).get('SanitizedTime') ?? null;

  beforeAll(async () => {
    const { parts } = sample.vm;
    const volume = await createVolume(parts, { user: 'admin' }, 'big', 6 * mebibyte);
    await admin.host.assignLabel('big', 'MA', '');
    await parts.inventory.change((change) => change.putVolume({ ...volume, used: true }));
  });

  test('ended on request leaves the volume as unsanitized as it was', async () => {
    expect(await assign('SU', 'MA')).toBe(32773);
    const job = await erase(admin, 'big');
    for (;;) {
      const shown = await admin.client.getInstance(job);
      expect(shown.get('CanBeTerminated')).toBe(true);
      if ((shown.getNumber('PercentComplete') ?? 0) > 0) break;
    }
    const { returnValue } = await admin.client.invoke(job, 'RequestStateChange', { RequestedState: 4 });
    expect(returnValue).toBe(jobStarted);
    const { job: ended, failures } = await failureOf(job);
    expect(ended).toMatchObject({ state: 'terminated', name: 'erase big' });
    expect(ended.percent).toBeLessThan(100);
    expect(failures).toMatchObject([{ messageId: 'TVDC0502' }]);
    expect(await sanitized()).toBeNull();
    expect(await assign('SU', 'MA')).toBe(32773);
  });

  test('carried out makes it ready for another workload', async () => {
    const started = Date.now();
    const job = await erase(admin, 'big');
    const owners = await admin.client.associatorPaths(job, { assocClass: 'CIM_OwningJobElement' }).toArray();
    expect(owners.map(({ className }) => className)).toEqual(['TVDC_StorageErasureService']);
    await followJob(admin.client, job);
    const time = (await sanitized()) as CimDateTime;
    expect(time.toMilliseconds()).toBeGreaterThanOrEqual(started);
    expect(await assign('SU', 'MA')).toBe(0);
  });

  test('with a method or of an element that there is not is refused at once', async () => {
    const erasure = await service('TVDC_StorageErasureService');
    const Element = await volumeOf('big');
    const ask = (parameters: Readonly<Record<string, number | string | CimInstancePath>>) =>
      admin.client.invoke(erasure, 'Erase', parameters);
    expect((await ask({ Element, ErasureMethod: 'Incantation' })).returnValue).toBe(5);
    expect((await ask({ Element, ElementType: 2 })).returnValue).toBe(5);
    expect(await outcomeOf(ask({}))).toMatch(/^4 /);
    const nothing = { ...Element, keys: Element.keys.map((key) => ({ ...key, value: 'nothing' })) };
    expect(await outcomeOf(ask({ Element: nothing }))).toMatch(/^6 /);
    expect(await outcomeOf(ask({ Element: await volumeOf('su-1-disk') }))).toBe('0');
    const jobs = (await admin.client.enumerateInstances('TVDC_ConcreteJob')).map((job) => job.getString('ElementName'));
    for (const job of await admin.client.instancePaths('TVDC_ConcreteJob').toArray()) {
      await followJob(admin.client, job).catch(() => undefined);
    }
    expect(jobs).toContain('erase su-1-disk');
  });
});

describe('a change of all members of a domain', () => {
  const domainOf = async (name: string): Promise<CimInstancePath> => {
    const domains = await admin.client.enumerateInstances('TVDC_TrustedVirtualDomain');
    return domains.find((item) => item.getString('ElementName') === name)?.path as CimInstancePath;
  };
  const change = async (user: SampleUser, name: string, state: number): Promise<CimInstancePath> =>
    begin(user, await service('TVDC_TrustedVirtualDomainService'), 'ChangeMembersState', {
      RequestedState: state,
      Domain: await domainOf(name),
    });

  test('tells of each member, and fails if one of them did', async () => {
    await admin.host.requestState('ma-1', 'stop');
    await admin.host.requestState('ma-2', 'stop');
    // Its disk is of another workload now: it will not be admitted.
    await admin.client.invoke(await service('TVDC_StorageErasureService'), 'Erase', {
      Element: await volumeOf('ma-2-disk'),
    });
    for (const job of await admin.client.instancePaths('TVDC_ConcreteJob').toArray()) {
      await followJob(admin.client, job).catch(() => undefined);
    }
    await admin.host.assignLabel('ma-2-disk', 'SU', 'MA');
    const job = await change(operator, 'Market Analysis', 2);
    const { job: ended, failures, message } = await failureOf(job);
    expect(ended.results).toEqual(['ma-1: running', expect.stringMatching(/^ma-2: ma-2 is not permitted to start/)]);
    expect(failures).toMatchObject([{ messageId: 'TVDC0201' }]);
    expect(failures[0]?.source).toContain((await admin.host.vm('ma-2')).id);
    expect(ended.errorDescription).toBe('1 of 2 parts failed');
    expect(message).toContain('TVDC0201');
  });

  test('answers the same at once where nothing takes long', async () => {
    const parameters = { RequestedState: 2, Domain: await domainOf('Market Analysis') };
    const target = await service('TVDC_TrustedVirtualDomainService');
    const { returnValue, out } = await operator.client.invoke(target, 'ChangeMembersState', parameters);
    const Results = ['ma-1: running', expect.stringMatching(/^ma-2: ma-2 is not permitted to start/) as string];
    expect([returnValue, out]).toEqual([4, { Results, Explanation: '1 of 2 parts failed' }]);
    expect(await operator.host.call(target.className, 'ChangeMembersState', parameters)).toMatchObject({ Results });
  });

  test('ends between two members on request', async () => {
    for (const vm of ['ma-1', 'ma-2']) {
      if ((await admin.host.vm(vm)).state !== 'off') await admin.host.requestState(vm, 'stop');
    }
    const job = await change(operator, 'Market Analysis', 2);
    expect((await operator.client.invoke(job, 'KillJob', {})).returnValue).toBe(0);
    const { job: ended } = await failureOf(job);
    expect(ended).toMatchObject({ state: 'killed', results: ['ma-1: running'] });
    expect((await admin.host.vm('ma-1')).state).toBe('running');
  });
});

describe('methods of the management service that take long', () => {
  const names = async (): Promise<readonly (string | null)[]> =>
    (await admin.client.enumerateInstances('TVDC_ConcreteJob')).map((job) => job.getString('ElementName'));

  test('go on in jobs; their callers get what they would have got', async () => {
    const { host } = admin;
    for (const name of ['fresh-disk', 'other-disk']) {
      await createVolume(sample.vm.parts, { user: 'admin' }, name, mebibyte);
      await host.assignLabel(name, 'MA', '');
    }
    // The disk is busy: who wants it waits.
    const wipe = await erase(admin, 'other-disk');
    const disk = { volume: 'other-disk' };
    const made = await defineVm(host, { name: 'fresh', label: 'MA', disks: [disk], vlans: [100], memoryMiB: 64 });
    expect(made).toMatchObject({ name: 'fresh', state: 'off' });
    await followJob(admin.client, wipe);
    await host.requestState('fresh', 'start');
    const vm = await host.vm('fresh');
    await attachDevices(host, vm, { volumes: ['fresh-disk'] });
    const { disks } = await vmDetails(host, vm);
    expect(disks.map(({ volume }) => volume)).toEqual(['other-disk', 'fresh-disk']);
    await detachDevices(host, disks.slice(1));
    expect((await vmDetails(host, vm)).disks.map(({ volume }) => volume)).toEqual(['other-disk']);
    // While the machine is busy, whatever else is asked of it waits.
    const stop = await request(admin, 'fresh', 3);
    await destroyVm(host, vm);
    await followJob(admin.client, stop);
    await expect(host.vm('fresh')).rejects.toMatchObject({ code: 'not_found' });
    // Definition and destruction waited for what was under way, for how long is the machine's own affair.
    expect(await names()).toEqual(expect.arrayContaining(['start fresh', 'stop fresh']));
    // Whose a machine was that is gone is not known any more.
    const seen = (await watcher.client.enumerateInstances('TVDC_ConcreteJob')).map((job) =>
      job.getString('ElementName'),
    );
    expect(seen).toContain('erase other-disk');
    expect(seen.join()).not.toContain('fresh');
  });

  test('the capabilities say so', async () => {
    const [capabilities] = await admin.client.enumerateInstances('TVDC_VirtualSystemManagementCapabilities');
    expect(capabilities?.get('AsynchronousMethodsSupported')).toEqual(capabilities?.get('SynchronousMethodsSupported'));
  });
});

describe('who sees and does what', () => {
  test('jobs of another workload are not there; own ones are seen, and ended by who began them', async () => {
    const foreign = await request(admin, 'su-1', 2);
    const shared = await request(admin, 'ma-1', 9);
    for (const user of [operator, watcher]) {
      const seen = (await user.client.enumerateInstances('TVDC_ConcreteJob')).map((job) =>
        job.getString('ElementName'),
      );
      expect(seen).toContain('pause ma-1');
      expect(seen.join()).not.toContain('su-1');
      expect(await outcomeOf(user.client.getInstance(foreign))).toBe(outOfScope);
      expect(await outcomeOf(user.client.invoke(foreign, 'GetErrors'))).toBe(outOfScope);
      expect(await outcomeOf(user.client.invoke(shared, 'GetErrors'))).toBe('0');
    }
    await followJob(admin.client, shared);
    await followJob(admin.client, foreign);
    const stop = (user: SampleUser) => user.client.invoke(shared, 'RequestStateChange', { RequestedState: 4 });
    expect(await outcomeOf(stop(operator))).toBe('2 the job was started by another user');
    expect(await outcomeOf(stop(watcher))).toBe('2 no role of the user allows RequestStateChange');
    expect(await outcomeOf(operator.client.invoke(shared, 'KillJob', {}))).toBe(
      '2 the job was started by another user',
    );
    expect(await outcomeOf(watcher.client.invoke(shared, 'KillJob', {}))).toBe('2 no role of the user allows KillJob');
    expect(await outcomeOf(operator.client.deleteInstance(shared))).toBe('2 the job was started by another user');
    expect(await outcomeOf(watcher.client.deleteInstance(shared))).toBe('2 no role of the user allows DeleteInstance');
    const own = await request(operator, 'ma-1', 2);
    await followJob(operator.client, own);
    expect(await outcomeOf(operator.client.deleteInstance(own))).toBe('0');
  });
});

/** Subscribes a user to what happens to jobs; what arrives is written as `class state previousState name`. */
async function listenToJobs(user: SampleUser): Promise<{ readonly told: string[]; close(): Promise<void> }> {
  const told: string[] = [];
  const listener = await createIndicationListener({
    onIndication: ({ indication }) => {
      const source = indication.get('SourceInstance') as CimInstance;
      const previous = indication.get('PreviousInstance') as CimInstance | null | undefined;
      const states = [source, previous].map((item) => item?.getNumber('JobState') ?? '-');
      told.push([indication.className, ...states, source.getString('ElementName')].join(' '));
    },
  });
  const options = { namespace: 'root/interop' };
  const Handler = await user.client.create(
    'CIM_ListenerDestinationCIMXML',
    { Name: user.name, Destination: listener.url, PersistenceType: 3 },
    options,
  );
  for (const kind of ['Creation', 'Modification', 'Deletion']) {
    const Query = `SELECT * FROM CIM_Inst${kind} WHERE SourceInstance ISA CIM_ConcreteJob`;
    const Filter = await user.client.create(
      'CIM_IndicationFilter',
      { Name: `${user.name} ${kind}`, SourceNamespaces: [namespace], Query, QueryLanguage: 'DMTF:CQL' },
      options,
    );
    await user.client.create('CIM_IndicationSubscription', { Filter, Handler }, options);
  }
  return { told, close: () => listener.close() };
}

test('the life of a job is told to who sees it', async () => {
  const all = await listenToJobs(admin);
  const some = await listenToJobs(operator);
  try {
    const foreign = await request(admin, 'su-1', 9);
    await followJob(admin.client, foreign);
    await admin.client.deleteInstance(foreign);
    const own = await request(admin, 'ma-1', 9);
    await followJob(admin.client, own);
    await admin.client.deleteInstance(own);
    const livesOf = (name: string): readonly string[] => [
      `CIM_InstCreation 4 - ${name}`,
      `CIM_InstModification 7 4 ${name}`,
      `CIM_InstDeletion 7 - ${name}`,
    ];
    for (const deadline = Date.now() + 10_000; all.told.length + some.told.length < 9 && Date.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(all.told).toEqual([...livesOf('pause su-1'), ...livesOf('pause ma-1')]);
    expect(some.told).toEqual(livesOf('pause ma-1'));
  } finally {
    await all.close();
    await some.close();
  }
});

describeIf(wbemcliInstalled, 'wbemcli is not installed (Debian package sblim-wbemcli)')('stock wbemcli', () => {
  test('starts a job, reads it and its association, and asks it for its errors', async () => {
    const wbemcli = createWbemcli(sample.url, 'admin', sample.admin.secret);
    const { id } = await admin.host.vm('su-1');
    const lines = async (...words: Parameters<typeof wbemcli>): Promise<readonly string[]> => {
      const answer = await wbemcli(...words);
      expect([words, answer.status, answer.error]).toEqual([words, 0, '']);
      return answer.lines;
    };
    const vm = objectOf((await lines('ein', 'root/tvdc:TVDC_ComputerSystem')).find((line) => line.includes(id)) ?? '');
    const answer = (await lines('cm', vm, 'RequestStateChange.RequestedState=2')).join();
    expect(answer).toMatch(/RequestStateChange: 4096, Job \(reference\): /);
    const uuid = /TVDC:job:([\w-]+)/.exec(answer)?.[1] ?? '';
    const job = `root/tvdc:TVDC_ConcreteJob.InstanceID="TVDC:job:${uuid}"`;
    expect(propertiesOf(await lines('gi', job, '-nl')).get('ElementName')).toContain('start su-1');
    expect((await lines('ain', job, '-ac', 'TVDC_AffectedJobElement')).join()).toContain(id);
    const [path] = (await admin.client.instancePaths('TVDC_ConcreteJob').toArray()).filter((item) =>
      formatObjectPath(item).includes(uuid),
    );
    await followJob(admin.client, path as CimInstancePath);
    expect((await lines('cm', job, 'GetErrors')).join()).toContain('GetErrors: 0');
    expect(propertiesOf(await lines('gi', job, '-nl')).get('JobState')).toBe('7');
    await lines('di', job);
  });
});

test('what a job tells of a refusal does not name the other workload', async () => {
  const { host } = admin;
  for (const vm of ['ma-1', 'ma-2']) if ((await host.vm(vm)).state !== 'off') await host.requestState(vm, 'stop');
  if ((await host.vm('su-1')).state === 'off') await host.requestState('su-1', 'start');
  const { policy } = await host.importPolicy(writePolicyJson(samplePolicies['tvdc-sample 1.1']), 'json');
  await host.deployPolicy(policy);
  await host.enablePolicy(policy);
  // A start has to wait for the disk until the erasure is done.
  const wipe = await erase(admin, 'ma-1-disk');
  const start = await request(operator, 'ma-1', 2);
  await followJob(admin.client, wipe);
  const tellings: string[] = [];
  for (const user of [operator, admin]) {
    const error: unknown = await followJob(user.client, start).catch((reason: unknown) => reason);
    if (!(error instanceof JobFailedError)) throw error;
    tellings.push(JSON.stringify([error.job, error.failures]));
    const { out } = await user.client.invoke(start, 'GetErrors');
    const [first] = out['Errors'] as readonly CimInstance[];
    tellings.push(String(first?.getString('Message')), JSON.stringify(first?.get('MessageArguments')));
    expect(error.job).toMatchObject({ errorCode: 32768, decisionId: expect.stringContaining('TVDC:') as string });
  }
  const [forOperator, forAdmin] = [tellings.slice(0, 3), tellings.slice(3)];
  for (const text of forOperator) expect([text, text.includes('su-1')]).toEqual([text, false]);
  for (const text of forOperator) expect(text).toContain('another workload');
  for (const text of forAdmin) expect(text).toContain('su-1');
});
