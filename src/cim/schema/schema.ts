import { type CimClass, type CimQualifierType, foldName } from '../model/index.js';
import { resolveClass } from './resolve.js';
import type { SchemaSource } from './source.js';

/** The classes of one namespace, resolved on demand and remembered. */
export interface Schema {
  /** Class with everything inherited; undefined where it, or a superclass of it, does not exist. */
  get(name: string): CimClass | undefined;
  /** Class as it was declared. */
  declared(name: string): CimClass | undefined;
  qualifierType(name: string): CimQualifierType | undefined;
  /** Null: top-level class; undefined: no such class. */
  superclassOf(name: string): string | null | undefined;
  /** Direct subclasses, or with `deep` all (each class before its own subclasses). `null` names the top level. */
  subclasses(name: string | null, options?: { readonly deep?: boolean }): readonly string[];
  /** Whether `name` is `ancestor` or derived from it; false where either does not exist. */
  isSubclass(name: string, ancestor: string): boolean;
  names(): readonly string[];
  /** After the source added, changed or removed the class: forgets it and what derives from it. */
  invalidate(name: string): void;
  /** After qualifier types or many classes changed: forgets everything. */
  invalidateAll(): void;
}

const deepestHierarchy = 200;
const mostTypesRemembered = 1000;

class SourceSchema implements Schema {
  readonly #source: SchemaSource;
  readonly #resolved = new Map<string, CimClass>();
  /** Folded name → names of direct subclasses by folded name; '' holds the top level. Made on first use. */
  #children: Map<string, Map<string, string>> | null = null;
  readonly #parents = new Map<string, string>();
  /** By name as spelt: resolving asks for the same few names tens of thousands of times. */
  readonly #types = new Map<string, CimQualifierType>();
  readonly #typeOf = (name: string): CimQualifierType | undefined => this.qualifierType(name);

  constructor(source: SchemaSource) {
    this.#source = source;
  }

  get(name: string): CimClass | undefined {
    return this.#resolved.get(foldName(name)) ?? this.#resolve(name, 0);
  }

  #resolve(name: string, depth: number): CimClass | undefined {
    const folded = foldName(name);
    const known = this.#resolved.get(folded);
    if (known !== undefined) return known;
    const declared = this.#source.find(name);
    if (declared === undefined || depth > deepestHierarchy) return undefined;
    let superclass: CimClass | null = null;
    if (declared.superclass !== null) {
      const found = this.#resolve(declared.superclass, depth + 1);
      if (found === undefined) return undefined;
      superclass = found;
    }
    const resolved = resolveClass(declared, superclass, this.#typeOf);
    this.#resolved.set(folded, resolved);
    return resolved;
  }

  declared(name: string): CimClass | undefined {
    return this.#source.find(name);
  }

  qualifierType(name: string): CimQualifierType | undefined {
    let type = this.#types.get(name);
    if (type === undefined) {
      type = this.#source.qualifierType(name);
      if (type !== undefined && this.#types.size < mostTypesRemembered) this.#types.set(name, type);
    }
    return type;
  }

  superclassOf(name: string): string | null | undefined {
    if (this.#source.superclassOf !== undefined) return this.#source.superclassOf(name);
    const cls = this.#source.find(name);
    return cls === undefined ? undefined : cls.superclass;
  }

  subclasses(name: string | null, options: { readonly deep?: boolean } = {}): readonly string[] {
    const children = this.#index();
    const out: string[] = [];
    const collect = (folded: string): void => {
      for (const [child, spelt] of children.get(folded) ?? []) {
        out.push(spelt);
        if (options.deep === true) collect(child);
      }
    };
    collect(name === null ? '' : foldName(name));
    return out;
  }

  isSubclass(name: string, ancestor: string): boolean {
    const wanted = foldName(ancestor);
    let current: string | null | undefined = name;
    for (let depth = 0; current !== null && current !== undefined && depth <= deepestHierarchy; depth++) {
      const above: string | null | undefined = this.superclassOf(current);
      if (above === undefined) return false;
      if (foldName(current) === wanted) return true;
      current = above;
    }
    return false;
  }

  names(): readonly string[] {
    return [...this.#source.names()];
  }

  invalidate(name: string): void {
    const folded = foldName(name);
    this.#resolved.delete(folded);
    for (const below of this.subclasses(name, { deep: true })) this.#resolved.delete(foldName(below));
    const children = this.#index();
    const before = this.#parents.get(folded);
    if (before !== undefined) children.get(before)?.delete(folded);
    this.#parents.delete(folded);
    const superclass = this.superclassOf(name);
    if (superclass !== undefined) this.#link(children, name, superclass);
  }

  invalidateAll(): void {
    this.#types.clear();
    this.#resolved.clear();
    this.#children = null;
    this.#parents.clear();
  }

  #index(): Map<string, Map<string, string>> {
    if (this.#children === null) {
      this.#children = new Map();
      for (const name of this.#source.names()) this.#link(this.#children, name, this.superclassOf(name) ?? null);
    }
    return this.#children;
  }

  #link(children: Map<string, Map<string, string>>, name: string, superclass: string | null): void {
    const parent = superclass === null ? '' : foldName(superclass);
    let siblings = children.get(parent);
    if (siblings === undefined) {
      siblings = new Map();
      children.set(parent, siblings);
    }
    siblings.set(foldName(name), name);
    this.#parents.set(foldName(name), parent);
  }
}

/**
 * A view of the classes of a namespace. It reads a class and its ancestors when they are first asked for; a change costs the
 * class and its descendants.
 */
export function createSchema(source: SchemaSource): Schema {
  return new SourceSchema(source);
}
