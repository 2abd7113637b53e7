import {
  type CimClass,
  CimError,
  type CimRequest,
  type CimResult,
  type CimTransport,
  createInstance,
  createInstancePath,
  type ResultOf,
} from '../../../src/cim/index.js';
import { compileMofStrictly } from '../../../src/cim/mof/index.js';
import { TransportError, WbemClient } from '../../../src/client/index.js';
import { followJob, JobFailedError, type JobStatus } from '../../../src/client/management/index.js';
import { shippedLoader } from '../../cim/mof/kit.js';

const [compiled] = compileMofStrictly(shippedLoader, ['cim.mof']).namespaces;

function classOf(name: string): CimClass {
  const cls = compiled?.schema.get(name);
  if (cls === undefined) throw new Error(`no class ${name}`);
  return cls;
}

const namespace = 'root/tvdc';
const path = createInstancePath('CIM_ConcreteJob', { InstanceID: 'job' }, { namespace });

/** What a look at the job finds: a state with how far it is, or a failure. */
type Look = readonly [state: number, percent: number] | Error;

interface Told {
  readonly messageId: string;
  readonly message: string;
}

/** A server of somebody else with one job, whose looks come one after another; the last one stays. */
function serverWith(looks: readonly Look[], errors: readonly Told[] | null = []) {
  const asked: string[] = [];
  let at = 0;
  const answer = (request: CimRequest): CimResult => {
    asked.push(request.kind === 'InvokeMethod' ? request.methodName : request.kind);
    if (request.kind === 'GetInstance') {
      const look = looks[Math.min(at++, looks.length - 1)] ?? [2, 0];
      if (look instanceof Error) throw look;
      const [JobState, PercentComplete] = look;
      const facts = { InstanceID: 'job', Name: 'copy', ElementName: 'copy it', JobState, PercentComplete };
      return { kind: 'instance', instance: createInstance(classOf('CIM_ConcreteJob'), facts) };
    }
    if (request.kind === 'InvokeMethod') {
      if (errors === null) throw new CimError(16, 'no such method here');
      const value = errors.map(({ messageId: MessageID, message: Message }) =>
        createInstance(classOf('CIM_Error'), { MessageID, Message, OwningEntity: 'them' }),
      );
      const parameter = { name: 'Errors', type: 'string', isArray: true, value } as const;
      return { kind: 'method', returnType: 'uint32', returnValue: 0, outParameters: [parameter] };
    }
    throw new CimError(7, request.kind);
  };
  const transport: CimTransport = {
    call: async <R extends CimRequest>(request: R): Promise<ResultOf<R>> => answer(request) as ResultOf<R>,
  };
  return { client: new WbemClient(transport, { namespace }), asked };
}

async function failureOf(work: Promise<unknown>): Promise<JobFailedError> {
  const error: unknown = await work.then(
    () => new Error('it completed'),
    (reason: unknown) => reason,
  );
  if (error instanceof JobFailedError) return error;
  throw error;
}

test('a job is looked at until it has completed', async () => {
  const { client, asked } = serverWith([
    [3, 0],
    [4, 50],
    [7, 100],
  ]);
  const seen: JobStatus[] = [];
  const done = await followJob(client, path, { onProgress: (job) => void seen.push(job) });
  expect(seen.map(({ state, percent }) => [state, percent])).toEqual([
    ['starting', 0],
    ['running', 50],
    ['completed', 100],
  ]);
  expect(done).toMatchObject({ name: 'copy it', state: 'completed', results: [], errorCode: 0, decisionId: null });
  expect(asked).toEqual(['GetInstance', 'GetInstance', 'GetInstance']);
});

test.each([
  [8, 'terminated'],
  [9, 'killed'],
  [10, 'failed'],
])('state %d is an end with reasons', async (state, name) => {
  const { client } = serverWith(
    [[state, 40]],
    [
      { messageId: 'X1', message: 'the disk is full' },
      { messageId: '', message: 'and the other one too' },
    ],
  );
  const { job, failures, message } = await failureOf(followJob(client, path));
  expect(job.state).toBe(name);
  expect(failures.map((failure) => failure.message)).toEqual(['the disk is full', 'and the other one too']);
  expect(message).toBe('copy it: X1: the disk is full, and 1 more');
});

test('a server that cannot tell why has failed all the same', async () => {
  for (const errors of [[], null]) {
    const { client } = serverWith([[10, 0]], errors);
    expect((await failureOf(followJob(client, path))).message).toBe('copy it: the job is failed');
  }
});

test('a job that was removed before its end was seen is told apart from one that failed', async () => {
  const { client } = serverWith([[4, 0], new CimError(6, 'no job')]);
  await expect(followJob(client, path)).rejects.toMatchObject({ code: 'job_gone' });
});

test('a host that is away for a while is waited for; whatever else fails is told', async () => {
  const away = new TransportError('unreachable', 'nobody is there');
  const { client, asked } = serverWith([[4, 0], away, away, [7, 100]]);
  await expect(followJob(client, path)).resolves.toMatchObject({ state: 'completed' });
  expect(asked).toHaveLength(4);
  const refused = serverWith([new CimError(2, 'not yours')]);
  await expect(followJob(refused.client, path)).rejects.toMatchObject({ status: 2 });
  const locked = serverWith([new TransportError('unauthorized', 'who are you')]);
  await expect(followJob(locked.client, path)).rejects.toMatchObject({ code: 'unauthorized' });
});

test('a deadline ends the waiting, not the job; a host that is away does not outlast it', async () => {
  const busy = serverWith([[4, 30]]);
  await expect(followJob(busy.client, path, { deadline: 150 })).rejects.toMatchObject({
    code: 'job_late',
    message: 'copy it goes on: 30 % after 150 ms',
  });
  expect(busy.asked.length).toBeGreaterThan(1);
  expect(busy.asked.every((kind) => kind === 'GetInstance')).toBe(true);
  const away = serverWith([new TransportError('unreachable', 'nobody is there')]);
  await expect(followJob(away.client, path, { deadline: 150 })).rejects.toMatchObject({ code: 'unreachable' });
});

test('the signal ends the waiting with its reason', async () => {
  const { client } = serverWith([[4, 0]]);
  const stop = new AbortController();
  const reason = new Error('enough');
  const waiting = followJob(client, path, {
    signal: stop.signal,
    onProgress: () => stop.abort(reason),
  });
  await expect(waiting).rejects.toBe(reason);
});
