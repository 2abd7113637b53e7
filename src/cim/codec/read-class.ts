import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimType,
  type CimValue,
  type EmbeddedKind,
  foldName,
  freezeDeep,
  hasQualifier,
  isCimName,
  isCimType,
  qualifierScopes,
  qualifierValue,
} from '../model/index.js';
import { cimName, readReference } from './read-path.js';
import { readArray, readScalar } from './read-value.js';
import type { CimXmlReader } from './reader.js';

/** The TYPE attribute, which knows no references. */
export function plainType(reader: CimXmlReader): CimType {
  const type = reader.attribute('TYPE');
  if (!isCimType(type) || type === 'reference') return reader.invalid(`TYPE="${type}" in ${reader.scanner.name}`);
  return type;
}

/** The ARRAYSIZE attribute. */
export function arraySize(reader: CimXmlReader): number | null {
  const text = reader.scanner.tag.attribute('ARRAYSIZE');
  if (text === undefined) return null;
  if (/^[0-9]{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  reader.wrong(`ARRAYSIZE="${text.slice(0, 40)}"`);
  return null;
}

/** An optional attribute that must be a CIM name. */
export function optionalName(reader: CimXmlReader, attribute: string): string | null {
  const name = reader.scanner.tag.attribute(attribute);
  if (name === undefined) return null;
  if (!isCimName(name)) reader.wrong(`${attribute} is not a CIM name: "${name.slice(0, 80)}"`);
  return name;
}

/** The EmbeddedObject attribute, also spelt in upper case as SBLIM's Java client does. */
export function embeddedKind(reader: CimXmlReader): EmbeddedKind | null {
  const { tag } = reader.scanner;
  const kind = tag.attribute('EmbeddedObject') ?? tag.attribute('EMBEDDEDOBJECT');
  if (kind === undefined) return null;
  if (kind !== 'instance' && kind !== 'object') return reader.invalid(`EmbeddedObject="${kind}"`);
  return kind;
}

/** Refuses two elements of one name. */
export function refuseTwice(reader: CimXmlReader, what: string, elements: readonly { readonly name: string }[]): void {
  if (elements.length < 2) return;
  const names = new Set<string>();
  for (const { name } of elements) {
    const folded = foldName(name);
    if (names.has(folded)) reader.wrong(`${what} ${name.slice(0, 80)} twice`);
    names.add(folded);
  }
}

function readValueOf(reader: CimXmlReader, child: string | null, type: CimType): CimValue {
  if (child === null) return null;
  const meaning = { type, embedded: false };
  const value =
    child === 'VALUE'
      ? readScalar(reader, meaning)
      : child === 'VALUE.ARRAY'
        ? readArray(reader, meaning)
        : reader.invalid(`unexpected ${child}`);
  reader.end();
  return value;
}

function flavorOf(reader: CimXmlReader): CimQualifier['flavor'] {
  return {
    overridable: reader.flag('OVERRIDABLE', true),
    toSubclass: reader.flag('TOSUBCLASS', true),
    translatable: reader.flag('TRANSLATABLE', false),
  };
}

/** QUALIFIER. */
export function readQualifier(reader: CimXmlReader): CimQualifier {
  const name = cimName(reader, 'NAME');
  const type = plainType(reader);
  const flavor = flavorOf(reader);
  const propagated = reader.flag('PROPAGATED', false);
  reader.flag('TOINSTANCE', false);
  const value = readValueOf(reader, reader.child(), type);
  return { name, type, isArray: Array.isArray(value), value, flavor, propagated };
}

/** QUALIFIER.DECLARATION. */
export function readQualifierDeclaration(reader: CimXmlReader): CimQualifierType {
  const name = cimName(reader, 'NAME');
  const type = plainType(reader);
  const isArray = reader.flag('ISARRAY', false);
  const size = arraySize(reader);
  const flavor = flavorOf(reader);
  reader.flag('TOINSTANCE', false);
  let child = reader.child();
  const scopes = new Set<CimQualifierType['scopes'] extends ReadonlySet<infer S> ? S : never>();
  if (child === 'SCOPE') {
    for (const scope of qualifierScopes) if (reader.flag(scope.toUpperCase(), false)) scopes.add(scope);
    reader.end();
    child = reader.child();
  }
  const defaultValue = readValueOf(reader, child, type);
  if (defaultValue !== null && Array.isArray(defaultValue) !== isArray) {
    reader.wrong(`default of qualifier ${name}: ISARRAY says otherwise`);
  }
  return { name, type, isArray, arraySize: size, defaultValue, scopes, flavor };
}

/** Reads QUALIFIER children; returns the first child after them. */
export function readQualifiers(reader: CimXmlReader, into: CimQualifier[]): string | null {
  let child = reader.child();
  for (; child === 'QUALIFIER'; child = reader.child()) into.push(readQualifier(reader));
  refuseTwice(reader, 'qualifier', into);
  return child;
}

/** What the qualifiers say of embedding, for elements on which no attribute does. */
function embeddedBy(qualifiers: readonly CimQualifier[]): EmbeddedKind | null {
  if (typeof qualifierValue({ qualifiers }, 'EmbeddedInstance') === 'string') return 'instance';
  return hasQualifier({ qualifiers }, 'EmbeddedObject') ? 'object' : null;
}

type PropertyElement = 'PROPERTY' | 'PROPERTY.ARRAY' | 'PROPERTY.REFERENCE';

/** Whether the element is one of the three that are properties. */
export function isPropertyElement(element: string | null): element is PropertyElement {
  return element === 'PROPERTY' || element === 'PROPERTY.ARRAY' || element === 'PROPERTY.REFERENCE';
}

function readProperty(reader: CimXmlReader, element: PropertyElement): CimPropertyDeclaration {
  const name = cimName(reader, 'NAME');
  const isReference = element === 'PROPERTY.REFERENCE';
  const type = isReference ? 'reference' : plainType(reader);
  const isArray = element === 'PROPERTY.ARRAY';
  const size = isArray ? arraySize(reader) : null;
  const referenceClass = isReference ? optionalName(reader, 'REFERENCECLASS') : null;
  const classOrigin = optionalName(reader, 'CLASSORIGIN');
  const propagated = reader.flag('PROPAGATED', false);
  const declared = isReference ? null : embeddedKind(reader);
  const qualifiers: CimQualifier[] = [];
  const child = readQualifiers(reader, qualifiers);
  const embedded = declared ?? embeddedBy(qualifiers);
  let defaultValue: CimValue = null;
  if (child !== null) {
    if (child === 'VALUE.REFERENCE' && isReference) defaultValue = readReference(reader);
    else if (child === 'VALUE.ARRAY' && isArray) defaultValue = readArray(reader, { type, embedded: false });
    else if (child === 'VALUE' && element === 'PROPERTY') defaultValue = readScalar(reader, { type, embedded: false });
    else reader.invalid(`unexpected ${child}`);
    reader.end();
  }
  return {
    name,
    type,
    isArray,
    arraySize: size,
    defaultValue,
    referenceClass,
    embedded,
    classOrigin,
    propagated,
    qualifiers,
  };
}

type ParameterElement = 'PARAMETER' | 'PARAMETER.REFERENCE' | 'PARAMETER.ARRAY' | 'PARAMETER.REFARRAY';

function isParameterElement(element: string | null): element is ParameterElement {
  return (
    element === 'PARAMETER' ||
    element === 'PARAMETER.REFERENCE' ||
    element === 'PARAMETER.ARRAY' ||
    element === 'PARAMETER.REFARRAY'
  );
}

function readParameter(reader: CimXmlReader, element: ParameterElement): CimParameter {
  const name = cimName(reader, 'NAME');
  const isReference = element === 'PARAMETER.REFERENCE' || element === 'PARAMETER.REFARRAY';
  const type = isReference ? 'reference' : plainType(reader);
  const isArray = element === 'PARAMETER.ARRAY' || element === 'PARAMETER.REFARRAY';
  const size = isArray ? arraySize(reader) : null;
  const referenceClass = isReference ? optionalName(reader, 'REFERENCECLASS') : null;
  const qualifiers: CimQualifier[] = [];
  const child = readQualifiers(reader, qualifiers);
  if (child !== null) reader.invalid(`unexpected ${child}`);
  return { name, type, isArray, arraySize: size, referenceClass, embedded: embeddedBy(qualifiers), qualifiers };
}

function readMethod(reader: CimXmlReader): CimMethod {
  const name = cimName(reader, 'NAME');
  const returnType = reader.scanner.tag.attribute('TYPE') === undefined ? 'reference' : plainType(reader);
  const classOrigin = optionalName(reader, 'CLASSORIGIN');
  const propagated = reader.flag('PROPAGATED', false);
  const qualifiers: CimQualifier[] = [];
  const parameters: CimParameter[] = [];
  let child = readQualifiers(reader, qualifiers);
  for (; isParameterElement(child); child = reader.child()) parameters.push(readParameter(reader, child));
  if (child !== null) reader.invalid(`unexpected ${child}`);
  refuseTwice(reader, 'parameter', parameters);
  return { name, returnType, parameters, classOrigin, propagated, qualifiers };
}

/** CLASS. A method without TYPE returns a reference: TYPE has no word for it. */
export function readClass(reader: CimXmlReader): CimClass {
  const name = cimName(reader, 'NAME');
  const superclass = optionalName(reader, 'SUPERCLASS');
  const qualifiers: CimQualifier[] = [];
  const properties: CimPropertyDeclaration[] = [];
  const methods: CimMethod[] = [];
  let child = readQualifiers(reader, qualifiers);
  for (; isPropertyElement(child); child = reader.child()) properties.push(readProperty(reader, child));
  for (; child === 'METHOD'; child = reader.child()) methods.push(readMethod(reader));
  if (child !== null) reader.invalid(`unexpected ${child}`);
  refuseTwice(reader, 'property', properties);
  refuseTwice(reader, 'method', methods);
  return freezeDeep({ kind: 'class', name, superclass, qualifiers, properties, methods, path: null });
}
