import type {
  CimClass,
  CimClassPath,
  CimInstance,
  CimInstancePath,
  CimObjectPath,
  CimQualifierType,
  CimType,
  CimValue,
} from '../model/index.js';

// The operations of DSP0200 as data. Absent optional parameters have become their defaults; null is CIM NULL.

interface Target {
  /** Without slashes at the ends: `root/tvdc`. */
  readonly namespace: string;
}

type PropertyList = readonly string[] | null;

interface ClassOptions {
  readonly localOnly: boolean;
  readonly includeQualifiers: boolean;
  readonly includeClassOrigin: boolean;
}

/** Instance operations treat LocalOnly and IncludeQualifiers as FALSE, whatever was sent: they are not here. */
interface InstanceOptions {
  readonly includeClassOrigin: boolean;
  readonly propertyList: PropertyList;
}

interface AssociatorFilter {
  readonly assocClass: string | null;
  readonly resultClass: string | null;
  readonly role: string | null;
  readonly resultRole: string | null;
}

interface ReferenceFilter {
  readonly resultClass: string | null;
  readonly role: string | null;
}

/** Class-level association calls (objectName is a class path) honour IncludeQualifiers. */
interface ObjectOptions extends InstanceOptions {
  readonly includeQualifiers: boolean;
}

interface OpenOptions {
  readonly filterQueryLanguage: string | null;
  readonly filterQuery: string | null;
  /** Seconds; null: the server decides. */
  readonly operationTimeout: number | null;
  readonly continueOnError: boolean;
  readonly maxObjectCount: number;
}

interface PullOptions {
  readonly enumerationContext: string;
  readonly maxObjectCount: number;
}

/**
 * A parameter on its way to or from a method. `type` null: the sender did not say; scalars are then the text as it came,
 * and the class decides.
 */
export interface ParameterValue {
  readonly name: string;
  readonly type: CimType | null;
  readonly isArray: boolean;
  readonly value: CimValue;
}

export type GetClass = Target &
  ClassOptions & { readonly kind: 'GetClass'; readonly className: string; readonly propertyList: PropertyList };
export type EnumerateClasses = Target &
  ClassOptions & {
    readonly kind: 'EnumerateClasses';
    readonly className: string | null;
    readonly deepInheritance: boolean;
  };
export type EnumerateClassNames = Target & {
  readonly kind: 'EnumerateClassNames';
  readonly className: string | null;
  readonly deepInheritance: boolean;
};
export type CreateClass = Target & { readonly kind: 'CreateClass'; readonly newClass: CimClass };
export type ModifyClass = Target & { readonly kind: 'ModifyClass'; readonly modifiedClass: CimClass };
export type DeleteClass = Target & { readonly kind: 'DeleteClass'; readonly className: string };

export type GetInstance = Target &
  InstanceOptions & { readonly kind: 'GetInstance'; readonly instanceName: CimInstancePath };
export type EnumerateInstances = Target &
  InstanceOptions & {
    readonly kind: 'EnumerateInstances';
    readonly className: string;
    readonly deepInheritance: boolean;
  };
export type EnumerateInstanceNames = Target & { readonly kind: 'EnumerateInstanceNames'; readonly className: string };
export type CreateInstance = Target & { readonly kind: 'CreateInstance'; readonly newInstance: CimInstance };
/** The instance to change is named by `modifiedInstance.path`. */
export type ModifyInstance = Target & {
  readonly kind: 'ModifyInstance';
  readonly modifiedInstance: CimInstance;
  readonly propertyList: PropertyList;
};
export type DeleteInstance = Target & { readonly kind: 'DeleteInstance'; readonly instanceName: CimInstancePath };
export type GetProperty = Target & {
  readonly kind: 'GetProperty';
  readonly instanceName: CimInstancePath;
  readonly propertyName: string;
};
/** `newValue` comes without a type: scalars are text, references are paths; the class decides. */
export type SetProperty = Target & {
  readonly kind: 'SetProperty';
  readonly instanceName: CimInstancePath;
  readonly propertyName: string;
  readonly newValue: CimValue;
};

export type Associators = Target &
  AssociatorFilter &
  ObjectOptions & { readonly kind: 'Associators'; readonly objectName: CimObjectPath };
export type AssociatorNames = Target &
  AssociatorFilter & { readonly kind: 'AssociatorNames'; readonly objectName: CimObjectPath };
export type References = Target &
  ReferenceFilter &
  ObjectOptions & { readonly kind: 'References'; readonly objectName: CimObjectPath };
export type ReferenceNames = Target &
  ReferenceFilter & { readonly kind: 'ReferenceNames'; readonly objectName: CimObjectPath };

export type ExecQuery = Target & { readonly kind: 'ExecQuery'; readonly queryLanguage: string; readonly query: string };

