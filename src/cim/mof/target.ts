import type { CimClass, CimInstance, CimInstancePath, CimQualifierType } from '../model/index.js';

/** What a target did with a schema: names of classes. */
export interface ImportedSchema {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** How many classes were as they should be. */
  readonly unchanged: number;
}

/**
 * Where compiled MOF goes: a repository or a server. Getters answer null for what does not exist (status 6); everything else
 * that goes wrong is thrown as CimError.
 */
export interface MofTarget {
  getQualifierType(namespace: string, name: string): Promise<CimQualifierType | null>;
  setQualifierType(namespace: string, type: CimQualifierType): Promise<void>;
  deleteQualifierType(namespace: string, name: string): Promise<void>;
  /** As declared, without what it inherits. */
  getClass(namespace: string, name: string): Promise<CimClass | null>;
  createClass(namespace: string, cls: CimClass): Promise<void>;
  modifyClass(namespace: string, cls: CimClass): Promise<void>;
  deleteClass(namespace: string, name: string): Promise<void>;
  getInstance(namespace: string, path: CimInstancePath): Promise<CimInstance | null>;
  createInstance(namespace: string, instance: CimInstance): Promise<CimInstancePath>;
  /** The instance is named by its path. */
  modifyInstance(namespace: string, instance: CimInstance): Promise<void>;
  deleteInstance(namespace: string, path: CimInstancePath): Promise<void>;
  /**
   * Merges qualifier types and classes at once, also above subclasses and instances that are there; only of a target that is
   * atomic. Where it is left out, the loader goes class by class.
   */
  importSchema?(
    namespace: string,
    unit: { readonly qualifierTypes: readonly CimQualifierType[]; readonly classes: readonly CimClass[] },
  ): Promise<ImportedSchema>;
  /** Carries out all or nothing of `work`. Where it is left out, the loader undoes step by step. */
  atomically?<T>(work: () => Promise<T>): Promise<T>;
}
