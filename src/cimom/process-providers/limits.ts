/** Bounds of the conversation with one provider process. Sizes in bytes, times in milliseconds. */
export interface ProcessLimits {
  /** One message, in either direction. What is larger is a fault of its sender. */
  readonly messageBytes: number;
  /** What may wait for a process that does not read. */
  readonly waitingBytes: number;
  /** Requests that wait for their answers. */
  readonly waitingRequests: number;
  /** Indications that it may raise within a second; more are dropped. */
  readonly indicationsPerSecond: number;
  /** Time for one answer; a little less than the object manager waits, so that the process is told. */
  readonly answerTime: number;
  /** The same for an extrinsic method. */
  readonly methodTime: number;
  /** Wait before a process that ended is started again; doubled each time until the longest. */
  readonly firstRestart: number;
  readonly longestRestart: number;
  /** Who has lived so long starts again with the first wait. */
  readonly provenAfter: number;
  /** How long a request waits for a restart before it fails. */
  readonly restartPatience: number;
  /** Time to end by itself after its input was closed; then signals follow. */
  readonly endTime: number;
}

export const defaultProcessLimits: ProcessLimits = {
  messageBytes: 4 * 1024 * 1024,
  waitingBytes: 16 * 1024 * 1024,
  waitingRequests: 1000,
  indicationsPerSecond: 500,
  answerTime: 50_000,
  methodTime: 590_000,
  firstRestart: 100,
  longestRestart: 30_000,
  provenAfter: 10_000,
  restartPatience: 1000,
  endTime: 1000,
};
