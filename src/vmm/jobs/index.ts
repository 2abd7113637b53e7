export { jobErrorOf } from './error.js';
export { type JobAnswer, type JobHandler, jobPatience, Jobs, type JobsParts } from './jobs.js';
export { type JobControl, JobStopped } from './live-job.js';
export type { JobChange } from './table.js';
export { onlySince, restoredMark } from './restored.js';
export {
  isEnded,
  type Job,
  type JobElement,
  type JobError,
  type JobRequest,
  type JobResult,
  type JobService,
  type JobState,
  jobStates,
} from './types.js';
