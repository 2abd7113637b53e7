// How a larger schema is laid over a smaller one: what exists is extended, nothing is taken away.
import {
  type CimClass,
  type CimMethod,
  type CimPropertyDeclaration,
  type CimQualifierType,
  findByName,
  foldName,
  isAbstract,
  keyProperties,
  sameName,
} from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { checkCreateClass, createMemorySource, createSchema, type Schema } from '../../cim/schema/index.js';
import { encodeClass } from './class-codec.js';
import type { SchemaUnit } from './repository.js';

export interface MergedSchema {
  readonly qualifierTypes: readonly CimQualifierType[];
  /** Superclasses before their subclasses. */
  readonly added: readonly CimClass[];
  readonly changed: readonly CimClass[];
  readonly unchanged: number;
}

/** The class of the unit, and what only the present one declares. */
function mergeClass(present: CimClass, incoming: CimClass, inherits: (name: string) => boolean): CimClass {
  const missing = <T extends CimPropertyDeclaration | CimMethod>(mine: readonly T[], theirs: readonly T[]): T[] =>
    mine.filter((element) => findByName(theirs, element.name) === undefined && !inherits(element.name));
  return {
    ...incoming,
    name: present.name,
    path: null,
    properties: [...incoming.properties, ...missing(present.properties, incoming.properties)],
    methods: [...incoming.methods, ...missing(present.methods, incoming.methods)],
  };
}

function isSameClass(a: CimClass, b: CimClass): boolean {
  return JSON.stringify(encodeClass(a)) === JSON.stringify(encodeClass(b));
}

function elementNames(cls: CimClass | undefined): ReadonlySet<string> {
  return new Set([...(cls?.properties ?? []), ...(cls?.methods ?? [])].map((element) => foldName(element.name)));
}

/** Superclasses before subclasses. @throws CimError 10 a superclass is missing or derives from its own subclass */
function inOrder(classes: ReadonlyMap<string, CimClass>, exists: (name: string) => boolean): CimClass[] {
  const out = new Map<string, CimClass>();
  const visit = (cls: CimClass, below: ReadonlySet<string>): void => {
    const folded = foldName(cls.name);
    if (out.has(folded)) return;
    if (below.has(folded)) throw new CimError(10, `${cls.name} is among its own superclasses`);
    if (cls.superclass !== null) {
      const superclass = classes.get(foldName(cls.superclass));
      if (superclass !== undefined) visit(superclass, new Set(below).add(folded));
      else if (!exists(cls.superclass)) {
        throw new CimError(10, `superclass ${cls.superclass} of ${cls.name} does not exist`);
      }
    }
    out.set(folded, cls);
  };
  for (const cls of classes.values()) visit(cls, new Set());
  return [...out.values()];
}

/** Why stored instances would not fit the class any more; null where they do. */
function misfit(before: CimClass, after: CimClass): string | null {
  for (const property of before.properties) {
    const now = findByName(after.properties, property.name);
    if (now === undefined) return `it would lose ${property.name}`;
    if (now.type !== property.type || now.isArray !== property.isArray) return `${property.name} would change its type`;
    if (now.embedded !== property.embedded) return `${property.name} would hold other objects`;
  }
  if (isAbstract(after) && !isAbstract(before)) return 'it would become abstract';
  const keys = (cls: CimClass): string =>
    keyProperties(cls)
      .map((key) => foldName(key.name))
      .sort()
      .join(', ');
  return keys(before) === keys(after) ? null : `its keys would become ${keys(after) || 'none'}`;
}

/**
 * Works out what a unit does to a namespace and checks every class that it brings, in its future surroundings.
 *
 * @param hasInstances of exactly that class
 * @throws CimError 4 and 10 a class breaks a rule; 1 a qualifier type in use would get another type; 8 a present subclass, 9 present instances would not fit any more
 */
