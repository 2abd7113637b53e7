import type { Batches } from '../../cim/operations/index.js';
import type { Condition } from '../../cim/query/index.js';
import type { CimClass, CimInstance, CimInstancePath, CimValue } from '../../cim/model/index.js';
import type { Caller } from '../security/caller.js';

/** What a provider may know of the classes of the namespace it is called for. */
export interface ClassView {
  /** Resolved class. @throws CimError 5 (invalid class) */
  get(name: string): CimClass;
  find(name: string): CimClass | undefined;
  /** Whether `name` is `ancestor` or derived from it. */
  isSubclass(name: string, ancestor: string): boolean;
}

/** The circumstances of one call. */
export interface ProviderContext {
  readonly caller: Caller;
  readonly namespace: string;
  /** Properties that the client will see; null: all. Only a hint: the object manager cuts to size. */
  readonly propertyList: readonly string[] | null;
  /** Ends with the enumeration: close, idle, disconnect, shutdown. */
  readonly signal: AbortSignal;
  readonly classes: ClassView;
}

/** What a query or the filter of an enumeration asks for. */
export interface ProviderQuery {
  /** As the client named it: WQL, DMTF:CQL, DMTF:FQL. */
  readonly language: string;
  readonly text: string;
  /** The condition, parsed. Properties that the class does not have are NULL. */
  readonly where: Condition;
}

/** OUT parameters and return value of a method; parameters that are NULL may be left out. */
export interface MethodOutcome {
  readonly returnValue: CimValue;
  readonly out?: Readonly<Record<string, CimValue>>;
}

/**
 * A method: parameters are already typed and checked against the class, NULL where they were not sent.
 * `self` is null when the method is called on the class.
 */
export type MethodFunction = (
  context: ProviderContext,
  self: CimInstancePath | null,
  parameters: Readonly<Record<string, CimValue>>,
) => Promise<MethodOutcome>;

/**
 * Serves one class with the operations it supports. What is absent answers NOT_SUPPORTED (7). Everything that comes back
 * is checked against the class. Paths arrive with keys in the class's types and without host.
 *
 * An association is an instance provider whose class has references: the object manager traverses by `enumerate`, or by
 * `references` where the provider offers it (it must, above 1 000 instances).
 */
export interface Provider {
  /** Class served, with exactly this name; subclasses have providers of their own. */
  readonly className: string;
  /** Namespaces served; names without case. */
  readonly namespaces: readonly string[];
  enumerate?(context: ProviderContext): Batches<CimInstance>;
  /**
   * Instances that may meet the query: each is tested again, so there may be too many but never too few. Null: this query
   * is no easier than an enumeration. Offered beside `enumerate`.
   */
  query?(context: ProviderContext, query: ProviderQuery): Batches<CimInstance> | null;
  /** Null: there is none. Left out: found by enumerating. */
  get?(context: ProviderContext, path: CimInstancePath): Promise<CimInstance | null>;
  create?(context: ProviderContext, instance: CimInstance): Promise<CimInstancePath>;
  /** `propertyList` null: all properties given by the instance. */
  modify?(context: ProviderContext, instance: CimInstance, propertyList: readonly string[] | null): Promise<void>;
  delete?(context: ProviderContext, path: CimInstancePath): Promise<void>;
  /** Association instances in which the object plays the role (null: any). */
  references?(context: ProviderContext, object: CimInstancePath, role: string | null): Batches<CimInstance>;
  readonly methods?: Readonly<Record<string, MethodFunction>>;
}
