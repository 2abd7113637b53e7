// Specification table: the intrinsic operations of DSP0200 5.3 and 5.4, their parameters and results as DSP0201 spells them.
import type { CimResult, IntrinsicRequests, IntrinsicResults, OperationName } from '../operations/index.js';

/** How a parameter stands in its IPARAMVALUE. */
export type ParameterForm =
  | 'boolean'
  | 'string'
  | 'uint32'
  | 'string-array'
  | 'class-name'
  | 'instance-name'
  | 'object-name'
  | 'class'
  | 'instance'
  | 'named-instance'
  | 'qualifier-type'
  | 'untyped-value';

/** A parameter that fills a field of the request; `absent` is the field's value where the parameter is not sent or NULL. */
export interface FieldParameter {
  readonly name: string;
  readonly field: string;
  readonly form: ParameterForm;
  readonly required: boolean;
  readonly absent: boolean | number | null;
}

/** A parameter that is understood and has no effect; written with `fixed`, or not at all. */
export interface IgnoredParameter {
  readonly name: string;
  readonly field: null;
  readonly form: 'boolean';
  readonly fixed: boolean | null;
}

export type OperationParameter = FieldParameter | IgnoredParameter;

/** One intrinsic operation. */
export interface Operation {
  readonly name: OperationName;
  readonly parameters: readonly OperationParameter[];
  readonly result: CimResult['kind'];
}

function need(name: string, field: string, form: ParameterForm): FieldParameter {
  return { name, field, form, required: true, absent: null };
}

function may(name: string, field: string, form: ParameterForm, absent: boolean | number | null = null): FieldParameter {
  return { name, field, form, required: false, absent };
}

// Instance operations treat these as FALSE; other servers' default for LocalOnly is TRUE, so it is written.
const localOnlyFalse: IgnoredParameter = { name: 'LocalOnly', field: null, form: 'boolean', fixed: false };
const includeQualifiersFalse: IgnoredParameter = {
  name: 'IncludeQualifiers',
  field: null,
  form: 'boolean',
  fixed: false,
};
// DSP0200 before 1.4 had these in the Open operations.
const staleLocalOnly: IgnoredParameter = { ...localOnlyFalse, fixed: null };
const staleIncludeQualifiers: IgnoredParameter = { ...includeQualifiersFalse, fixed: null };

const deepInheritance = (absent: boolean): FieldParameter =>
  may('DeepInheritance', 'deepInheritance', 'boolean', absent);
const localOnly = may('LocalOnly', 'localOnly', 'boolean', true);
const includeQualifiers = (absent: boolean): FieldParameter =>
  may('IncludeQualifiers', 'includeQualifiers', 'boolean', absent);
const includeClassOrigin = may('IncludeClassOrigin', 'includeClassOrigin', 'boolean', false);
const propertyList = may('PropertyList', 'propertyList', 'string-array');
const className = need('ClassName', 'className', 'class-name');
const anyClassName = may('ClassName', 'className', 'class-name');
const instanceName = need('InstanceName', 'instanceName', 'instance-name');
const objectName = need('ObjectName', 'objectName', 'object-name');
const assocClass = may('AssocClass', 'assocClass', 'class-name');
const resultClass = may('ResultClass', 'resultClass', 'class-name');
const role = may('Role', 'role', 'string');
const resultRole = may('ResultRole', 'resultRole', 'string');
const propertyName = need('PropertyName', 'propertyName', 'string');
const filter = [
  may('FilterQueryLanguage', 'filterQueryLanguage', 'string'),
  may('FilterQuery', 'filterQuery', 'string'),
];
const opening = [
  may('OperationTimeout', 'operationTimeout', 'uint32'),
  may('ContinueOnError', 'continueOnError', 'boolean', false),
  may('MaxObjectCount', 'maxObjectCount', 'uint32', 0),
];
const context = need('EnumerationContext', 'enumerationContext', 'string');
const pulling = [context, need('MaxObjectCount', 'maxObjectCount', 'uint32')];

type Row = readonly [parameters: readonly OperationParameter[], result: CimResult['kind']];

