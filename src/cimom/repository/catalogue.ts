import { type CimClass, type CimQualifierType, foldName } from '../../cim/model/index.js';
import { createSchema, type Schema, type SchemaSource } from '../../cim/schema/index.js';
import { deletePrefix, prefixEnd, type Store, type StoreReader, type StoreTransaction } from '../../store/index.js';
import { decodeClass, decodeQualifierType, encodeClass, encodeQualifierType } from './class-codec.js';
import { parseStored } from './json.js';
import {
  area,
  classKey,
  counterKey,
  headerKey,
  headerPrefix,
  layoutPrefix,
  qualifierKey,
  qualifierPrefix,
} from './keys.js';

/** What is known of a class without reading it. */
export interface ClassHeader {
  readonly name: string;
  readonly superclass: string | null;
  /** Short number, unique in the store and never used again. */
  readonly id: string;
}

/** Headers by folded name and by number. */
class Names {
  readonly byName = new Map<string, ClassHeader>();
  readonly byId = new Map<string, ClassHeader>();

  add(header: ClassHeader): void {
    this.byName.set(foldName(header.name), header);
    this.byId.set(header.id, header);
  }

  delete(header: ClassHeader): void {
    this.byName.delete(foldName(header.name));
    this.byId.delete(header.id);
  }
}

const all = 1_000_000;

/** Takes the next number that nothing in the repository has. */
export function takeNumber(tx: StoreTransaction): string {
  const next = Number(tx.get(area, counterKey) ?? 1);
  tx.put(area, counterKey, String(next + 1));
  return next.toString(36);
}

/** Classes and qualifier types of one namespace: names are read with the first question, declarations when they are asked for. */
export class Catalogue implements SchemaSource {
  readonly schema: Schema;
  readonly #store: Store;
  readonly #space: string;
  #names: Names | null = null;
  readonly #declared = new Map<string, CimClass>();
  #qualifiers: Map<string, CimQualifierType> | null = null;

  constructor(store: Store, space: string) {
    this.#store = store;
    this.#space = space;
    this.schema = createSchema(this);
  }

  #headers(): Names {
    if (this.#names === null) {
      this.#names = new Names();
      const prefix = headerPrefix(this.#space);
      for (const { value } of this.#store.range(area, prefix, prefixEnd(prefix), all)) {
        const [name, superclass, id] = parseStored(value) as readonly [string, string | null, string];
        this.#names.add({ name, superclass, id });
      }
    }
    return this.#names;
  }

  /** Forgets everything and reads the names anew, after the store was changed from elsewhere. */
  reload(): void {
    this.#names = null;
    this.#declared.clear();
    this.#qualifiers = null;
    this.schema.invalidateAll();
  }

  header(name: string): ClassHeader | undefined {
    return this.#headers().byName.get(foldName(name));
  }

  headerOfId(id: string): ClassHeader | undefined {
    return this.#headers().byId.get(id);
  }

  find(name: string): CimClass | undefined {
    const folded = foldName(name);
    if (!this.#headers().byName.has(folded)) return undefined;
    let cls = this.#declared.get(folded);
    if (cls === undefined) {
      const value = this.#store.get(area, classKey(this.#space, name));
      if (value === undefined) return undefined;
      cls = decodeClass(parseStored(value));
      this.#declared.set(folded, cls);
    }
    return cls;
  }

  *names(): Iterable<string> {
    for (const header of this.#headers().byName.values()) yield header.name;
  }

  superclassOf(name: string): string | null | undefined {
    return this.#headers().byName.get(foldName(name))?.superclass;
  }

  #types(): Map<string, CimQualifierType> {
    if (this.#qualifiers === null) {
      const prefix = qualifierPrefix(this.#space);
      this.#qualifiers = new Map();
      for (const { value } of this.#store.range(area, prefix, prefixEnd(prefix), all)) {
        const type = decodeQualifierType(parseStored(value));
        this.#qualifiers.set(foldName(type.name), type);
      }
    }
    return this.#qualifiers;
  }

  readonly qualifierType = (name: string): CimQualifierType | undefined => this.#types().get(foldName(name));

  qualifierTypes(): readonly CimQualifierType[] {
    return [...this.#types().values()];
  }

  /** Writes the type; the catalogue knows it after the commit. The caller lets the schema forget. */
  putQualifierType(tx: StoreTransaction, type: CimQualifierType): void {
    tx.put(area, qualifierKey(this.#space, type.name), JSON.stringify(encodeQualifierType(type)));
    tx.afterCommit(() => this.#types().set(foldName(type.name), type));
  }

  deleteQualifierType(tx: StoreTransaction, name: string): void {
    tx.delete(area, qualifierKey(this.#space, name));
    tx.afterCommit(() => this.#types().delete(foldName(name)));
  }

  /** Writes a declared class, new or changed; catalogue and schema know it after the commit. */
  putClass(tx: StoreTransaction, cls: CimClass): void {
    const id = this.header(cls.name)?.id ?? takeNumber(tx);
    const header: ClassHeader = { name: cls.name, superclass: cls.superclass, id };
    tx.put(area, headerKey(this.#space, cls.name), JSON.stringify([header.name, header.superclass, header.id]));
    tx.put(area, classKey(this.#space, cls.name), JSON.stringify(encodeClass(cls)));
    tx.afterCommit(() => {
      this.#headers().add(header);
      // Read back on demand: what was given may hold on to the text of a whole request.
      this.#declared.delete(foldName(cls.name));
      this.schema.invalidate(cls.name);
    });
  }

  deleteClass(tx: StoreTransaction, name: string): void {
    const header = this.header(name);
    if (header === undefined) return;
    tx.delete(area, headerKey(this.#space, name));
    tx.delete(area, classKey(this.#space, name));
    deletePrefix(tx, area, layoutPrefix(header.id));
    tx.afterCommit(() => {
      this.#headers().delete(header);
      this.#declared.delete(foldName(name));
      this.schema.invalidate(name);
    });
  }

  /** Whether the namespace has classes, as a transaction sees it. */
  static hasClasses(reader: StoreReader, space: string): boolean {
    const prefix = headerPrefix(space);
    return reader.range(area, prefix, prefixEnd(prefix), 1).length > 0;
  }
}
