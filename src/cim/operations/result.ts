import type {
  CimClass,
  CimInstance,
  CimInstancePath,
  CimObjectPath,
  CimQualifierType,
  CimType,
  CimValue,
} from '../model/index.js';
import type { CimRequest, InvokeMethod, ParameterValue } from './request.js';

/** Results travel in batches: a layer of asynchrony for each instance would cost more than the work. */
export type Batches<T> = AsyncIterable<readonly T[]>;

export interface VoidResult {
  readonly kind: 'void';
}
export interface ClassResult {
  readonly kind: 'class';
  readonly class: CimClass;
}
export interface ClassesResult {
  readonly kind: 'classes';
  readonly batches: Batches<CimClass>;
}
export interface ClassNamesResult {
  readonly kind: 'class-names';
  readonly names: readonly string[];
}
export interface InstanceResult {
  readonly kind: 'instance';
  readonly instance: CimInstance;
}
/** Instances with their names (path without host and namespace): EnumerateInstances. */
export interface NamedInstancesResult {
  readonly kind: 'named-instances';
  readonly batches: Batches<CimInstance>;
}
export interface InstanceNameResult {
  readonly kind: 'instance-name';
  readonly path: CimInstancePath;
}
export interface InstanceNamesResult {
  readonly kind: 'instance-names';
  readonly batches: Batches<CimInstancePath>;
}
/** Instances or classes with full paths: Associators, References, ExecQuery. */
export interface ObjectsResult {
  readonly kind: 'objects';
  readonly batches: Batches<CimInstance | CimClass>;
}
export interface ObjectPathsResult {
  readonly kind: 'object-paths';
  readonly batches: Batches<CimObjectPath>;
}
export interface ValueResult {
  readonly kind: 'value';
  readonly type: CimType;
  readonly value: CimValue;
}
export interface QualifierResult {
  readonly kind: 'qualifier';
  readonly qualifier: CimQualifierType;
}
export interface QualifiersResult {
  readonly kind: 'qualifiers';
  readonly qualifiers: readonly CimQualifierType[];
}
interface Pulled {
  readonly endOfSequence: boolean;
  /** null at the end of the sequence. */
  readonly enumerationContext: string | null;
}
/** `withPath` false (PullInstances) leaves the names out. */
export interface PulledInstancesResult extends Pulled {
  readonly kind: 'pulled-instances';
  readonly withPath: boolean;
  readonly instances: readonly CimInstance[];
  readonly queryResultClass: CimClass | null;
}
export interface PulledPathsResult extends Pulled {
  readonly kind: 'pulled-paths';
  readonly paths: readonly CimInstancePath[];
}
/** null: unknown. */
export interface CountResult {
  readonly kind: 'count';
  readonly count: bigint | null;
}
export interface MethodResult {
  readonly kind: 'method';
  readonly returnType: CimType;
  readonly returnValue: CimValue;
  /** Without the NULL ones. */
  readonly outParameters: readonly (ParameterValue & { readonly type: CimType })[];
}

/** Result of each operation by its name. */
export interface IntrinsicResults {
  readonly GetClass: ClassResult;
  readonly EnumerateClasses: ClassesResult;
  readonly EnumerateClassNames: ClassNamesResult;
  readonly CreateClass: VoidResult;
  readonly ModifyClass: VoidResult;
  readonly DeleteClass: VoidResult;
  readonly GetInstance: InstanceResult;
  readonly EnumerateInstances: NamedInstancesResult;
  readonly EnumerateInstanceNames: InstanceNamesResult;
  readonly CreateInstance: InstanceNameResult;
  readonly ModifyInstance: VoidResult;
  readonly DeleteInstance: VoidResult;
  readonly GetProperty: ValueResult;
  readonly SetProperty: VoidResult;
  readonly Associators: ObjectsResult;
  readonly AssociatorNames: ObjectPathsResult;
  readonly References: ObjectsResult;
  readonly ReferenceNames: ObjectPathsResult;
  readonly ExecQuery: ObjectsResult;
  readonly GetQualifier: QualifierResult;
  readonly SetQualifier: VoidResult;
  readonly DeleteQualifier: VoidResult;
  readonly EnumerateQualifiers: QualifiersResult;
  readonly OpenEnumerateInstances: PulledInstancesResult;
  readonly OpenEnumerateInstancePaths: PulledPathsResult;
  readonly OpenAssociatorInstances: PulledInstancesResult;
  readonly OpenAssociatorInstancePaths: PulledPathsResult;
  readonly OpenReferenceInstances: PulledInstancesResult;
  readonly OpenReferenceInstancePaths: PulledPathsResult;
  readonly OpenQueryInstances: PulledInstancesResult;
  readonly PullInstancesWithPath: PulledInstancesResult;
  readonly PullInstancePaths: PulledPathsResult;
  readonly PullInstances: PulledInstancesResult;
  readonly CloseEnumeration: VoidResult;
  readonly EnumerationCount: CountResult;
}

export type CimResult = IntrinsicResults[keyof IntrinsicResults] | MethodResult;

/** The result that belongs to a request. */
export type ResultOf<R extends CimRequest> = R extends InvokeMethod
  ? MethodResult
  : R['kind'] extends keyof IntrinsicResults
    ? IntrinsicResults[R['kind']]
    : never;
