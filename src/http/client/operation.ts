import type { CimRequest } from '../../cim/operations/index.js';
import { formatObjectPath } from '../../cim/uri/index.js';
import { relocate } from '../../cim/model/index.js';

const reads: ReadonlySet<string> = new Set([
  'GetClass',
  'EnumerateClasses',
  'EnumerateClassNames',
  'GetInstance',
  'EnumerateInstances',
  'EnumerateInstanceNames',
  'GetProperty',
  'Associators',
  'AssociatorNames',
  'References',
  'ReferenceNames',
  'ExecQuery',
  'GetQualifier',
  'EnumerateQualifiers',
]);

/** Whether an operation may be repeated without asking: it leaves nothing behind on the server, no open enumeration either. */
export function isRepeatable(request: CimRequest): boolean {
  return reads.has(request.kind);
}

/** Name for statistics, messages and the CIMMethod header. */
export function operationName(request: CimRequest): string {
  return request.kind === 'InvokeMethod' ? request.methodName : request.kind;
}

const encodedNamespaces = new Map<string, string>();

/** Value of the CIMObject header: percent-encoded, so that any text is legal in it. */
export function cimObjectOf(request: CimRequest): string {
  const { namespace } = request;
  if (request.kind === 'InvokeMethod') {
    return encodeURIComponent(
      formatObjectPath(relocate(request.objectName, { namespace }), 'historical').replace(/=@$/, ''),
    );
  }
  let encoded = encodedNamespaces.get(namespace);
  if (encoded === undefined) {
    encoded = encodeURIComponent(namespace);
    if (encodedNamespaces.size > 1000) encodedNamespaces.clear();
    encodedNamespaces.set(namespace, encoded);
  }
  return encoded;
}
