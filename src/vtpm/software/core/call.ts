import type { ByteWriter } from '../../../base/index.js';
import type { UsedSession } from './authorization.js';
import type { Engine } from './engine.js';
import type { ParameterReader } from './parameters.js';

/** One command that passed its checks. */
export interface CommandCall {
  readonly engine: Engine;
  readonly handles: readonly number[];
  readonly parameters: ParameterReader;
  /** Parameters of the response. */
  readonly out: ByteWriter;
  readonly sessions: readonly UsedSession[];
  /** For commands whose response carries a handle. */
  responseHandle: number;
}

/** Carries out a command; a promise only where work leaves the event loop. Failures are thrown as CommandFailure. */
export type CommandHandler = (call: CommandCall) => void | Promise<void>;
