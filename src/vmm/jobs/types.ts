import type { MessageId } from '../../base/index.js';
import type { JsonValue } from '../../store/index.js';

/** The services of a host that start jobs. */
export type JobService = 'machines' | 'storage' | 'domains' | 'migration';

/** Something of this host that a job belongs to or acts on. Identifiers are UUIDs; of a VLAN its number. */
export type JobElement =
  | { readonly kind: 'vm' | 'volume' | 'domain'; readonly id: string }
  | { readonly kind: 'vlan'; readonly id: number }
  | { readonly kind: 'service'; readonly id: JobService };

/** `stopping`: somebody asked for its end, and it has not come to a place yet where it can end. */
export const jobStates = ['running', 'stopping', 'completed', 'failed', 'terminated', 'killed'] as const;
export type JobState = (typeof jobStates)[number];

/** Why a job, or its part for one element, failed. */
export interface JobError {
  /** Code of the error that the work threw. */
  readonly code: string;
  /** The reference monitor's reason, where it refused. */
  readonly reason: string | null;
  readonly messageId: MessageId | null;
  readonly arguments: readonly string[];
  readonly sentence: string;
  /** Id of the journal's record of the decision. */
  readonly decisionId: string | null;
}

/** What a job did with one of several elements. */
export interface JobResult {
  readonly element: JobElement;
  /** Its name then, for people. */
  readonly name: string;
  /** What came of it: a state, or why not. */
  readonly sentence: string;
  /** null: it went well. */
  readonly error: JobError | null;
}

/** What is asked for. */
export interface JobRequest {
  /** Which work it is: after a restart the handler of that name takes it up. */
  readonly kind: string;
  /** What is done, for people: `erase disk-1`. */
  readonly name: string;
  readonly user: string;
  /** Who started it: a service, or the element whose method was called. */
  readonly owner: JobElement;
  /** Who sees the job is decided by these; there should be one at least. */
  readonly affected: readonly JobElement[];
  /** What the handler needs to take the work up. */
  readonly input: Readonly<Record<string, JsonValue>>;
  /** The work looks at its signal, so that somebody may end it. Left out: once begun it is carried out. */
  readonly stoppable?: boolean;
}

/** Work that took long, as it is kept. Times are milliseconds since 1970. */
export interface Job extends Required<JobRequest> {
  readonly id: string;
  readonly state: JobState;
  /** How much is done, 0 to 100. */
  readonly percent: number;
  readonly begunAt: number;
  /** When the state changed last. */
  readonly changedAt: number;
  /** null: it goes on. */
  readonly endedAt: number | null;
  readonly results: readonly JobResult[];
  /** null: it goes on, or went well. */
  readonly error: JobError | null;
  /** Milliseconds that it stays after its end. */
  readonly keptFor: number;
  /** Whether it is removed then; otherwise it stays until somebody removes it. */
  readonly removedWhenDone: boolean;
}

export function isEnded(job: Pick<Job, 'endedAt'>): boolean {
  return job.endedAt !== null;
}
