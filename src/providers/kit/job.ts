import type { CimValue } from '../../cim/index.js';
import type { MethodOutcome, ProviderContext } from '../../cimom/index.js';
import type { Job, JobControl, JobRequest } from '../../vmm/index.js';
import type { HostView } from './host-view.js';
import { returnCodes } from './outcome.js';
import { Paths } from './paths.js';

/**
 * A method whose work may become a job: 0 with its OUT parameters when it is done in time, 4096 with the job's path in `Job`
 * when it goes on; `vmm`'s `Jobs` says how. To be used within `asCimStatus` for inherited methods, within `ownOutcome` for ours.
 * @param out what the method answers of the value of its work
 * @throws whatever the work throws in time
 */
export async function startedOrDone<T>(
  view: HostView,
  context: ProviderContext,
  request: Omit<JobRequest, 'user'>,
  work: (control: JobControl) => Promise<T>,
  out: (value: T) => Readonly<Record<string, CimValue>> = () => ({}),
): Promise<MethodOutcome> {
  const answer = await view.jobs.run({ ...request, user: context.caller.user }, work);
  if (answer.kind === 'finished') return { returnValue: returnCodes.completed, out: out(answer.value) };
  return jobStarted(view, answer.job);
}

/** That work goes on in a job. */
export function jobStarted(view: HostView, job: Job): MethodOutcome {
  const paths = new Paths(view.parts.identity, view.namespace);
  return { returnValue: returnCodes.jobStarted, out: { Job: paths.job(job.id) } };
}
