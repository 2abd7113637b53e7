import {
  createSimulation,
  decisionRecord,
  encodePolicyBinary,
  type Finding,
  parsePolicyJson,
  parsePolicyXml,
  PolicyFormatError,
  type PolicyDocument,
  type PolicyMode,
  SimulationEventError,
  validatePolicy,
  writePolicyJson,
  writePolicyMap,
  writePolicyXml,
} from '../../acm/index.js';
import { messageOf } from '../../base/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readText, writeBytes } from '../files.js';
import { formatTable, processStreams, toJson } from '../output/index.js';

interface Options {
  readonly compat?: string;
  readonly output?: string;
  readonly to?: string;
}

function modeOf(options: Options): PolicyMode {
  if (options.compat === undefined) return 'strict';
  if (options.compat === 'xen') return 'xen';
  throw new UsageError(`--compat takes xen, not "${options.compat}"`);
}

function parse(text: string): PolicyDocument {
  return /^[\s\ufeff]*</.test(text) ? parsePolicyXml(text) : parsePolicyJson(text);
}

function isError(finding: Finding): boolean {
  return finding.severity === 'error';
}

/** Everything that is wrong with a document, also when it cannot be read at all. */
function findingsOf(text: string, mode: PolicyMode): readonly Finding[] {
  try {
    return validatePolicy(parse(text), { mode, hostHasPolicy: false });
  } catch (error) {
    if (error instanceof PolicyFormatError) return [error.finding()];
    throw error;
  }
}

function placeOf(finding: Finding): string {
  return finding.position === null ? '' : `${finding.position.line}:${finding.position.column}`;
}

/** `tvdc policy check FILE` */
export function checkPolicy(file: string, options: Options): void {
  const findings = findingsOf(readText(file), modeOf(options));
  const errors = findings.filter(isError);
  const { out } = processStreams;
  if (options.output === 'json') {
    const first = errors[0];
    out.write(`${toJson({ valid: errors.length === 0, error: first?.xserr ?? null, code: first?.code ?? 0, findings }, 2)}\n`);
  } else if (findings.length === 0) {
    out.write(`${file}: valid\n`);
  } else {
    const rows = findings.map((finding) => [finding.severity, finding.xserr ?? '-', placeOf(finding), finding.element, finding.message]);
    out.write(`${formatTable(['SEVERITY', 'CODE', 'PLACE', 'ELEMENT', 'FINDING'], rows)}\n`);
  }
  if (errors.length > 0) throw new Exit(exitStatus.no);
}

/** `tvdc policy convert --to FORM --output OUT FILE` */
export function convertPolicy(file: string, options: Options & { readonly output: string }): void {
  const document = readDocument(file);
  const write = (content: string | Uint8Array): void => {
    if (options.output === '-') processStreams.out.write(content);
    else writeBytes(options.output, content);
  };
  switch (options.to) {
    case 'xml':
      return write(writePolicyXml(document));
    case 'json':
      return write(writePolicyJson(document));
    case 'binary':
      return write(encodePolicyBinary(document));
    case 'map':
      return write(writePolicyMap(document));
    default:
      throw new UsageError(`--to takes xml, binary, map or json, not "${options.to ?? ''}"`);
  }
}

/** A document that can be read; what is wrong with it is told. @throws Exit 1 */
function readDocument(file: string): PolicyDocument {
  try {
    return parse(readText(file));
  } catch (error) {
    if (!(error instanceof PolicyFormatError)) throw error;
    processStreams.notes.write(`tvdc: ${file}: ${error.code}: ${error.message}\n`);
    throw new Exit(exitStatus.no);
  }
}

/** The events of a file: a JSON array, or one object a line. @throws UsageError naming the place */
function readEvents(file: string): readonly { readonly event: unknown; readonly place: string }[] {
  const text = readText(file);
  if (text.trimStart().startsWith('[')) {
    try {
      return (JSON.parse(text) as unknown[]).map((event, at) => ({ event, place: `event ${at + 1}` }));
    } catch (error) {
      throw new UsageError(`${file}: not JSON: ${messageOf(error)}`);
    }
  }
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === '') return [];
    try {
      return [{ event: JSON.parse(line) as unknown, place: `line ${at + 1}` }];
    } catch (error) {
      throw new UsageError(`${file}, line ${at + 1}: not JSON: ${messageOf(error)}`);
    }
  });
}

/** The document behind `update_policy`: in the event itself, or in a file that it names. */
function withPolicyFile(event: unknown): unknown {
  if (typeof event !== 'object' || event === null) return event;
  const { op, policy } = event as { readonly op?: unknown; readonly policy?: unknown };
  if (op !== 'update_policy' || typeof policy !== 'string' || /^[\s\ufeff]*[<{]/.test(policy)) return event;
  return { ...event, policy: readText(policy) };
}

/** `tvdc policy simulate POLICY EVENTS` */
export function simulatePolicy(policyFile: string, eventsFile: string, options: Options): void {
  const mode = modeOf(options);
  const document = readDocument(policyFile);
  const errors = validatePolicy(document, { mode }).filter(isError);
  if (errors.length > 0) {
    for (const finding of errors) processStreams.notes.write(`tvdc: ${policyFile}: ${finding.xserr ?? ''}: ${finding.message}\n`);
    throw new Exit(exitStatus.no);
  }
  const simulation = createSimulation(document, { mode });
  const form = options.output ?? 'ndjson';
  if (!['ndjson', 'json', 'table'].includes(form)) throw new UsageError(`-o takes ndjson, json or table, not "${form}"`);
  const records = readEvents(eventsFile).map(({ event, place }) => {
    try {
      const record = decisionRecord(simulation.apply(withPolicyFile(event)));
      if (form === 'ndjson') processStreams.out.write(`${toJson(record)}\n`);
      return record;
    } catch (error) {
      if (error instanceof SimulationEventError) throw new UsageError(`${eventsFile}, ${place}: ${error.message}`);
      throw error;
    }
  });
  if (form === 'json') processStreams.out.write(`${toJson(records, 2)}\n`);
  if (form === 'table') {
    const rows = records.map((record, at) => [String(at + 1), record.decision, record.reason, record.sentence]);
    processStreams.out.write(`${formatTable(['#', 'DECISION', 'REASON', 'SENTENCE'], rows)}\n`);
  }
}
