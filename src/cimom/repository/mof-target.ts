import type { ImportedSchema, MofTarget } from '../../cim/mof/index.js';
import { type CimClass, type CimInstance, type CimInstancePath, type CimQualifierType } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import type { StoreTransaction } from '../../store/index.js';
import type { ChangeWork, NamespaceRepository, Repository, RepositoryChange, SchemaUnit } from './repository.js';

export interface RepositoryTargetOptions {
  /** Told, in the transaction of the load, of every namespace, instance, and class that was changed by itself. */
  readonly work?: ChangeWork;
  /** Runs last in that transaction. */
  readonly seal?: (tx: StoreTransaction) => void;
}

/** A repository as the target of a load: everything of it in one transaction, or nothing. */
class RepositoryTarget implements MofTarget {
  readonly #live: Repository;
  readonly #options: RepositoryTargetOptions;
  /** The copy while a load goes on. */
  #at: Repository;
  #changes: RepositoryChange[] = [];

  constructor(repository: Repository, options: RepositoryTargetOptions) {
    this.#live = repository;
    this.#at = repository;
    this.#options = options;
  }

  readonly #record: ChangeWork = (_tx, change) => void this.#changes.push(change);

  atomically<T>(work: () => Promise<T>): Promise<T> {
    const carryOut = async (staged: Repository): Promise<T> => {
      this.#changes = [];
      this.#at = staged;
      try {
        return await work();
      } finally {
        this.#at = this.#live;
      }
    };
    const seal = (tx: StoreTransaction): void => {
      for (const change of this.#changes) this.#options.work?.(tx, change);
      this.#options.seal?.(tx);
    };
    return this.#live.atomically(carryOut, seal);
  }

  /** @throws CimError 3 */
  #space(namespace: string): NamespaceRepository {
    const space = this.#at.space(namespace);
    if (space === undefined) throw new CimError(3, `namespace ${namespace} does not exist`);
    return space;
  }

  async #spaceToFill(namespace: string): Promise<NamespaceRepository> {
    return this.#at.space(namespace) ?? (await this.#at.createNamespace(namespace, this.#record));
  }

  async importSchema(namespace: string, unit: SchemaUnit): Promise<ImportedSchema> {
    return (await this.#spaceToFill(namespace)).importSchema(unit);
  }

  async getQualifierType(namespace: string, name: string): Promise<CimQualifierType | null> {
    return this.#at.space(namespace)?.qualifierType(name) ?? null;
  }

  async setQualifierType(namespace: string, type: CimQualifierType): Promise<void> {
    await (await this.#spaceToFill(namespace)).setQualifierType(type, this.#record);
  }

  deleteQualifierType(namespace: string, name: string): Promise<void> {
    return this.#space(namespace).deleteQualifierType(name, this.#record);
  }

  async getClass(namespace: string, name: string): Promise<CimClass | null> {
    return this.#at.space(namespace)?.schema.declared(name) ?? null;
  }

  async createClass(namespace: string, cls: CimClass): Promise<void> {
    await (await this.#spaceToFill(namespace)).createClass(cls, this.#record);
  }

  modifyClass(namespace: string, cls: CimClass): Promise<void> {
    return this.#space(namespace).modifyClass(cls, this.#record);
  }

  deleteClass(namespace: string, name: string): Promise<void> {
    return this.#space(namespace).deleteClass(name, this.#record);
  }

  async getInstance(namespace: string, path: CimInstancePath): Promise<CimInstance | null> {
    return this.#at.space(namespace)?.getInstance(path) ?? null;
  }

  async createInstance(namespace: string, instance: CimInstance): Promise<CimInstancePath> {
    return this.#space(namespace).createInstance(instance, this.#record);
  }

  modifyInstance(namespace: string, instance: CimInstance): Promise<void> {
    return this.#space(namespace).modifyInstance(instance, null, this.#record);
  }

  deleteInstance(namespace: string, path: CimInstancePath): Promise<void> {
    return this.#space(namespace).deleteInstance(path, this.#record);
  }
}

/**
 * A repository as the target of `loadMof`. A load is one transaction; namespaces that are missing are made. Schemas are merged
 * as `importSchema` does.
 */
export function createRepositoryTarget(repository: Repository, options: RepositoryTargetOptions = {}): MofTarget {
  return new RepositoryTarget(repository, options);
}
