import { messageOf, TvdcError } from '../../base/index.js';
import { RefusedError, VmmError } from '../errors.js';
import { MigrationRefusedError } from '../migration/refused.js';
import type { JobError, JobResult } from './types.js';

/** An error that work threw, as a job keeps it. What was not thrown on purpose has no text for others. */
export function jobErrorOf(error: unknown): JobError {
  const base = { reason: null, messageId: null, arguments: [], decisionId: null };
  if (error instanceof RefusedError) {
    const { messageId, decision, decisionId, message } = error;
    const { reason } = decision;
    return { ...base, code: error.code, reason, messageId, arguments: error.arguments, sentence: message, decisionId };
  }
  if (error instanceof VmmError) {
    const { messageId, code, message } = error;
    return { ...base, code, messageId, arguments: error.arguments, sentence: message };
  }
  if (error instanceof MigrationRefusedError) {
    const { byPolicy, objections, decisionId, message } = error;
    const reason = objections[0]?.reason ?? null;
    return { ...base, code: byPolicy ? 'refused' : 'failed', reason, sentence: message, decisionId };
  }
  if (error instanceof TvdcError) return { ...base, code: 'failed', sentence: messageOf(error) };
  return { ...base, code: 'internal', sentence: 'an internal failure, which is in the log of the host' };
}

/** The error of a job of which parts failed; null if none did. */
export function errorOfParts(results: readonly JobResult[]): JobError | null {
  const failed = results.filter(({ error }) => error !== null);
  if (failed.length === 0) return null;
  const counts = [String(failed.length), String(results.length)];
  return jobErrorOf(new VmmError('parts_failed', counts));
}
