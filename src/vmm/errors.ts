import type { Decision } from '../acm/index.js';
import { formatMessage, type MessageId, TvdcError } from '../base/index.js';

export type VmmErrorCode =
  | 'not_found'
  | 'wrong_state'
  | 'name_in_use'
  | 'in_use'
  | 'migrating'
  | 'invalid'
  | 'driver_failed'
  | 'sanitization_required'
  | 'interrupted'
  | 'stopped'
  | 'job_running'
  | 'parts_failed';

const messageOfCode: Readonly<Record<VmmErrorCode, MessageId | null>> = {
  not_found: 'TVDC0101',
  wrong_state: 'TVDC0102',
  name_in_use: 'TVDC0103',
  in_use: 'TVDC0104',
  migrating: 'TVDC0106',
  invalid: null,
  driver_failed: 'TVDC0105',
  sanitization_required: 'TVDC0208',
  interrupted: 'TVDC0501',
  stopped: 'TVDC0502',
  job_running: 'TVDC0503',
  parts_failed: 'TVDC0504',
};

/** Something about the virtualized host is not as the request needs it; nothing was changed. */
export class VmmError extends TvdcError<VmmErrorCode> {
  readonly messageId: MessageId | null;
  /** What the sentence was made with. */
  readonly arguments: readonly string[];

  /** @param args of the registered message of that code; for `invalid` the sentence itself */
  constructor(code: VmmErrorCode, args: readonly string[], options?: { readonly cause?: unknown }) {
    const id = messageOfCode[code];
    super(code, id === null ? args.join(' ') : formatMessage(id, ...args), options);
    this.messageId = id;
    this.arguments = id === null ? [] : args;
  }
}

/** The reference monitor said no. Carries the decision, which explains itself, and the journal's id of its record. */
export class RefusedError extends TvdcError<'refused'> {
  readonly messageId: MessageId;
  /** What the sentence was made with. */
  readonly arguments: readonly string[];
  readonly decision: Decision;
  readonly decisionId: string | null;

  constructor(messageId: MessageId, args: readonly string[], decision: Decision, decisionId: string | null) {
    super('refused', formatMessage(messageId, ...args), { details: { reason: decision.reason } });
    this.messageId = messageId;
    this.arguments = args;
    this.decision = decision;
    this.decisionId = decisionId;
  }
}
