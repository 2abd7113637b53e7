import type { CimInstance, CimInstancePath, CimObjectPath } from '../../../src/cim/model/index.js';
import type {
  AssociatorNames,
  Associators,
  CreateInstance,
  EnumerateInstanceNames,
  EnumerateInstances,
  GetInstance,
  InvokeMethod,
  ModifyInstance,
  OpenEnumerateInstances,
  ParameterValue,
  ReferenceNames,
  References,
} from '../../../src/cim/operations/index.js';

// Requests with the defaults of DSP0200, each to be overridden.

const namespace = 'root/test';
const plain = { namespace, includeClassOrigin: false, propertyList: null } as const;
const object = { ...plain, includeQualifiers: false } as const;
const anyRole = { assocClass: null, resultClass: null, role: null, resultRole: null } as const;

export function getInstance(instanceName: CimInstancePath, more: Partial<GetInstance> = {}): GetInstance {
  return { kind: 'GetInstance', ...plain, instanceName, ...more };
}

export function enumerateInstances(className: string, more: Partial<EnumerateInstances> = {}): EnumerateInstances {
  return { kind: 'EnumerateInstances', ...plain, className, deepInheritance: true, ...more };
}

export function enumerateInstanceNames(className: string): EnumerateInstanceNames {
  return { kind: 'EnumerateInstanceNames', namespace, className };
}

export function createInstanceRequest(newInstance: CimInstance): CreateInstance {
  return { kind: 'CreateInstance', namespace, newInstance };
}

export function modifyInstance(
  modifiedInstance: CimInstance,
  propertyList: readonly string[] | null = null,
): ModifyInstance {
  return { kind: 'ModifyInstance', namespace, modifiedInstance, propertyList };
}

export function associators(objectName: CimObjectPath, more: Partial<Associators> = {}): Associators {
  return { kind: 'Associators', ...object, ...anyRole, objectName, ...more };
}

export function associatorNames(objectName: CimObjectPath, more: Partial<AssociatorNames> = {}): AssociatorNames {
  return { kind: 'AssociatorNames', namespace, ...anyRole, objectName, ...more };
}

export function references(objectName: CimObjectPath, more: Partial<References> = {}): References {
  return { kind: 'References', ...object, objectName, resultClass: null, role: null, ...more };
}

export function referenceNames(objectName: CimObjectPath, more: Partial<ReferenceNames> = {}): ReferenceNames {
  return { kind: 'ReferenceNames', namespace, objectName, resultClass: null, role: null, ...more };
}

export function openEnumerateInstances(
  className: string,
  maxObjectCount: number,
  more: Partial<OpenEnumerateInstances> = {},
): OpenEnumerateInstances {
  return {
    kind: 'OpenEnumerateInstances',
    ...plain,
    className,
    deepInheritance: true,
    filterQuery: null,
    filterQueryLanguage: null,
    operationTimeout: null,
    continueOnError: false,
    maxObjectCount,
    ...more,
  };
}

export function invoke(
  objectName: InvokeMethod['objectName'],
  methodName: string,
  parameters: readonly ParameterValue[] = [],
): InvokeMethod {
  return { kind: 'InvokeMethod', namespace, objectName, methodName, parameters };
}