const rows: {
  readonly [Name in OperationName]: readonly [readonly OperationParameter[], IntrinsicResults[Name]['kind']];
} = {
  GetClass: [[className, localOnly, includeQualifiers(true), includeClassOrigin, propertyList], 'class'],
  EnumerateClasses: [
    [anyClassName, deepInheritance(false), localOnly, includeQualifiers(true), includeClassOrigin],
    'classes',
  ],
  EnumerateClassNames: [[anyClassName, deepInheritance(false)], 'class-names'],
  CreateClass: [[need('NewClass', 'newClass', 'class')], 'void'],
  ModifyClass: [[need('ModifiedClass', 'modifiedClass', 'class')], 'void'],
  DeleteClass: [[className], 'void'],
  GetInstance: [[instanceName, localOnlyFalse, includeQualifiersFalse, includeClassOrigin, propertyList], 'instance'],
  EnumerateInstances: [
    [className, localOnlyFalse, deepInheritance(true), includeQualifiersFalse, includeClassOrigin, propertyList],
    'named-instances',
  ],
  EnumerateInstanceNames: [[className], 'instance-names'],
  CreateInstance: [[need('NewInstance', 'newInstance', 'instance')], 'instance-name'],
  ModifyInstance: [
    [need('ModifiedInstance', 'modifiedInstance', 'named-instance'), includeQualifiersFalse, propertyList],
    'void',
  ],
  DeleteInstance: [[instanceName], 'void'],
  GetProperty: [[instanceName, propertyName], 'value'],
  SetProperty: [[instanceName, propertyName, may('NewValue', 'newValue', 'untyped-value')], 'void'],
  Associators: [
    [objectName, assocClass, resultClass, role, resultRole, includeQualifiers(false), includeClassOrigin, propertyList],
    'objects',
  ],
  AssociatorNames: [[objectName, assocClass, resultClass, role, resultRole], 'object-paths'],
  References: [[objectName, resultClass, role, includeQualifiers(false), includeClassOrigin, propertyList], 'objects'],
  ReferenceNames: [[objectName, resultClass, role], 'object-paths'],
  ExecQuery: [[need('QueryLanguage', 'queryLanguage', 'string'), need('Query', 'query', 'string')], 'objects'],
  GetQualifier: [[need('QualifierName', 'qualifierName', 'string')], 'qualifier'],
  SetQualifier: [[need('QualifierDeclaration', 'qualifier', 'qualifier-type')], 'void'],
  DeleteQualifier: [[need('QualifierName', 'qualifierName', 'string')], 'void'],
  EnumerateQualifiers: [[], 'qualifiers'],
  OpenEnumerateInstances: [
    [
      className,
      deepInheritance(true),
      staleLocalOnly,
      staleIncludeQualifiers,
      includeClassOrigin,
      propertyList,
      ...filter,
      ...opening,
    ],
    'pulled-instances',
  ],
  OpenEnumerateInstancePaths: [[className, ...filter, ...opening], 'pulled-paths'],
  OpenAssociatorInstances: [
    [
      instanceName,
      assocClass,
      resultClass,
      role,
      resultRole,
      staleIncludeQualifiers,
      includeClassOrigin,
      propertyList,
      ...filter,
      ...opening,
    ],
    'pulled-instances',
  ],
  OpenAssociatorInstancePaths: [
    [instanceName, assocClass, resultClass, role, resultRole, ...filter, ...opening],
    'pulled-paths',
  ],
  OpenReferenceInstances: [
    [instanceName, resultClass, role, staleIncludeQualifiers, includeClassOrigin, propertyList, ...filter, ...opening],
    'pulled-instances',
  ],
  OpenReferenceInstancePaths: [[instanceName, resultClass, role, ...filter, ...opening], 'pulled-paths'],
  OpenQueryInstances: [
    [
      need('FilterQuery', 'filterQuery', 'string'),
      need('FilterQueryLanguage', 'filterQueryLanguage', 'string'),
      may('ReturnQueryResultClass', 'returnQueryResultClass', 'boolean', false),
      ...opening,
    ],
    'pulled-instances',
  ],
  PullInstancesWithPath: [pulling, 'pulled-instances'],
  PullInstancePaths: [pulling, 'pulled-paths'],
  PullInstances: [pulling, 'pulled-instances'],
  CloseEnumeration: [[context], 'void'],
  EnumerationCount: [[context], 'count'],
};

/** Every intrinsic operation by its name. */
export const operations: Readonly<Record<OperationName, Operation>> = Object.fromEntries(
  Object.entries(rows as Readonly<Record<string, Row>>).map(([name, [parameters, result]]) => [
    name,
    { name: name as OperationName, parameters, result },
  ]),
) as Record<keyof IntrinsicRequests, Operation>;

const byFoldedName = new Map(Object.values(operations).map((operation) => [operation.name.toLowerCase(), operation]));

/** The operation of that name, whatever the case; undefined if DSP0200 has none. */
export function findOperation(name: string): Operation | undefined {
  return byFoldedName.get(name.toLowerCase());
}
