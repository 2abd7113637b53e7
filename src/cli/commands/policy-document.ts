import {
  type Finding,
  parsePolicyJson,
  parsePolicyXml,
  type PolicyDocument,
  PolicyFormatError,
  type PolicyMode,
  validatePolicy,
} from '../../acm/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readText } from '../files.js';
import type { Streams } from '../output/index.js';

/** What `--compat` asks for. @throws UsageError */
export function modeOf(options: { readonly compat?: string }): PolicyMode {
  if (options.compat === undefined) return 'strict';
  if (options.compat === 'xen') return 'xen';
  throw new UsageError(`--compat takes xen, not "${options.compat}"`);
}

/** A document in XML or JSON, told apart by its first character. */
function parse(text: string): PolicyDocument {
  return /^[\s\ufeff]*</.test(text) ? parsePolicyXml(text) : parsePolicyJson(text);
}

export function isError(finding: Finding): boolean {
  return finding.severity === 'error';
}

/** Everything that is wrong with a document, also when it cannot be read at all. */
export function findingsOf(text: string, mode: PolicyMode): readonly Finding[] {
  try {
    return validatePolicy(parse(text), { mode, hostHasPolicy: false });
  } catch (error) {
    if (error instanceof PolicyFormatError) return [error.finding()];
    throw error;
  }
}

/** A document that can be read; what is wrong with it is told. @throws Exit 1 */
export function readDocument(streams: Streams, file: string): PolicyDocument {
  try {
    return parse(readText(file));
  } catch (error) {
    if (!(error instanceof PolicyFormatError)) throw error;
    streams.notes.write(`tvdc: ${file}: ${error.code}: ${error.message}\n`);
    throw new Exit(exitStatus.no);
  }
}

/** A document without errors; they are told. @throws Exit 1 */
export function readValidDocument(streams: Streams, file: string, mode: PolicyMode): PolicyDocument {
  const document = readDocument(streams, file);
  const errors = validatePolicy(document, { mode }).filter(isError);
  for (const { xserr, message } of errors) streams.notes.write(`tvdc: ${file}: ${xserr ?? 'not valid'}: ${message}\n`);
  if (errors.length > 0) throw new Exit(exitStatus.no);
  return document;
}
