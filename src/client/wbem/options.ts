import type { CimClass, CimInstancePath, CimType, CimValue } from '../../cim/model/index.js';

/** Where and how long, for every operation. */
export interface OperationOptions {
  /** Default: the path's namespace, else the client's. */
  readonly namespace?: string;
  readonly signal?: AbortSignal;
}

/** An instance: a path, or its text in any spelling (`root/tvdc:CIM_X.Name="a"`). */
export type InstanceName = CimInstancePath | string;

export interface GetInstanceOptions extends OperationOptions {
  /** Only these properties; null or absent: all. */
  readonly propertyList?: readonly string[] | null;
  /** Default false. */
  readonly includeClassOrigin?: boolean;
}

export interface EnumerateInstancesOptions extends GetInstanceOptions {
  /** Properties of subclasses too, default true. Instances of subclasses always come. */
  readonly deepInheritance?: boolean;
}

export interface ModifyInstanceOptions extends OperationOptions {
  /** Only these properties change; null or absent: all that the instance carries. */
  readonly propertyList?: readonly string[] | null;
}

export interface GetClassOptions extends OperationOptions {
  readonly propertyList?: readonly string[] | null;
  /** Only what the class itself declares; default false (DSP0200 says TRUE on the wire when it is left out). */
  readonly localOnly?: boolean;
  /** Default true. */
  readonly includeQualifiers?: boolean;
  /** Default false. */
  readonly includeClassOrigin?: boolean;
}

export interface EnumerateClassesOptions extends Omit<GetClassOptions, 'propertyList'> {
  /** Start class; null or absent: the top of the hierarchy. */
  readonly className?: string | null;
  /** All descendants, not only direct ones; default false. */
  readonly deepInheritance?: boolean;
}

export type EnumerateClassNamesOptions = Pick<
  EnumerateClassesOptions,
  'namespace' | 'signal' | 'className' | 'deepInheritance'
>;

export interface ReferenceFilterOptions extends OperationOptions {
  /** Association class, or its superclass. */
  readonly resultClass?: string | null;
  /** Role of the source object. */
  readonly role?: string | null;
}

export interface AssociatorFilterOptions extends ReferenceFilterOptions {
  /** Association class; `resultClass` is then that of the objects found. */
  readonly assocClass?: string | null;
  /** Role of the objects found. */
  readonly resultRole?: string | null;
}

interface ObjectOptions {
  readonly propertyList?: readonly string[] | null;
  readonly includeClassOrigin?: boolean;
  /** Honoured for classes only; default false. */
  readonly includeQualifiers?: boolean;
}

export interface ReferencesOptions extends ReferenceFilterOptions, ObjectOptions {}
export interface AssociatorsOptions extends AssociatorFilterOptions, ObjectOptions {}

/** A filter for pulled enumerations: both or neither (DSP0200 5.3.2.24.2). */
export interface FilterOptions {
  /** `DMTF:FQL`, for example. */
  readonly filterQueryLanguage?: string | null;
  readonly filterQuery?: string | null;
}

export interface OpenOptions extends FilterOptions {
  /** Seconds that the server keeps an idle enumeration; null or absent: its default. */
  readonly operationTimeout?: number | null;
  readonly continueOnError?: boolean;
  /** Objects in the answer to Open; default: the client's. */
  readonly maxObjectCount?: number;
}

/** How iterators fetch. */
export interface IteratorOptions extends OpenOptions {
  /** `auto` (default): pull if the server can, else the classic operation; `always`; `never`. */
  readonly pull?: PullMode;
}

export const pullModes = ['auto', 'always', 'never'] as const;
export type PullMode = (typeof pullModes)[number];

export interface PullOptions extends OperationOptions {
  readonly maxObjectCount?: number;
}

/** A parameter whose type the caller states, so that no class has to be read. */
export interface TypedParameter {
  readonly type: CimType;
  readonly value: CimValue;
}

export type InvokeParameter = CimValue | TypedParameter | undefined;

export interface InvokeOptions extends OperationOptions {
  /** The class that declares the method, where the caller has it; else it is read once and remembered. */
  readonly class?: CimClass;
}

export interface InvokeResult {
  readonly returnValue: CimValue;
  /** OUT parameters that are not NULL, by the name that the server gave. */
  readonly out: Readonly<Record<string, CimValue>>;
}

export interface WbemClientOptions {
  /** Default `root/cimv2`. */
  readonly namespace?: string;
  readonly pull?: PullMode;
  /** Objects asked for in one Open or Pull, default 1000. */
  readonly maxObjectCount?: number;
}
