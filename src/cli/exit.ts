import { TvdcError } from '../base/index.js';

/** Exit status of every command. */
export const exitStatus = {
  /** Done; trusted; permitted. */
  done: 0,
  /** The answer is no: denied, untrusted, not found. */
  no: 1,
  usage: 2,
  /** Cannot reach the server or log in. */
  unreachable: 3,
  /** A CIM error. */
  cim: 4,
  internal: 5,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** Wrong arguments: one line for the user. */
export class UsageError extends TvdcError<'usage'> {
  constructor(message: string) {
    super('usage', message);
  }
}

/** The command has said what it had to say and ends with this status. */
export class Exit extends TvdcError<'exit'> {
  readonly status: ExitStatus;

  constructor(status: ExitStatus) {
    super('exit', `exit ${status}`);
    this.status = status;
  }
}
