import { type CimClass, foldName, isAbstract, isAssociation } from '../cim/model/index.js';
import type { Schema } from '../cim/schema/index.js';

/** A reference property of an association class. */
export interface ReferenceEnd {
  readonly name: string;
  /** Class that it may name; null: any. */
  readonly className: string | null;
}

export interface AssociationClass {
  readonly cls: CimClass;
  readonly ends: readonly ReferenceEnd[];
  /** Whether it may have instances. */
  readonly concrete: boolean;
}

interface Known {
  readonly names: readonly string[];
  readonly associations: readonly AssociationClass[];
  /** By folded class name: the association classes in which an object of the class may take part. */
  readonly forClass: Map<string, readonly AssociationClass[]>;
}

function associationsOf(schema: Schema, names: readonly string[]): AssociationClass[] {
  const found = new Set<string>();
  // Declarations suffice to find them: resolving every class of a large schema would take a tenth of a second.
  for (const name of names) {
    const declared = schema.declared(name);
    if (declared === undefined || found.has(name) || !isAssociation(declared)) continue;
    found.add(name);
    for (const below of schema.subclasses(name, { deep: true })) found.add(below);
  }
  const out: AssociationClass[] = [];
  for (const name of found) {
    const cls = schema.get(name);
    if (cls === undefined) continue;
    const ends = cls.properties
      .filter((property) => property.type === 'reference')
      .map((property) => ({ name: property.name, className: property.referenceClass }));
    out.push({ cls, ends, concrete: !isAbstract(cls) });
  }
  return out;
}

function equalLists(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

/**
 * Which association classes an object of a class may take part in. Walks the schema once and keeps what it found until the
 * classes change; changes are noticed by themselves, `invalidate` saves the caller from relying on that.
 */
export class AssociationIndex {
  readonly #known = new WeakMap<Schema, Known>();

  invalidate(schema: Schema): void {
    this.#known.delete(schema);
  }

  /** All association classes of the namespace. */
  all(schema: Schema): readonly AssociationClass[] {
    return this.#of(schema).associations;
  }

  /** Those with an end that an object of the class fits. */
  forClass(schema: Schema, className: string): readonly AssociationClass[] {
    const known = this.#of(schema);
    const folded = foldName(className);
    let found = known.forClass.get(folded);
    if (found === undefined) {
      found = known.associations.filter(({ ends }) =>
        ends.some((end) => end.className === null || schema.isSubclass(className, end.className)),
      );
      known.forClass.set(folded, found);
    }
    return found;
  }

  #of(schema: Schema): Known {
    const names = schema.names();
    const before = this.#known.get(schema);
    if (before !== undefined && equalLists(before.names, names)) {
      if (before.associations.every(({ cls }) => schema.get(cls.name) === cls)) return before;
    }
    const known: Known = { names, associations: associationsOf(schema, names), forClass: new Map() };
    this.#known.set(schema, known);
    return known;
  }
}
