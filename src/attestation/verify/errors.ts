import { TvdcError } from '../../base/index.js';
import { type Reason, reason, type ReasonCode, type ReasonFacts } from '../verdict/index.js';

/** Evidence that proves nothing: the code is the reason's, and `reason` is what a verdict carries. */
export class EvidenceError extends TvdcError<ReasonCode> {
  readonly reason: Reason;

  constructor(code: ReasonCode, facts: ReasonFacts = {}, cause?: unknown) {
    const made = reason(code, facts);
    super(code, made.message, { cause });
    this.reason = made;
  }
}

/** The verifier itself could not look (database, transport): says nothing about the evidence. */
export class LookError extends TvdcError<ReasonCode> {
  readonly reason: Reason;

  constructor(code: ReasonCode, facts: ReasonFacts = {}, cause?: unknown) {
    const made = reason(code, facts);
    super(code, made.message, { cause });
    this.reason = made;
  }
}
