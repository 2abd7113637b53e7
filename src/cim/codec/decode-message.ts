import {
  type CimClassPath,
  type CimInstance,
  type CimInstancePath,
  createClassPath,
  foldName,
} from '../model/index.js';
import { CimError, type CimRequest, type ParameterValue } from '../operations/index.js';
import { createReader } from './create-reader.js';
import { type CodecLimits, limitsOver, requestLimits } from './limits.js';
import type { CimMessage, DecodedCall, DecodedExport, MessageBody, VersionRefusal } from './message.js';
import { findOperation, type Operation, type OperationParameter } from './operations.js';
import { readInstance } from './read-instance.js';
import { parameterValue, type RawParameter, readIntrinsicParameter, readParameterValue } from './read-parameter.js';
import { readLocalClassPath, readLocalInstancePath, readLocalNamespace } from './read-path.js';
import { readScalar } from './read-value.js';
import { plainType, refuseTwice } from './read-class.js';
import { type CimXmlReader, feed, withCodecErrors } from './reader.js';

type Outcome = DecodedCall['outcome'];

/** Takes what was wrong with the call just read. */
function outcomeOf(reader: CimXmlReader, request: () => CimRequest): Outcome {
  const error = reader.fault;
  reader.fault = null;
  return error === null ? { kind: 'request', request: request() } : { kind: 'faulty', error };
}

function fieldsOf(
  reader: CimXmlReader,
  operation: Operation,
  sent: ReadonlyMap<string, RawParameter>,
): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const parameter of operation.parameters) {
    const raw = sent.get(parameter.name);
    const value = fieldValue(reader, operation, parameter, raw);
    if (parameter.field !== null) fields[parameter.field] = value;
  }
  return fields;
}

function fieldValue(
  reader: CimXmlReader,
  operation: Operation,
  parameter: OperationParameter,
  raw: RawParameter | undefined,
): unknown {
  if (raw === undefined || raw.element === 'nothing') {
    if (parameter.field === null) return null;
    if (parameter.required) reader.wrong(`${operation.name} needs ${parameter.name}`);
    return parameter.absent;
  }
  const value = parameterValue(parameter.form, raw);
  if (value === undefined) reader.wrong(`${parameter.name} of ${operation.name} cannot be what ${raw.element} says`);
  return value;
}

function parameterOf(reader: CimXmlReader, operation: Operation | undefined, name: string): string {
  if (operation === undefined) return name;
  const folded = foldName(name);
  const parameter = operation.parameters.find((candidate) => foldName(candidate.name) === folded);
  if (parameter === undefined) reader.wrong(`${operation.name} has no parameter ${name.slice(0, 80)}`);
  return parameter?.name ?? name;
}

function readIntrinsicCall(reader: CimXmlReader): DecodedCall {
  const name = reader.attribute('NAME');
  const operation = findOperation(name);
  if (operation === undefined) reader.wrong(`there is no operation ${name.slice(0, 80)}`, 7);
  reader.expect('LOCALNAMESPACEPATH');
  const namespace = readLocalNamespace(reader);
  const sent = new Map<string, RawParameter>();
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child !== 'IPARAMVALUE') reader.invalid(`unexpected ${child}`);
    const parameter = parameterOf(reader, operation, reader.attribute('NAME'));
    if (sent.has(parameter)) reader.wrong(`parameter ${parameter.slice(0, 80)} twice`);
    reader.faultStatus = operation?.name === 'SetProperty' && parameter === 'NewValue' ? 13 : 4;
    sent.set(parameter, readIntrinsicParameter(reader));
    reader.faultStatus = 4;
  }
  const fields = operation === undefined ? {} : fieldsOf(reader, operation, sent);
  const target = { kind: 'namespace', namespace } as const;
  const outcome = outcomeOf(reader, () => ({ kind: operation?.name, namespace, ...fields }) as CimRequest);
  return { name, intrinsic: true, target, outcome };
}

function readMethodTarget(reader: CimXmlReader): CimInstancePath | CimClassPath {
  const child = reader.child();
  if (child === 'LOCALCLASSPATH') return readLocalClassPath(reader);
  if (child !== 'LOCALINSTANCEPATH') return reader.invalid(`unexpected ${child ?? 'end of METHODCALL'}`);
  const path = readLocalInstancePath(reader);
  return path.keys.length > 0 ? path : createClassPath(path.className, { namespace: path.namespace });
}

function readMethodCall(reader: CimXmlReader): DecodedCall {
  const name = reader.attribute('NAME');
  const objectName = readMethodTarget(reader);
  const parameters: ParameterValue[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child !== 'PARAMVALUE') reader.invalid(`unexpected ${child}`);
    parameters.push(readParameterValue(reader));
  }
  refuseTwice(reader, 'parameter', parameters);
  const namespace = objectName.namespace ?? '';
  const outcome = outcomeOf(reader, () => ({
    kind: 'InvokeMethod',
    namespace,
    objectName,
    methodName: name,
    parameters,
  }));
  return { name, intrinsic: false, target: objectName, outcome };
}

// Operation correlators (DSP0200 5.5) need not be acted upon; they only have to be right.
function skipCorrelators(reader: CimXmlReader): string | null {
  let child = reader.child();
  for (; child === 'CORRELATOR'; child = reader.child()) {
    reader.attribute('NAME');
    const type = plainType(reader);
    reader.expect('VALUE');
    readScalar(reader, { type, embedded: false });
    reader.end();
  }
  return child;
}

