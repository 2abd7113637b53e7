import { setTimeout as wait } from 'node:timers/promises';
import { TvdcError } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, formatObjectPath } from '../../cim/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { WbemClient } from '../wbem/index.js';
import { textsOf } from './texts.js';

/** CIM_ConcreteJob.JobState. */
const stateNames: Readonly<Record<number, string>> = {
  2: 'new',
  3: 'starting',
  4: 'running',
  5: 'suspended',
  6: 'shutting down',
  7: 'completed',
  8: 'terminated',
  9: 'killed',
  10: 'failed',
  11: 'in service',
  12: 'query pending',
};
const endStates: ReadonlySet<string> = new Set(['completed', 'terminated', 'killed', 'failed']);

/** Milliseconds: before the second look, between two looks at the longest, and without any answer before giving up. */
const firstPause = 100;
const longestPause = 2000;
const longestSilence = 30_000;

/** Where a job stands. */
export interface JobStatus {
  readonly path: CimInstancePath;
  readonly name: string;
  readonly state: string;
  /** How much is done, 0 to 100. */
  readonly percent: number;
  /** What came of each of several elements, where the job tells. */
  readonly results: readonly string[];
  /** Return value that the method would have had; 0 while the job goes on. */
  readonly errorCode: number;
  readonly errorDescription: string;
  readonly decisionId: string | null;
}

/** One reason of a failed job (CIM_Error). */
export interface JobFailure {
  readonly messageId: string;
  readonly message: string;
  /** Path of the element that it is about; empty: not said. */
  readonly source: string;
}

/** A job ended without having done its work. */
export class JobFailedError extends TvdcError<'job_failed'> {
  readonly job: JobStatus;
  /** The most important first; none where the server does not tell. */
  readonly failures: readonly JobFailure[];

  constructor(job: JobStatus, failures: readonly JobFailure[]) {
    const [first] = failures;
    const told = first === undefined ? job.errorDescription || `the job is ${job.state}` : describe(first);
    const others = failures.length > 1 ? `, and ${failures.length - 1} more` : '';
    const messageId = first?.messageId ?? '';
    super('job_failed', `${job.name}: ${told}${others}`, { details: { state: job.state, messageId } });
    this.job = job;
    this.failures = failures;
  }
}

export interface FollowOptions {
  /** The client's own if left out. */
  readonly namespace?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds that the job may take from now on; left out: as long as it takes. The job goes on in any case. */
  readonly deadline?: number;
  /** Told after each look at the job. */
  onProgress?(job: JobStatus): void;
}

function describe({ messageId, message }: JobFailure): string {
  return messageId === '' ? message : `${messageId}: ${message}`;
}

function toStatus(path: CimInstancePath, job: CimInstance): JobStatus {
  const state = job.getNumber('JobState') ?? 0;
  return {
    path,
    name: job.getString('ElementName') ?? job.getString('Name') ?? formatObjectPath(path),
    state: stateNames[state] ?? `in state ${state}`,
    percent: job.getNumber('PercentComplete') ?? 0,
    results: textsOf(job.get('Results') ?? null),
    errorCode: job.getNumber('ErrorCode') ?? 0,
    errorDescription: job.getString('ErrorDescription') ?? '',
    decisionId: job.getString('DecisionID'),
  };
}

function isInstance(value: unknown): value is CimInstance {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance';
}

type CallOptions = Pick<FollowOptions, 'namespace' | 'signal'>;

function callOptions({ namespace, signal }: FollowOptions): CallOptions {
  return { ...(namespace === undefined ? {} : { namespace }), ...(signal === undefined ? {} : { signal }) };
}

/** @throws the signal's reason */
async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await wait(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  signal?.throwIfAborted();
}

/** Why a job failed; nothing from a server that cannot tell. */
async function failuresOf(
  client: WbemClient,
  path: CimInstancePath,
  options: CallOptions,
): Promise<readonly JobFailure[]> {
  try {
    const { out } = await client.invoke(path, 'GetErrors', {}, options);
    const errors: readonly unknown[] = Array.isArray(out['Errors']) ? out['Errors'] : [];
    return errors.filter(isInstance).map((error) => ({
      messageId: error.getString('MessageID') ?? '',
      message: error.getString('Message') ?? '',
      source: error.getString('ErrorSource') ?? '',
    }));
  } catch (error) {
    if (error instanceof CimError) return [];
    throw error;
  }
}

/** Looks at a job until there is an answer: a host that is being restarted comes back, and its jobs with it. */
async function look(client: WbemClient, path: CimInstancePath, options: FollowOptions): Promise<JobStatus> {
  const givesUp = performance.now() + Math.min(longestSilence, options.deadline ?? longestSilence);
  for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
    try {
      return toStatus(path, await client.getInstance(path, callOptions(options)));
    } catch (error) {
      if (error instanceof CimError && error.status === 6) {
        throw new TvdcError('job_gone', 'the job was removed; what became of it is in the journal of the host', {
          cause: error,
        });
      }
      const isSilent = error instanceof TvdcError && error.code === 'unreachable';
      if (!isSilent || performance.now() + pause > givesUp) throw error;
      await pauseFor(pause, options.signal);
    }
  }
}

/**
 * Follows a job to its end: looks at it, soon at first and then less and less often.
 * @returns the completed job
 * @throws JobFailedError if it failed, was terminated or killed; TvdcError `job_late` after the deadline, `job_gone` if it was
 *   removed before its end was seen; the signal's reason; TransportError, CimError
 */
export async function followJob(
  client: WbemClient,
  path: CimInstancePath,
  options: FollowOptions = {},
): Promise<JobStatus> {
  const { deadline = Infinity } = options;
  const started = performance.now();
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, longestPause)) {
    const left = started + deadline - performance.now();
    const job = await look(client, path, { ...options, deadline: Math.max(0, left) });
    options.onProgress?.(job);
    if (job.state === 'completed') return job;
    if (endStates.has(job.state)) throw new JobFailedError(job, await failuresOf(client, path, callOptions(options)));
    const rest = started + deadline - performance.now();
    if (rest <= 0) throw new TvdcError('job_late', `${job.name} goes on: ${job.percent} % after ${deadline} ms`);
    await pauseFor(Math.min(pause, rest), options.signal);
  }
}
