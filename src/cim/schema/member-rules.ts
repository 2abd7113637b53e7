// What a class may declare beside, and over, what it inherits: DSP0004 5.1.2 and 5.6.3.39 (Override).
import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  findByName,
  foldName,
  hasQualifier,
  isAssociation,
  isCimName,
  isKey,
  sameName,
} from '../model/index.js';
import { membersOf } from './members.js';
import { keysOfClass } from './path.js';
import { standardQualifier } from './own-qualifier.js';
import { checkQualifiers } from './qualifier-rules.js';
import { describeType, describeValue, isValueOf } from './scalar.js';
import type { Schema } from './schema.js';
import { ClassViolation } from './violation.js';

function fail(place: string, sentence: string): never {
  throw new ClassViolation(place, sentence);
}

function checkNames(place: string, what: string, elements: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of elements) {
    if (!isCimName(name)) fail(place, `"${name}" is not a CIM name`);
    const folded = foldName(name);
    if (seen.has(folded)) fail(place, `${what} ${name} stands twice`);
    seen.add(folded);
  }
}

type Typed = Pick<CimParameter, 'type' | 'isArray' | 'arraySize' | 'referenceClass' | 'qualifiers'>;

/** Null where an element may stand in the place of the inherited one. */
function typeConflict(schema: Schema, own: Typed, inherited: Typed): string | null {
  if (own.type !== inherited.type || own.isArray !== inherited.isArray) {
    return `overrides ${describeType(inherited)} by ${describeType(own)}`;
  }
  if (own.isArray && inherited.arraySize !== null && own.arraySize !== inherited.arraySize) {
    return `overrides an array of ${inherited.arraySize} by one of ${own.arraySize ?? 'any size'}`;
  }
  const wider = inherited.referenceClass;
  const narrower = own.referenceClass;
  if (own.type === 'reference' && wider !== null && narrower !== null && known(schema, narrower)) {
    if (!schema.isSubclass(narrower, wider)) return `${narrower} is not derived from ${wider}, which it overrides`;
  }
  if (own.type !== 'string') return null;
  const embeddedWide = standardQualifier(inherited, 'embeddedinstance');
  const embeddedNarrow = standardQualifier(own, 'embeddedinstance');
  if (typeof embeddedWide === 'string' && typeof embeddedNarrow === 'string' && known(schema, embeddedNarrow)) {
    if (!schema.isSubclass(embeddedNarrow, embeddedWide)) {
      return `embedded ${embeddedNarrow} is not derived from ${embeddedWide}, which it overrides`;
    }
  }
  return null;
}

function known(schema: Schema, name: string): boolean {
  return schema.superclassOf(name) !== undefined;
}

function checkOverride(
  place: string,
  element: { readonly name: string; readonly qualifiers: CimClass['qualifiers'] },
  inherited: { readonly name: string } | undefined,
): void {
  const override = standardQualifier(element, 'override');
  if (typeof override !== 'string') return;
  if (inherited === undefined) fail(place, `overrides ${override}, which the superclass does not have`);
  // An old form names the class too: "Class.Property".
  const named = override.slice(override.lastIndexOf('.') + 1);
  if (!sameName(named, element.name)) fail(place, `Override names ${override}; it must name ${element.name} itself`);
}

function checkProperty(
  schema: Schema,
  cls: CimClass,
  property: CimPropertyDeclaration,
  superclass: CimClass | null,
): void {
  const place = `${cls.name}.${property.name}`;
  const inherited = superclass === null ? undefined : membersOf(superclass).properties.get(foldName(property.name));
  const isReference = property.type === 'reference';
  checkQualifiers(
    { place, scopes: [isReference ? 'reference' : 'property'], qualifiers: property.qualifiers, inherited },
    schema,
  );
  checkOverride(place, property, inherited);
  const conflict = inherited === undefined ? null : typeConflict(schema, property, inherited);
  if (conflict !== null) fail(place, conflict);
  if (isReference && property.isArray) fail(place, 'a reference cannot be an array');
  if (isReference && !isAssociation(cls) && !(superclass !== null && isAssociation(superclass))) {
    fail(place, 'only associations have references');
  }
  if (standardQualifier(property, 'key') === true) {
    if (property.isArray) fail(place, 'an array cannot be a key');
    if (standardQualifier(property, 'embeddedinstance') !== undefined || hasQualifier(property, 'EmbeddedObject')) {
      fail(place, 'an embedded object cannot be a key');
    }
    const keyed = superclass !== null && keysOfClass(superclass).length > 0;
    if (keyed && !(inherited !== undefined && isKey(inherited))) {
      fail(place, `a class whose superclass ${superclass.name} has keys cannot add one`);
    }
  }
  if (!isValueOf(property.type, property.isArray, property.defaultValue)) {
    fail(place, `default: expected ${describeType(property)}, got ${describeValue(property.defaultValue)}`);
  }
}

function checkParameter(
  schema: Schema,
  place: string,
  parameter: CimParameter,
  inherited: CimParameter | undefined,
): void {
  checkQualifiers(
    {
      place,
      scopes: parameter.type === 'reference' ? ['parameter', 'reference'] : ['parameter'],
      qualifiers: parameter.qualifiers,
      inherited,
    },
    schema,
  );
  const conflict = inherited === undefined ? null : typeConflict(schema, parameter, inherited);
  if (conflict !== null) fail(place, conflict);
}

function checkMethod(schema: Schema, cls: CimClass, method: CimMethod, superclass: CimClass | null): void {
  const place = `${cls.name}.${method.name}`;
  const inherited = superclass === null ? undefined : membersOf(superclass).methods.get(foldName(method.name));
  checkQualifiers({ place, scopes: ['method'], qualifiers: method.qualifiers, inherited }, schema);
  checkOverride(place, method, inherited);
  if (method.returnType === 'reference') fail(place, 'a method cannot return a reference');
  if (inherited !== undefined && inherited.returnType !== method.returnType) {
    fail(place, `overrides a method that returns ${inherited.returnType} by one that returns ${method.returnType}`);
  }
  checkNames(place, 'parameter', method.parameters);
  for (const parameter of method.parameters) {
    const before = inherited === undefined ? undefined : findByName(inherited.parameters, parameter.name);
    checkParameter(schema, `${place}(${parameter.name})`, parameter, before);
  }
}

/**
 * Checks what a class declares against its resolved superclass: names, qualifiers, keys, references, overrides, defaults.
 * @throws CimError 4 with a sentence that names the place
 */
export function checkMembers(schema: Schema, cls: CimClass, superclass: CimClass | null): void {
  checkNames(cls.name, 'property', cls.properties);
  checkNames(cls.name, 'method', cls.methods);
  for (const property of cls.properties) if (!property.propagated) checkProperty(schema, cls, property, superclass);
  for (const method of cls.methods) if (!method.propagated) checkMethod(schema, cls, method, superclass);
}
