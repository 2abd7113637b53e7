import { CimDateTime } from '../../cim/index.js';
import { isEnded, type Job, type JobState } from '../../vmm/index.js';
import { decisionId, elementFacts, jobId, returnCodeOf, type Values } from '../kit/index.js';

/** CIM_ConcreteJob.JobState of each state. */
const jobStateValues: Readonly<Record<JobState, number>> = {
  running: 4,
  stopping: 6,
  completed: 7,
  terminated: 8,
  killed: 9,
  failed: 10,
};

/** OperationalStatus: 2 OK, 6 error, 9 stopping, 10 stopped, 17 completed. */
const operationalStatuses: Readonly<Record<JobState, readonly number[]>> = {
  running: [2],
  stopping: [9],
  completed: [17, 2],
  terminated: [10],
  killed: [10],
  failed: [17, 6],
};

/** What TVDC_ConcreteJob shows of a job to everybody who sees it: sentences, which may name other workloads, are not in it. */
export function jobNotice(job: Job, now: number): Values {
  const { error } = job;
  return {
    InstanceID: jobId(job.id),
    Name: job.kind,
    ...elementFacts(job.name, 'Work of this host that takes longer than a caller waits.'),
    OperationalStatus: [...operationalStatuses[job.state]],
    HealthState: job.state === 'failed' ? 25 : 5,
    JobState: jobStateValues[job.state],
    JobStatus: job.state,
    Owner: job.user,
    PercentComplete: job.percent,
    TimeSubmitted: CimDateTime.fromUnix(job.begunAt),
    StartTime: CimDateTime.fromUnix(job.begunAt),
    ElapsedTime: CimDateTime.interval(Math.max(0, (job.endedAt ?? now) - job.begunAt)),
    TimeOfLastStateChange: CimDateTime.fromUnix(job.changedAt),
    DeleteOnCompletion: job.removedWhenDone,
    TimeBeforeRemoval: CimDateTime.interval(job.keptFor),
    ErrorCode: error === null ? (isEnded(job) ? 0 : null) : returnCodeOf(error.code, error.reason),
    DecisionID: error === null || error.decisionId === null ? null : decisionId(error.decisionId),
    CanBeTerminated: job.stoppable,
  };
}

/** The same with the sentences, for a reader. */
export function jobValues(job: Job, now: number, cover: (text: string) => string): Values {
  return {
    ...jobNotice(job, now),
    ErrorDescription: job.error === null ? null : cover(job.error.sentence),
    Results: job.results.map(({ name, sentence }) => cover(`${name}: ${sentence}`)),
  };
}
