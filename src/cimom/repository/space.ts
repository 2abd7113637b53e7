import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  type CimQualifierType,
  foldName,
} from '../../cim/model/index.js';
import type { Batches } from '../../cim/operations/index.js';
import type { Schema } from '../../cim/schema/index.js';
import type { Store } from '../../store/index.js';
import { Catalogue } from './catalogue.js';
import { Classes } from './classes.js';
import type { Gate } from './gate.js';
import type { InstanceCache } from './instance-cache.js';
import { Instances } from './instances.js';
import type { Neighbours } from './references.js';
import type { ChangeWork, ImportResult, NamespaceRepository, PageOptions, SchemaUnit } from './repository.js';

interface Parts {
  readonly store: Store;
  readonly cache: InstanceCache;
  readonly gate: Gate;
  readonly name: string;
  /** Number of the namespace in the store. */
  readonly id: string;
  readonly neighbours: Neighbours;
}

/** One namespace: its catalogue of classes and its instances. */
export class Space implements NamespaceRepository {
  readonly name: string;
  readonly id: string;
  readonly #store: Store;
  readonly #catalogue: Catalogue;
  readonly #classes: Classes;
  readonly #instances: Instances;

  constructor({ store, cache, gate, name, id, neighbours }: Parts) {
    this.name = name;
    this.id = id;
    this.#store = store;
    this.#catalogue = new Catalogue(store, id);
    this.#instances = new Instances({ store, cache, catalogue: this.#catalogue, space: id, name, neighbours });
    this.#classes = new Classes({
      store,
      catalogue: this.#catalogue,
      gate,
      space: id,
      name,
      folded: foldName(name),
      hasInstances: (reader, className) => this.#instances.hasInstances(reader, className),
      changed: () => cache.clear(),
    });
  }

  /** Forgets what was read, after the store was changed from elsewhere. */
  reload(): void {
    this.#catalogue.reload();
    this.#instances.reload();
  }

  get schema(): Schema {
    return this.#catalogue.schema;
  }

  qualifierTypes(): readonly CimQualifierType[] {
    return this.#catalogue.qualifierTypes();
  }

  qualifierType(name: string): CimQualifierType | undefined {
    return this.#catalogue.qualifierType(name);
  }

  setQualifierType(type: CimQualifierType, work?: ChangeWork): Promise<void> {
    return this.#classes.setQualifierType(type, work);
  }

  deleteQualifierType(name: string, work?: ChangeWork): Promise<void> {
    return this.#classes.deleteQualifierType(name, work);
  }

  createClass(cls: CimClass, work?: ChangeWork): Promise<void> {
    return this.#classes.createClass(cls, work);
  }

  modifyClass(cls: CimClass, work?: ChangeWork): Promise<void> {
    return this.#classes.modifyClass(cls, work);
  }

  deleteClass(name: string, work?: ChangeWork): Promise<void> {
    return this.#classes.deleteClass(name, work);
  }

  importSchema(unit: SchemaUnit): Promise<ImportResult> {
    return this.#classes.importSchema(unit);
  }

  getInstance(path: CimInstancePath): CimInstance | undefined {
    return this.#instances.get(path);
  }

  createInstance(instance: CimInstance, work?: ChangeWork): Promise<CimInstancePath> {
    return this.#classes.settled(() => this.#instances.create(instance, work));
  }

  modifyInstance(instance: CimInstance, propertyList: readonly string[] | null, work?: ChangeWork): Promise<void> {
    return this.#classes.settled(() => this.#instances.modify(instance, propertyList, work));
  }

  deleteInstance(path: CimInstancePath, work?: ChangeWork): Promise<void> {
    return this.#classes.settled(() => this.#instances.delete(path, work));
  }

  instances(className: string, options: PageOptions = {}): Batches<CimInstance> {
    return this.#instances.walk(className, options.batchSize);
  }

  instancePaths(className: string, options: PageOptions = {}): Batches<CimInstancePath> {
    return this.#instances.walkPaths(className, options.batchSize);
  }

  hasInstances(className: string): boolean {
    return this.#instances.hasInstances(this.#store, className);
  }

  async countInstances(className: string): Promise<number> {
    return (await this.#instances.population(className)?.count()) ?? 0;
  }

  referencing(path: CimInstancePath, className?: string): Batches<CimInstance> {
    return this.#instances.referencing(path, className);
  }

  referencingClasses(path: CimInstancePath): readonly string[] {
    return this.#instances.referencingClasses(path);
  }
}
