import { CommanderError } from 'commander';
import { messageOf, TvdcError } from '../base/index.js';
import { CimError } from '../cim/operations/index.js';
import { Exit, exitStatus, type ExitStatus, UsageError } from './exit.js';
import type { Streams } from './output/index.js';

/** Codes of errors that mean: the server was not reached, or did not let us in. */
const unreachableCodes = new Set([
  'unreachable',
  'timeout',
  'aborted',
  'unauthorized',
  'http',
  'bad_answer',
  'too_large',
  'tpm_unavailable',
]);
/** Codes of errors that mean: the question was understood, and the answer is no. */
const answerIsNo = new Set([
  'method_refused',
  'not_found',
  'set_not_found',
  'refused',
  'bad_mof',
  'no_such_namespace',
  'no_interop_namespace',
  'no_namespaces',
  'no_object_manager',
  'bundle_refused',
  'bundle_rolled_back',
]);
/** Messages with which a host says no: by its policy, or because something is in use or in another state. */
const refusalId = /^TVDC0(?:10[1-4]|2\d\d)\b/;

function isRefused(error: CimError): boolean {
  return error.status === 1 && refusalId.test(error.description);
}

/**
 * What a failure means to the shell.
 * @param raw for `tvdc wbem`, where every status of CIM is 4
 */
export function statusOf(error: unknown, raw: boolean): ExitStatus {
  if (error instanceof Exit) return error.status;
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
  if (error instanceof UsageError) return exitStatus.usage;
  if (error instanceof CimError) {
    return !raw && (error.status === 6 || isRefused(error)) ? exitStatus.no : exitStatus.cim;
  }
  if (!(error instanceof TvdcError)) return exitStatus.internal;
  const code = String(error.code);
  if (unreachableCodes.has(code)) return exitStatus.unreachable;
  if (code === 'mof_load_failed') return statusOf(error.cause, raw);
  if (code === 'job_gone' || code === 'job_late') return exitStatus.cim;
  // The same as if the method itself had said it.
  if (code === 'job_failed') return refusalId.test(String(error.details['messageId'])) ? exitStatus.no : exitStatus.cim;
  if (answerIsNo.has(code)) return exitStatus.no;
  return code === 'internal' ? exitStatus.internal : exitStatus.usage;
}

/** @param cause what node says of the connection */
function unreachableAdvice(cause: unknown): string {
  const code = String((cause as { readonly code?: unknown } | undefined)?.code);
  if (/CERT|LEAF_SIGNATURE/.test(code)) return '; name the certificates that sign the server with --cacert';
  if (/^(?:ERR_SSL_|EPROTO)/.test(code)) return '; does the server speak TLS at that port? else name it by http://';
  return '; is the server running there? name another with --url';
}

/** What to do about failures that users meet often. */
function adviceFor(error: unknown): string {
  if (!(error instanceof TvdcError)) return '';
  if (error.code === 'unauthorized') return '; name the account with --user and --password-file';
  if (error.code === 'unreachable') return unreachableAdvice(error.cause);
  if (error.code === 'timeout') return '; give it longer with --timeout';
  if (error.code === 'vtpm_rolled_back' || error.code === 'vtpm_key_unavailable') {
    return '; name its TPM with --seal-tpm, or accept what is there, on the record: tvdc vtpm state accept --help';
  }
  return '';
}

/** Record of the decision that refused, where the sentence does not end with it already. */
function recordOf(error: unknown): string {
  const id = error instanceof TvdcError && 'decisionId' in error ? error.decisionId : null;
  return typeof id === 'string' && !messageOf(error).includes(id) ? ` (${id})` : '';
}

/** One line: what, where, what to do. */
export function tell(error: unknown, streams: Streams): void {
  if (error instanceof Exit || error instanceof CommanderError) return;
  const isOurs = error instanceof TvdcError;
  const text = messageOf(error).replace(/\s*\n\s*/g, ' ');
  streams.notes.write(`tvdc: ${isOurs ? '' : 'internal error: '}${text}${recordOf(error)}${adviceFor(error)}\n`);
  if (!isOurs && process.env['TVDC_DEBUG'] !== undefined && error instanceof Error) {
    streams.notes.write(`${String(error.stack)}\n`);
  }
}
