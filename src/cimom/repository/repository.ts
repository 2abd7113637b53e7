import type { CimClass, CimInstance, CimInstancePath, CimQualifierType } from '../../cim/model/index.js';
import type { Batches } from '../../cim/operations/index.js';
import type { Schema } from '../../cim/schema/index.js';
import type { StoreTransaction } from '../../store/index.js';

/** What a mutation did, for work that must happen in its transaction (the journal's entry, an indication). */
export type RepositoryChange =
  | {
      readonly kind: 'instance';
      readonly namespace: string;
      readonly path: CimInstancePath;
      /** null: it was created. */
      readonly before: CimInstance | null;
      /** null: it was deleted. */
      readonly after: CimInstance | null;
    }
  | {
      readonly kind: 'class';
      readonly namespace: string;
      /** As declared; null: it was created. */
      readonly before: CimClass | null;
      /** As declared; null: it was deleted. */
      readonly after: CimClass | null;
    }
  | {
      readonly kind: 'qualifier-type';
      readonly namespace: string;
      readonly before: CimQualifierType | null;
      readonly after: CimQualifierType | null;
    }
  | { readonly kind: 'namespace'; readonly namespace: string; readonly created: boolean };

/** Runs inside the transaction of a mutation; if it throws, nothing of the mutation remains. */
export type ChangeWork = (tx: StoreTransaction, change: RepositoryChange) => void;

/** Classes and qualifier types as a compiler hands them over, in any order. */
export interface SchemaUnit {
  readonly qualifierTypes: readonly CimQualifierType[];
  /** As declared, without what they inherit. */
  readonly classes: readonly CimClass[];
}

/** What an import did: names of classes. */
export interface ImportResult {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: number;
}

/**
 * The durable namespaces of one host. All mutations resolve when they are on disk; reads see what is committed.
 * Names are compared without case and shown as they were written.
 */
export interface Repository {
  /** Names in the order of creation. */
  namespaces(): readonly string[];
  hasNamespace(name: string): boolean;
  /** @throws CimError 11 (already exists), 4 (not a namespace name) */
  createNamespace(name: string, work?: ChangeWork): Promise<NamespaceRepository>;
  /** @throws CimError 3 (no such namespace), 20 (it has classes) */
  deleteNamespace(name: string, work?: ChangeWork): Promise<void>;
  space(name: string): NamespaceRepository | undefined;
  /**
   * Runs `work` on a copy of the repository that nobody else sees; what it did there becomes visible and durable in one
   * transaction, or not at all where `work` or `seal` throws. Reads go on meanwhile, other changes wait: `work` must not
   * change this repository itself.
   * @param seal runs in that transaction, for what must be written with it
   */
  atomically<T>(work: (staged: Repository) => Promise<T>, seal?: (tx: StoreTransaction, result: T) => void): Promise<T>;
}

/** Bounds a walk over instances. */
export interface PageOptions {
  /** Instances a batch, at most; 128 if left out. */
  readonly batchSize?: number;
}

/**
 * Qualifier types, classes and instances of one namespace. Paths are accepted with or without namespace and host, keys in any
 * order and of any integer type; the paths that come back carry the namespace as it was created, no host, and the keys in
 * the order and types of the class. Instances are those of exactly one class: subclasses are classes of their own.
 */
export interface NamespaceRepository {
  /** As it was created. */
  readonly name: string;
  /** Live view of the classes: resolved on demand, current after every mutation. */
  readonly schema: Schema;

  qualifierTypes(): readonly CimQualifierType[];
  qualifierType(name: string): CimQualifierType | undefined;
  /** Creates or replaces. @throws CimError 4 */
  setQualifierType(type: CimQualifierType, work?: ChangeWork): Promise<void>;
  /** @throws CimError 6 (not found), 1 (a class uses it) */
  deleteQualifierType(name: string, work?: ChangeWork): Promise<void>;

  /** @throws CimError 11, 10 (no such superclass), 4 (breaks a class rule) */
  createClass(cls: CimClass, work?: ChangeWork): Promise<void>;
  /** @throws CimError 6, 10, 8 (subclasses), 9 (instances), 4 */
  modifyClass(cls: CimClass, work?: ChangeWork): Promise<void>;
  /** @throws CimError 6, 8 (has subclasses), 9 (has instances) */
  deleteClass(name: string, work?: ChangeWork): Promise<void>;
  /** Merges a schema in one transaction: adds what is missing, extends what is there, also above subclasses and instances. */
  importSchema(unit: SchemaUnit): Promise<ImportResult>;

  /** undefined: there is none, or no such class. */
  getInstance(path: CimInstancePath): CimInstance | undefined;
  /** The instance's class must be concrete; properties left out take the class's defaults. @throws CimError 4, 5, 11, 12, 13 */
  createInstance(instance: CimInstance, work?: ChangeWork): Promise<CimInstancePath>;
  /**
   * Changes the named properties (null: all that the instance has); keys stay.
   * @param instance its `path` says which
   * @throws CimError 4 (no path, or another key value), 5, 6, 12, 13
   */
  modifyInstance(instance: CimInstance, propertyList: readonly string[] | null, work?: ChangeWork): Promise<void>;
  /** @throws CimError 5, 6 */
  deleteInstance(path: CimInstancePath, work?: ChangeWork): Promise<void>;

  /** In the order of the keys' text. The same batches come again while nothing changes, as long as they fit the cache. */
  instances(className: string, options?: PageOptions): Batches<CimInstance>;
  instancePaths(className: string, options?: PageOptions): Batches<CimInstancePath>;
  hasInstances(className: string): boolean;
  countInstances(className: string): Promise<number>;
  /**
   * Association instances of this namespace that refer to the object, found by index, each once.
   * @param path with its namespace where it is another one
   * @param className only instances of exactly that class; left out: of all
   */
  referencing(path: CimInstancePath, className?: string): Batches<CimInstance>;
  /** Names of the classes that have at least one instance referring to the object. */
  referencingClasses(path: CimInstancePath): readonly string[];
}
