import type { CimRequest, CimResult, OperationName } from '../../cim/operations/index.js';
import type { Call } from '../calls/index.js';
import { associatorNames, associators, referenceNames, references } from './associations.js';
import { createClass, deleteClass, enumerateClasses, enumerateClassNames, getClass, modifyClass } from './classes.js';
import { invokeMethod } from './methods.js';
import {
  closeEnumeration,
  enumerationCount,
  openAssociatorInstancePaths,
  openAssociatorInstances,
  openEnumerateInstancePaths,
  openEnumerateInstances,
  openReferenceInstancePaths,
  openReferenceInstances,
  pullInstancePaths,
  pullInstances,
  pullInstancesWithPath,
} from './pulling.js';
import { deleteQualifier, enumerateQualifiers, getQualifier, setQualifier } from './qualifiers.js';
import { execQuery, openQueryInstances } from './querying.js';
import { enumerateInstanceNames, enumerateInstances, getInstance, getProperty } from './reading.js';
import { createInstance, deleteInstance, modifyInstance, setProperty } from './writing.js';

type RequestKind = OperationName | 'InvokeMethod';
type RequestOfKind<K extends RequestKind> = Extract<CimRequest, { readonly kind: K }>;
type Table = { readonly [K in RequestKind]: (call: Call, request: RequestOfKind<K>) => Promise<CimResult> };

/** One operation: authorizes, checks and carries out. @throws CimError */
export type Operation = (call: Call, request: CimRequest) => Promise<CimResult>;

const table: Table = {
  GetClass: getClass,
  EnumerateClasses: enumerateClasses,
  EnumerateClassNames: enumerateClassNames,
  CreateClass: createClass,
  ModifyClass: modifyClass,
  DeleteClass: deleteClass,
  GetInstance: getInstance,
  EnumerateInstances: enumerateInstances,
  EnumerateInstanceNames: enumerateInstanceNames,
  CreateInstance: createInstance,
  ModifyInstance: modifyInstance,
  DeleteInstance: deleteInstance,
  GetProperty: getProperty,
  SetProperty: setProperty,
  Associators: associators,
  AssociatorNames: associatorNames,
  References: references,
  ReferenceNames: referenceNames,
  ExecQuery: execQuery,
  GetQualifier: getQualifier,
  SetQualifier: setQualifier,
  DeleteQualifier: deleteQualifier,
  EnumerateQualifiers: enumerateQualifiers,
  OpenEnumerateInstances: openEnumerateInstances,
  OpenEnumerateInstancePaths: openEnumerateInstancePaths,
  OpenAssociatorInstances: openAssociatorInstances,
  OpenAssociatorInstancePaths: openAssociatorInstancePaths,
  OpenReferenceInstances: openReferenceInstances,
  OpenReferenceInstancePaths: openReferenceInstancePaths,
  OpenQueryInstances: openQueryInstances,
  PullInstancesWithPath: pullInstancesWithPath,
  PullInstancePaths: pullInstancePaths,
  PullInstances: pullInstances,
  CloseEnumeration: closeEnumeration,
  EnumerationCount: enumerationCount,
  InvokeMethod: invokeMethod,
};

/** The operation of that name; undefined: not supported. */
export function operate(kind: string): Operation | undefined {
  return Object.hasOwn(table, kind) ? (table as Readonly<Record<string, Operation>>)[kind] : undefined;
}