export type GetQualifier = Target & { readonly kind: 'GetQualifier'; readonly qualifierName: string };
export type SetQualifier = Target & { readonly kind: 'SetQualifier'; readonly qualifier: CimQualifierType };
export type DeleteQualifier = Target & { readonly kind: 'DeleteQualifier'; readonly qualifierName: string };
export type EnumerateQualifiers = Target & { readonly kind: 'EnumerateQualifiers' };

export type OpenEnumerateInstances = Target &
  InstanceOptions &
  OpenOptions & {
    readonly kind: 'OpenEnumerateInstances';
    readonly className: string;
    readonly deepInheritance: boolean;
  };
export type OpenEnumerateInstancePaths = Target &
  OpenOptions & { readonly kind: 'OpenEnumerateInstancePaths'; readonly className: string };
export type OpenAssociatorInstances = Target &
  AssociatorFilter &
  InstanceOptions &
  OpenOptions & { readonly kind: 'OpenAssociatorInstances'; readonly instanceName: CimInstancePath };
export type OpenAssociatorInstancePaths = Target &
  AssociatorFilter &
  OpenOptions & { readonly kind: 'OpenAssociatorInstancePaths'; readonly instanceName: CimInstancePath };
export type OpenReferenceInstances = Target &
  ReferenceFilter &
  InstanceOptions &
  OpenOptions & { readonly kind: 'OpenReferenceInstances'; readonly instanceName: CimInstancePath };
export type OpenReferenceInstancePaths = Target &
  ReferenceFilter &
  OpenOptions & { readonly kind: 'OpenReferenceInstancePaths'; readonly instanceName: CimInstancePath };
export type OpenQueryInstances = Target &
  Omit<OpenOptions, 'filterQuery' | 'filterQueryLanguage'> & {
    readonly kind: 'OpenQueryInstances';
    readonly filterQueryLanguage: string;
    readonly filterQuery: string;
    readonly returnQueryResultClass: boolean;
  };
export type PullInstancesWithPath = Target & PullOptions & { readonly kind: 'PullInstancesWithPath' };
export type PullInstancePaths = Target & PullOptions & { readonly kind: 'PullInstancePaths' };
export type PullInstances = Target & PullOptions & { readonly kind: 'PullInstances' };
export type CloseEnumeration = Target & { readonly kind: 'CloseEnumeration'; readonly enumerationContext: string };
export type EnumerationCount = Target & { readonly kind: 'EnumerationCount'; readonly enumerationContext: string };

/** An extrinsic method, on an instance or on a class. */
export type InvokeMethod = Target & {
  readonly kind: 'InvokeMethod';
  readonly objectName: CimInstancePath | CimClassPath;
  readonly methodName: string;
  readonly parameters: readonly ParameterValue[];
};

/** The table of intrinsic operations: every operation by its name in DSP0200. */
export interface IntrinsicRequests {
  readonly GetClass: GetClass;
  readonly EnumerateClasses: EnumerateClasses;
  readonly EnumerateClassNames: EnumerateClassNames;
  readonly CreateClass: CreateClass;
  readonly ModifyClass: ModifyClass;
  readonly DeleteClass: DeleteClass;
  readonly GetInstance: GetInstance;
  readonly EnumerateInstances: EnumerateInstances;
  readonly EnumerateInstanceNames: EnumerateInstanceNames;
  readonly CreateInstance: CreateInstance;
  readonly ModifyInstance: ModifyInstance;
  readonly DeleteInstance: DeleteInstance;
  readonly GetProperty: GetProperty;
  readonly SetProperty: SetProperty;
  readonly Associators: Associators;
  readonly AssociatorNames: AssociatorNames;
  readonly References: References;
  readonly ReferenceNames: ReferenceNames;
  readonly ExecQuery: ExecQuery;
  readonly GetQualifier: GetQualifier;
  readonly SetQualifier: SetQualifier;
  readonly DeleteQualifier: DeleteQualifier;
  readonly EnumerateQualifiers: EnumerateQualifiers;
  readonly OpenEnumerateInstances: OpenEnumerateInstances;
  readonly OpenEnumerateInstancePaths: OpenEnumerateInstancePaths;
  readonly OpenAssociatorInstances: OpenAssociatorInstances;
  readonly OpenAssociatorInstancePaths: OpenAssociatorInstancePaths;
  readonly OpenReferenceInstances: OpenReferenceInstances;
  readonly OpenReferenceInstancePaths: OpenReferenceInstancePaths;
  readonly OpenQueryInstances: OpenQueryInstances;
  readonly PullInstancesWithPath: PullInstancesWithPath;
  readonly PullInstancePaths: PullInstancePaths;
  readonly PullInstances: PullInstances;
  readonly CloseEnumeration: CloseEnumeration;
  readonly EnumerationCount: EnumerationCount;
}

export type OperationName = keyof IntrinsicRequests;
export type IntrinsicRequest = IntrinsicRequests[OperationName];
export type CimRequest = IntrinsicRequest | InvokeMethod;
