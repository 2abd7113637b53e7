import { type CimClass, type CimQualifierType } from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { checkCreateClass, checkDeleteClass, checkModifyClass, checkQualifierType } from '../../cim/schema/index.js';
import type { Store, StoreReader, StoreTransaction } from '../../store/index.js';
import type { Catalogue } from './catalogue.js';
import type { Gate } from './gate.js';
import { parseStored } from './json.js';
import { area, namespaceKey } from './keys.js';
import { mergeSchema, usesQualifier } from './merge.js';
import type { ChangeWork, ImportResult, RepositoryChange, SchemaUnit } from './repository.js';

interface Parts {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly gate: Gate;
  /** Number of the namespace. */
  readonly space: string;
  readonly name: string;
  readonly folded: string;
  readonly hasInstances: (reader: StoreReader, className: string) => boolean;
  /** Called after every committed change: what was made from the classes before is not valid any more. */
  readonly changed: () => void;
}

/** Changes of classes and qualifier types of one namespace, one after another. */
export class Classes {
  readonly #parts: Parts;
  #changing: Promise<void> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Runs `action` when no change of a class is on its way, so that it sees the classes it will meet on disk. */
  async settled<T>(action: () => Promise<T>): Promise<T> {
    const { gate } = this.#parts;
    for (let busy = gate.closed ?? this.#changing; busy !== null; busy = gate.closed ?? this.#changing) await busy;
    return action();
  }

  #change<T>(work: (tx: StoreTransaction) => T): Promise<T> {
    const { store, gate, space, folded, name, changed } = this.#parts;
    const run = (): Promise<T> => gate.closed?.then(run) ?? carryOut();
    const carryOut = (): Promise<T> =>
      store.transaction((tx) => {
        const stored = tx.get(area, namespaceKey(folded));
        // Another namespace may have been made under the name.
        if (stored === undefined || (parseStored(stored) as readonly string[])[1] !== space) {
          throw new CimError(3, `namespace ${name} does not exist`);
        }
        const result = work(tx);
        tx.afterCommit(changed);
        return result;
      });
    const done = this.#changing === null ? run() : this.#changing.then(run);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    const changing: Promise<void> = settled.then(() => {
      if (this.#changing === changing) this.#changing = null;
    });
    this.#changing = changing;
    return done;
  }

  #tell(tx: StoreTransaction, work: ChangeWork | undefined, change: Omit<RepositoryChange, 'namespace'>): void {
    work?.(tx, { ...change, namespace: this.#parts.name } as RepositoryChange);
  }

  /** @throws CimError 1 */
  #refuseUsed({ name }: CimQualifierType): void {
    const { catalogue } = this.#parts;
    for (const cls of catalogue.names()) {
      const declared = catalogue.find(cls);
      if (declared !== undefined && usesQualifier(declared, name)) {
        throw new CimError(1, `qualifier type ${name} is in use by class ${cls}`);
      }
    }
  }

  setQualifierType(type: CimQualifierType, work?: ChangeWork): Promise<void> {
    const { catalogue } = this.#parts;
    return this.#change((tx) => {
      checkQualifierType(type);
      const before = catalogue.qualifierType(type.name) ?? null;
      if (before !== null && (before.type !== type.type || before.isArray !== type.isArray)) this.#refuseUsed(before);
      catalogue.putQualifierType(tx, type);
      tx.afterCommit(() => catalogue.schema.invalidateAll());
      this.#tell(tx, work, { kind: 'qualifier-type', before, after: type } as RepositoryChange);
    });
  }

  deleteQualifierType(name: string, work?: ChangeWork): Promise<void> {
    const { catalogue } = this.#parts;
    return this.#change((tx) => {
      const before = catalogue.qualifierType(name);
      if (before === undefined) throw new CimError(6, `there is no qualifier type ${name}`);
      this.#refuseUsed(before);
      catalogue.deleteQualifierType(tx, name);
      tx.afterCommit(() => catalogue.schema.invalidateAll());
      this.#tell(tx, work, { kind: 'qualifier-type', before, after: null } as RepositoryChange);
    });
  }

  createClass(cls: CimClass, work?: ChangeWork): Promise<void> {
    const { catalogue } = this.#parts;
    return this.#change((tx) => {
      const after = checkCreateClass(catalogue.schema, cls);
      catalogue.putClass(tx, after);
      this.#tell(tx, work, { kind: 'class', before: null, after } as RepositoryChange);
    });
  }

  modifyClass(cls: CimClass, work?: ChangeWork): Promise<void> {
    const { catalogue, hasInstances } = this.#parts;
    return this.#change((tx) => {
      const after = checkModifyClass(catalogue.schema, cls, (name) => hasInstances(tx, name));
      const before = catalogue.find(cls.name) ?? null;
      catalogue.putClass(tx, after);
      this.#tell(tx, work, { kind: 'class', before, after } as RepositoryChange);
    });
  }

  deleteClass(name: string, work?: ChangeWork): Promise<void> {
    const { catalogue, hasInstances } = this.#parts;
    return this.#change((tx) => {
      const spelt = checkDeleteClass(catalogue.schema, name, (one) => hasInstances(tx, one));
      const before = catalogue.find(spelt) ?? null;
      catalogue.deleteClass(tx, spelt);
      this.#tell(tx, work, { kind: 'class', before, after: null } as RepositoryChange);
    });
  }

  importSchema(unit: SchemaUnit): Promise<ImportResult> {
    const { catalogue, hasInstances } = this.#parts;
    return this.#change((tx) => {
      for (const type of unit.qualifierTypes) checkQualifierType(type);
      const merged = mergeSchema(catalogue.schema, unit, (name) => hasInstances(tx, name));
      for (const type of merged.qualifierTypes) catalogue.putQualifierType(tx, type);
      for (const cls of merged.added) catalogue.putClass(tx, cls);
      for (const cls of merged.changed) catalogue.putClass(tx, cls);
      tx.afterCommit(() => catalogue.schema.invalidateAll());
      return {
        added: merged.added.map((cls) => cls.name),
        changed: merged.changed.map((cls) => cls.name),
        unchanged: merged.unchanged,
      };
    });
  }
}
