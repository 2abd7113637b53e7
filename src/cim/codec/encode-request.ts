import { TvdcError } from '../../base/index.js';
import { escapeAttribute, escapeText } from '../../xml/index.js';
import type { CimClass, CimInstance, CimObjectPath, CimQualifierType, CimValue } from '../model/index.js';
import type { CimRequest, IntrinsicRequest, InvokeMethod } from '../operations/index.js';
import { requestEnvelope } from './envelope.js';
import { operations, type OperationParameter, type ParameterForm } from './operations.js';
import { classElement, qualifierDeclarationElement } from './write-class.js';
import { instanceElement } from './write-instance.js';
import { untypedValueElement, parameterElement } from './write-parameter.js';
import { classNameElement, instanceNameElement, localNamespaceElement, localPathElement } from './write-path.js';

const wholeClass = { includeQualifiers: true, includeClassOrigin: true };

function text(value: string): string {
  return `<VALUE>${escapeText(value)}</VALUE>`;
}

const writers: { readonly [Form in ParameterForm]: (value: never) => string } = {
  boolean: (value: boolean) => text(value ? 'TRUE' : 'FALSE'),
  string: text,
  uint32: (value: number) => text(String(value)),
  'string-array': (values: readonly string[]) => `<VALUE.ARRAY>${values.map(text).join('')}</VALUE.ARRAY>`,
  'class-name': classNameElement,
  'instance-name': instanceNameElement,
  'object-name': (path: CimObjectPath) =>
    path.kind === 'instance-path' ? instanceNameElement(path) : classNameElement(path.className),
  class: (cls: CimClass) => classElement(cls, wholeClass),
  instance: (instance: CimInstance) => instanceElement(instance, true),
  'named-instance': (instance: CimInstance) => {
    if (instance.path === null) throw new TvdcError('no_path', 'an instance to be modified needs its path');
    return `<VALUE.NAMEDINSTANCE>${instanceNameElement(instance.path)}${instanceElement(instance, true)}</VALUE.NAMEDINSTANCE>`;
  },
  'qualifier-type': (qualifier: CimQualifierType) => qualifierDeclarationElement(qualifier),
  'untyped-value': (value: CimValue) => untypedValueElement(value),
};

function intrinsicParameter(parameter: OperationParameter, request: IntrinsicRequest): string {
  const value =
    parameter.field === null
      ? parameter.fixed
      : (request as unknown as Readonly<Record<string, unknown>>)[parameter.field];
  if (value === null || value === undefined) return '';
  return `<IPARAMVALUE NAME="${parameter.name}">${writers[parameter.form](value as never)}</IPARAMVALUE>`;
}

function intrinsicCall(request: IntrinsicRequest): string {
  const parameters = operations[request.kind].parameters.map((parameter) => intrinsicParameter(parameter, request));
  const at = localNamespaceElement(request.namespace);
  return `<IMETHODCALL NAME="${request.kind}">${at}${parameters.join('')}</IMETHODCALL>`;
}

function methodCall(request: InvokeMethod): string {
  const target = localPathElement({ ...request.objectName, namespace: request.namespace }, request.namespace);
  const parameters = request.parameters.map(parameterElement);
  return `<METHODCALL NAME="${escapeAttribute(request.methodName)}">${target}${parameters.join('')}</METHODCALL>`;
}

function simpleRequest(request: CimRequest): string {
  return `<SIMPLEREQ>${request.kind === 'InvokeMethod' ? methodCall(request) : intrinsicCall(request)}</SIMPLEREQ>`;
}

/**
 * A request message. Parameters whose default could be read differently elsewhere are written out.
 * @throws TvdcError `no_path` ModifyInstance of an instance without path; `bad_value` a value not of its type
 * @throws XmlCharacterError `xml_character`
 */
export function encodeRequest(id: string, request: CimRequest): Buffer {
  const { head, tail } = requestEnvelope(id);
  return Buffer.from(head + simpleRequest(request) + tail);
}

/**
 * A MULTIREQ message of at least two requests.
 * @throws TvdcError `too_few` for fewer; and as `encodeRequest`
 */
export function encodeBatchRequest(id: string, requests: readonly CimRequest[]): Buffer {
  if (requests.length < 2) throw new TvdcError('too_few', 'a batch has at least two requests');
  const { head, tail } = requestEnvelope(id);
  return Buffer.from(`${head}<MULTIREQ>${requests.map(simpleRequest).join('')}</MULTIREQ>${tail}`);
}
