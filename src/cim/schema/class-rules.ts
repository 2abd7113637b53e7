// The conditions of CreateClass, ModifyClass and DeleteClass: DSP0200 5.4.2, DSP0004 5.1 and 5.6.
import {
  type CimClass,
  type CimPropertyDeclaration,
  findByName,
  hasQualifier,
  isAbstract,
  isAssociation,
  isCimName,
  isIndication,
  keyProperties,
  type QualifierScope,
  sameName,
} from '../model/index.js';
import { CimError } from '../operations/index.js';
import { checkMembers } from './member-rules.js';
import { checkQualifiers } from './qualifier-rules.js';
import { resolveClass } from './resolve.js';
import { describeType } from './scalar.js';
import { createSchema, type Schema } from './schema.js';
import { ClassViolation } from './violation.js';

/** Whether the class itself, subclasses apart, has stored instances. */
export type PopulationTest = (className: string) => boolean;

function scopesOf(cls: CimClass): QualifierScope[] {
  const scopes: QualifierScope[] = [];
  if (isAssociation(cls)) scopes.push('association');
  if (isIndication(cls)) scopes.push('indication');
  return [...scopes, 'class'];
}

/** The class without what clients send back although it is inherited. */
function ownPart(cls: CimClass): CimClass {
  return {
    ...cls,
    path: null,
    qualifiers: cls.qualifiers.filter((qualifier) => !qualifier.propagated),
    properties: cls.properties
      .filter((property) => !property.propagated)
      .map((property) => ({
        ...property,
        classOrigin: null,
        qualifiers: property.qualifiers.filter((qualifier) => !qualifier.propagated),
      })),
    methods: cls.methods
      .filter((method) => !method.propagated)
      .map((method) => ({
        ...method,
        classOrigin: null,
        qualifiers: method.qualifiers.filter((qualifier) => !qualifier.propagated),
        parameters: method.parameters.map((parameter) => ({
          ...parameter,
          qualifiers: parameter.qualifiers.filter((qualifier) => !qualifier.propagated),
        })),
      })),
  };
}

function superclassOf(schema: Schema, cls: CimClass): CimClass | null {
  if (cls.superclass === null) return null;
  if (sameName(cls.superclass, cls.name)) throw new CimError(10, `${cls.name} cannot be its own superclass`);
  const superclass = schema.get(cls.superclass);
  if (superclass === undefined) {
    throw new CimError(10, `superclass ${cls.superclass} of ${cls.name} does not exist`);
  }
  return superclass;
}

function checkKind(resolved: CimClass, superclass: CimClass | null): void {
  const { name } = resolved;
  if (isAssociation(resolved)) {
    if (isIndication(resolved)) throw new ClassViolation(name, 'a class cannot be association and indication at once');
    if (superclass !== null && !isAssociation(superclass)) {
      throw new ClassViolation(name, `an association cannot derive from ${superclass.name}, which is none`);
    }
    const references = resolved.properties.filter((property) => property.type === 'reference').length;
    if (references < 2)
      throw new ClassViolation(name, `an association needs two references or more, got ${references}`);
  }
  if (isIndication(resolved) && superclass !== null && !isIndication(superclass)) {
    throw new ClassViolation(name, `an indication cannot derive from ${superclass.name}, which is none`);
  }
}

/** Checks one declared class against a resolved superclass. @throws ClassViolation (4) */
function checkDeclaration(
  schema: Schema,
  declared: CimClass,
  superclass: CimClass | null,
  resolved = resolveClass(declared, superclass, (name) => schema.qualifierType(name)),
): void {
  if (!isCimName(declared.name)) throw new ClassViolation(declared.name, 'not a class name');
  const inherited = superclass ?? undefined;
  checkQualifiers(
    { place: declared.name, scopes: scopesOf(resolved), qualifiers: declared.qualifiers, inherited },
    schema,
  );
  checkKind(resolved, superclass);
  checkMembers(schema, declared, superclass);
}

/**
 * Checks a class that the schema holds already, as a compiler does.
 * @throws CimError 10 its superclass does not exist; ClassViolation (4) anything else
 */
export function checkClass(schema: Schema, name: string): void {
  const declared = schema.declared(name);
  if (declared === undefined) throw new CimError(6, `class ${name} does not exist`);
  checkDeclaration(schema, declared, superclassOf(schema, declared), schema.get(name));
}