function readSimpleRequest(reader: CimXmlReader): DecodedCall {
  const child = skipCorrelators(reader);
  const call =
    child === 'IMETHODCALL'
      ? readIntrinsicCall(reader)
      : child === 'METHODCALL'
        ? readMethodCall(reader)
        : reader.invalid(`unexpected ${child ?? 'end of SIMPLEREQ'}`);
  reader.end();
  return call;
}

function exportOutcome(
  reader: CimXmlReader,
  name: string,
  instances: readonly { readonly name: string; readonly instance: CimInstance | null }[],
): DecodedExport['outcome'] {
  const wrong = reader.fault;
  reader.fault = null;
  if (foldName(name) !== 'exportindication') {
    return { kind: 'faulty', error: new CimError(7, `there is no export method ${name.slice(0, 80)}`) };
  }
  if (wrong !== null) return { kind: 'faulty', error: wrong };
  const [first, ...more] = instances;
  if (first === undefined || more.length > 0 || foldName(first.name) !== 'newindication' || first.instance === null) {
    return { kind: 'faulty', error: new CimError(4, 'ExportIndication needs NewIndication and nothing else') };
  }
  return { kind: 'indication', indication: first.instance };
}

function readExport(reader: CimXmlReader): DecodedExport {
  if (skipCorrelators(reader) !== 'EXPMETHODCALL') reader.invalid('SIMPLEEXPREQ has no EXPMETHODCALL');
  const name = reader.attribute('NAME');
  const instances: { readonly name: string; readonly instance: CimInstance | null }[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child !== 'EXPPARAMVALUE') reader.invalid(`unexpected ${child}`);
    const parameter = reader.attribute('NAME');
    const inner = reader.child();
    if (inner !== null && inner !== 'INSTANCE') reader.invalid(`unexpected ${inner}`);
    const instance = inner === null ? null : readInstance(reader, null);
    if (inner !== null) reader.end();
    instances.push({ name: parameter, instance });
  }
  reader.end();
  return { name, outcome: exportOutcome(reader, name, instances) };
}

/** The children of a MULTIREQ or MULTIEXPREQ: two or more of one kind. */
function readSeveral<T>(reader: CimXmlReader, element: string, read: (reader: CimXmlReader) => T): T[] {
  const several: T[] = [];
  for (let child = reader.child(); child !== null; child = reader.child()) {
    if (child !== element) reader.invalid(`unexpected ${child}`);
    several.push(read(reader));
  }
  if (several.length < 2) reader.invalid('a batch has at least two requests');
  return several;
}

function readBody(reader: CimXmlReader): MessageBody {
  const child = reader.child();
  switch (child) {
    case 'SIMPLEREQ':
      return { kind: 'simple', call: readSimpleRequest(reader) };
    case 'MULTIREQ':
      return { kind: 'batch', calls: readSeveral(reader, 'SIMPLEREQ', readSimpleRequest) };
    case 'SIMPLEEXPREQ':
      return { kind: 'export', call: readExport(reader) };
    case 'MULTIEXPREQ':
      return { kind: 'export-batch', calls: readSeveral(reader, 'SIMPLEEXPREQ', readExport) };
    default:
      return reader.invalid(`${child ?? 'nothing'} is no request`);
  }
}

const version2 = /^2\.[0-9]{1,3}(?:\.[0-9]{1,3})?$/;
const version1 = /^1\.[0-9]{1,3}(?:\.[0-9]{1,3})?$/;

function refusalOf(cimVersion: string, dtdVersion: string, protocolVersion: string): VersionRefusal | null {
  if (!version2.test(cimVersion)) return 'unsupported-cim-version';
  if (!version2.test(dtdVersion)) return 'unsupported-dtd-version';
  return version1.test(protocolVersion) ? null : 'unsupported-protocol-version';
}

function readMessage(reader: CimXmlReader): CimMessage {
  reader.expect('CIM');
  const cimVersion = reader.attribute('CIMVERSION');
  const dtdVersion = reader.attribute('DTDVERSION');
  reader.expect('MESSAGE');
  const id = reader.attribute('ID');
  const protocolVersion = reader.attribute('PROTOCOLVERSION');
  const refusal = refusalOf(cimVersion, dtdVersion, protocolVersion);
  const versions = { id, protocolVersion, cimVersion, dtdVersion };
  if (refusal !== null) {
    // Of another version only the XML can be judged.
    while (reader.scanner.next() !== 'end');
    return { ...versions, body: { kind: 'unsupported', refusal } };
  }
  const body = readBody(reader);
  reader.end();
  reader.end();
  if (reader.scanner.nextTag() !== 'end') reader.invalid('more after CIM');
  return { ...versions, body };
}

/**
 * Reads a request message (DSP0201 MESSAGE) of an operation, a batch or an export. Calls that the DTD allows and CIM does
 * not (a value out of form, a name that is none, a parameter unknown, missing or twice) come as `faulty` with the error
 * to be answered: 4, for an unknown operation 7, for a malformed namespace 3, for the new value of SetProperty 13.
 * @throws CodecError `request-not-well-formed` not XML; `request-not-valid` breaks the DTD, is not UTF-8, has a DOCTYPE,
 * or exceeds the limits
 */
export function decodeMessage(source: Uint8Array | string, limits?: Partial<CodecLimits>): CimMessage {
  return withCodecErrors('request', () => {
    const reader = createReader({ role: 'request', limits: limitsOver(requestLimits, limits), onFault: null });
    feed(reader, source);
    return readMessage(reader);
  });
}
