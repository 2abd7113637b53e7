import { encodePolicyBinary, type Finding, writePolicyJson, writePolicyMap, writePolicyXml } from '../../acm/index.js';
import { outputForm } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readText, writeBytes } from '../files.js';
import { type Columns, print, type Streams, toJson, writeRecords } from '../output/index.js';
import { findingsOf, isError, modeOf, readDocument } from './policy-document.js';

interface CheckOptions {
  readonly compat?: string;
  readonly output?: string;
}

interface ConvertOptions {
  readonly to: string;
  readonly output: string;
}

function placeOf(finding: Finding): string {
  return finding.position === null ? '' : `${finding.position.line}:${finding.position.column}`;
}

const findingColumns: Columns<Finding> = [
  ['SEVERITY', (finding) => finding.severity],
  ['CODE', (finding) => finding.xserr ?? '-'],
  ['PLACE', placeOf],
  ['ELEMENT', (finding) => finding.element],
  ['FINDING', (finding) => finding.message],
];

/** `tvdc policy check FILE` @throws Exit 1 where the document is not valid */
export async function checkPolicy(streams: Streams, file: string, options: CheckOptions): Promise<void> {
  const form = outputForm(options);
  const findings = findingsOf(readText(file), modeOf(options));
  const errors = findings.filter(isError);
  if (form === 'json') {
    const first = errors[0];
    const valid = errors.length === 0;
    await print(streams, `${toJson({ valid, error: first?.xserr ?? null, code: first?.code ?? 0, findings }, 2)}\n`);
  } else {
    if (form === 'table') await print(streams, `${file}: ${errors.length === 0 ? 'valid' : 'not valid'}\n`);
    if (findings.length > 0) await writeRecords(streams, form, findings, findingColumns);
  }
  if (errors.length > 0) throw new Exit(exitStatus.no);
}

/** `tvdc policy convert --to FORM --output OUT FILE` @throws Exit 1 where the document cannot be read */
export async function convertPolicy(streams: Streams, file: string, options: ConvertOptions): Promise<void> {
  const writers = { xml: writePolicyXml, json: writePolicyJson, binary: encodePolicyBinary, map: writePolicyMap };
  const { to } = options;
  if (!Object.hasOwn(writers, to)) throw new UsageError(`--to takes xml, binary, map or json, not "${to}"`);
  const content = writers[to as keyof typeof writers](readDocument(streams, file));
  if (options.output === '-') await print(streams, content);
  else writeBytes(options.output, content);
}