/**
 * Checks a class that is to be created.
 *
 * @returns the declaration to store: without propagated elements and qualifiers
 * @throws CimError 11 it exists; 10 its superclass does not; 4 anything else, with a sentence that names the place
 */
export function checkCreateClass(schema: Schema, cls: CimClass): CimClass {
  if (schema.declared(cls.name) !== undefined) throw new CimError(11, `class ${cls.name} exists already`);
  const declared = ownPart(cls);
  checkDeclaration(schema, declared, superclassOf(schema, declared));
  return declared;
}

function sameShape(before: CimPropertyDeclaration, after: CimPropertyDeclaration): boolean {
  return before.type === after.type && before.isArray === after.isArray && before.embedded === after.embedded;
}

/** Why stored instances of a class would no longer fit; null where they do. */
function incompatible(before: CimClass, after: CimClass): string | null {
  for (const property of before.properties) {
    const now = findByName(after.properties, property.name);
    if (now === undefined) return `it would lose ${property.name}`;
    if (!sameShape(property, now)) return `${property.name} would become ${describeType(now)}`;
  }
  const keys = (cls: CimClass): string =>
    keyProperties(cls)
      .map((key) => key.name.toLowerCase())
      .sort()
      .join(', ');
  if (keys(before) !== keys(after)) return `its keys would become ${keys(after) || 'none'}`;
  if (!isAbstract(before) && isAbstract(after)) return 'it would become abstract';
  const added = after.properties.find(
    (property) =>
      findByName(before.properties, property.name) === undefined &&
      hasQualifier(property, 'Required') &&
      property.defaultValue === null,
  );
  return added === undefined ? null : `${added.name} would be required and has no default`;
}

/** The schema as it would be with the class in its new form. */
function overlay(schema: Schema, changed: CimClass): Schema {
  return createSchema({
    find: (name) => (sameName(name, changed.name) ? changed : schema.declared(name)),
    names: () => schema.names(),
    qualifierType: (name) => schema.qualifierType(name),
    superclassOf: (name) => schema.superclassOf(name),
  });
}

/**
 * Checks a class that is to be changed. Additive changes pass, also where subclasses and instances exist.
 *
 * @param hasInstances which classes have stored instances
 * @returns the declaration to store
 * @throws CimError 6 it does not exist; 10 the superclass would change; 8 a subclass would no longer fit; 9 instances would
 * no longer fit; 4 anything else
 */
export function checkModifyClass(schema: Schema, cls: CimClass, hasInstances: PopulationTest): CimClass {
  const before = schema.get(cls.name);
  if (before === undefined) throw new CimError(6, `class ${cls.name} does not exist`);
  const same = cls.superclass === null ? before.superclass === null : sameName(cls.superclass, before.superclass ?? '');
  if (!same) {
    throw new CimError(10, `the superclass of ${before.name} is ${before.superclass ?? 'none'} and cannot change`);
  }
  const declared = { ...ownPart(cls), name: before.name, superclass: before.superclass };
  const future = overlay(schema, declared);
  checkDeclaration(future, declared, superclassOf(schema, declared));
  const below = schema.subclasses(before.name, { deep: true });
  for (const name of below) checkSubclass(future, name, before.name);
  for (const name of [before.name, ...below]) {
    if (!hasInstances(name)) continue;
    const reason = incompatible(schema.get(name) as CimClass, future.get(name) as CimClass);
    if (reason !== null) throw new CimError(9, `${name} has instances, and ${reason}`);
  }
  return declared;
}

function checkSubclass(future: Schema, name: string, changed: string): void {
  const subclass = future.declared(name) as CimClass;
  try {
    checkDeclaration(future, subclass, superclassOf(future, subclass));
  } catch (cause) {
    if (!(cause instanceof CimError)) throw cause;
    throw new CimError(8, `${changed} has the subclass ${name}, which would no longer fit: ${cause.description}`, {
      cause,
    });
  }
}

/**
 * Checks a class that is to be deleted.
 * @returns the name as the class spells it
 * @throws CimError 6 it does not exist; 8 it has subclasses; 9 it has instances
 */
export function checkDeleteClass(schema: Schema, name: string, hasInstances: PopulationTest): string {
  const cls = schema.declared(name);
  if (cls === undefined) throw new CimError(6, `class ${name} does not exist`);
  const below = schema.subclasses(cls.name);
  if (below.length > 0) throw new CimError(8, `${cls.name} has the subclass ${below[0] ?? ''}`);
  if (hasInstances(cls.name)) throw new CimError(9, `${cls.name} has instances`);
  return cls.name;
}
