import type { CimClass, CimQualifierType } from '../model/index.js';
import { foldName } from '../model/index.js';

/** Finds a qualifier type by name, whatever the case. */
export type QualifierTypes = (name: string) => CimQualifierType | undefined;

/** Where the classes of one namespace come from: as they were declared, without what they inherit. */
export interface SchemaSource {
  /** Declared class by name, whatever the case. */
  find(name: string): CimClass | undefined;
  /** Names of all classes, as declared. */
  names(): Iterable<string>;
  qualifierType: QualifierTypes;
  /**
   * Superclass of a class (null: it has none; undefined: no such class) without reading the class itself. Where it is left
   * out, `find` is asked.
   */
  superclassOf?(name: string): string | null | undefined;
}

/** A source in memory, for compilers, clients and tests. */
export function createMemorySource(
  classes: Iterable<CimClass> = [],
  qualifierTypes: Iterable<CimQualifierType> = [],
): MemorySource {
  return new MemorySource(classes, qualifierTypes);
}

/** Classes and qualifier types in two maps. After a change tell the schema: `schema.invalidate(name)`. */
export class MemorySource implements SchemaSource {
  readonly #classes = new Map<string, CimClass>();
  readonly #qualifierTypes = new Map<string, CimQualifierType>();

  constructor(classes: Iterable<CimClass>, qualifierTypes: Iterable<CimQualifierType>) {
    for (const cls of classes) this.set(cls);
    for (const type of qualifierTypes) this.setQualifierType(type);
  }

  set(cls: CimClass): void {
    this.#classes.set(foldName(cls.name), cls);
  }

  delete(name: string): boolean {
    return this.#classes.delete(foldName(name));
  }

  setQualifierType(type: CimQualifierType): void {
    this.#qualifierTypes.set(foldName(type.name), type);
  }

  deleteQualifierType(name: string): boolean {
    return this.#qualifierTypes.delete(foldName(name));
  }

  find(name: string): CimClass | undefined {
    return this.#classes.get(foldName(name));
  }

  *names(): Iterable<string> {
    for (const cls of this.#classes.values()) yield cls.name;
  }

  readonly qualifierType = (name: string): CimQualifierType | undefined => this.#qualifierTypes.get(foldName(name));

  qualifierTypes(): CimQualifierType[] {
    return [...this.#qualifierTypes.values()];
  }
}