export function mergeSchema(schema: Schema, unit: SchemaUnit, hasInstances: (name: string) => boolean): MergedSchema {
  const incoming = new Map(unit.classes.map((cls) => [foldName(cls.name), cls]));
  const types = new Map(unit.qualifierTypes.map((type) => [foldName(type.name), type]));
  const future = createMemorySource([], unit.qualifierTypes);
  const source = {
    find: (name: string) => future.find(name) ?? (incoming.has(foldName(name)) ? undefined : schema.declared(name)),
    names: () => [...future.names(), ...schema.names()],
    qualifierType: (name: string) => types.get(foldName(name)) ?? schema.qualifierType(name),
  };
  for (const type of unit.qualifierTypes) refuseOtherType(schema, type, incoming);
  const view = createSchema(source);
  const added: CimClass[] = [];
  const changed: CimClass[] = [];
  let unchanged = 0;
  for (const cls of inOrder(incoming, (name) => schema.declared(name) !== undefined)) {
    const present = schema.declared(cls.name);
    const inherited = elementNames(cls.superclass === null ? undefined : view.get(cls.superclass));
    const merged = present === undefined ? cls : mergeClass(present, cls, (name) => inherited.has(foldName(name)));
    const declared = checkCreateClass(view, merged);
    future.set(declared);
    view.invalidate(declared.name);
    if (present === undefined) added.push(declared);
    else if (isSameClass(present, declared)) unchanged++;
    else changed.push(declared);
  }
  const affected = affectedBy(schema, changed);
  for (const name of affected) if (!incoming.has(foldName(name))) checkBystander(view, name);
  checkInstances(schema, view, affected, hasInstances);
  return { qualifierTypes: unit.qualifierTypes, added, changed, unchanged };
}

/** A qualifier type keeps its type while a class that the unit does not bring uses it. @throws CimError 1 */
function refuseOtherType(schema: Schema, type: CimQualifierType, incoming: ReadonlyMap<string, CimClass>): void {
  const before = schema.qualifierType(type.name);
  if (before === undefined || (before.type === type.type && before.isArray === type.isArray)) return;
  for (const name of schema.names()) {
    const declared = incoming.has(foldName(name)) ? undefined : schema.declared(name);
    if (declared !== undefined && usesQualifier(declared, type.name)) {
      throw new CimError(1, `qualifier type ${type.name} is in use by class ${name}`);
    }
  }
}

/** The changed classes and everything that derives from them. */
function affectedBy(schema: Schema, changed: readonly CimClass[]): ReadonlySet<string> {
  const affected = new Set<string>();
  for (const cls of changed) {
    for (const name of [cls.name, ...schema.subclasses(cls.name, { deep: true })]) affected.add(name);
  }
  return affected;
}

/** A class that the unit does not bring, below one that it changes. */
function checkBystander(future: Schema, name: string): void {
  const declared = future.declared(name);
  if (declared === undefined) return;
  const without = createSchema({
    find: (other) => (sameName(other, name) ? undefined : future.declared(other)),
    names: () => future.names(),
    qualifierType: (type) => future.qualifierType(type),
  });
  try {
    checkCreateClass(without, declared);
  } catch (cause) {
    if (!(cause instanceof CimError)) throw cause;
    throw new CimError(8, `the present class ${name} would no longer fit: ${cause.description}`, { cause });
  }
}

function checkInstances(
  schema: Schema,
  future: Schema,
  affected: ReadonlySet<string>,
  hasInstances: (name: string) => boolean,
): void {
  for (const name of affected) {
    const before = schema.get(name);
    const after = future.get(name);
    if (before === undefined || !hasInstances(name)) continue;
    const reason = after === undefined ? 'its superclass would be missing' : misfit(before, after);
    if (reason !== null) throw new CimError(9, `${name} has instances, and ${reason}`);
  }
}

/** Whether a class or one of its elements bears the qualifier. */
export function usesQualifier(cls: CimClass, name: string): boolean {
  const bears = (element: { readonly qualifiers: CimClass['qualifiers'] }): boolean =>
    element.qualifiers.some((qualifier) => sameName(qualifier.name, name));
  return (
    bears(cls) ||
    cls.properties.some(bears) ||
    cls.methods.some((method) => bears(method) || method.parameters.some(bears))
  );
}
