import {
  CimInstance,
  type CimInstancePath,
  type CimQualifier,
  type CimValue,
  foldName,
  type PropertyShape,
} from '../model/index.js';
import { arraySize, embeddedKind, isPropertyElement, optionalName, plainType, readQualifier } from './read-class.js';
import { cimName, readInstanceName, readReference } from './read-path.js';
import { readArray, readScalar, type ValueMeaning } from './read-value.js';
import type { CimXmlReader } from './reader.js';
import { internHeader, shapeRoot } from './shapes.js';

/** What a property's start tag says, remembered with the tag. */
class PropertyHeader {
  readonly shape: PropertyShape;
  readonly meaning: ValueMeaning;
  readonly valueElement: string;

  constructor(shape: PropertyShape) {
    this.shape = shape;
    this.meaning = { type: shape.type, embedded: shape.embedded !== null };
    this.valueElement = shape.type === 'reference' ? 'VALUE.REFERENCE' : shape.isArray ? 'VALUE.ARRAY' : 'VALUE';
  }
}

function parseHeader(reader: CimXmlReader, element: string): PropertyHeader {
  const isReference = element === 'PROPERTY.REFERENCE';
  const isArray = element === 'PROPERTY.ARRAY';
  return new PropertyHeader(
    internHeader({
      name: cimName(reader, 'NAME'),
      type: isReference ? 'reference' : plainType(reader),
      isArray,
      arraySize: isArray ? arraySize(reader) : null,
      embedded: isReference ? null : embeddedKind(reader),
      referenceClass: isReference ? optionalName(reader, 'REFERENCECLASS') : null,
      classOrigin: optionalName(reader, 'CLASSORIGIN'),
      propagated: reader.flag('PROPAGATED', false),
      isKey: false,
    }),
  );
}

function headerOf(reader: CimXmlReader, element: string): PropertyHeader {
  const { tag } = reader.scanner;
  if (tag.memo instanceof PropertyHeader) return tag.memo;
  const { faults } = reader;
  const header = parseHeader(reader, element);
  if (reader.faults === faults) tag.memo = header;
  return header;
}

// Qualifiers on instances are deprecated and say nothing that the class does not.
function skipQualifiers(reader: CimXmlReader): string | null {
  let child = reader.child();
  let qualifiers: CimQualifier[] | null = null;
  for (; child === 'QUALIFIER'; child = reader.child()) (qualifiers ??= []).push(readQualifier(reader));
  if (qualifiers !== null && new Set(qualifiers.map(({ name }) => foldName(name))).size < qualifiers.length) {
    reader.wrong('a qualifier twice');
  }
  return child;
}

function readPropertyValue(reader: CimXmlReader, header: PropertyHeader): CimValue {
  const child = skipQualifiers(reader);
  if (child === null) return null;
  if (child !== header.valueElement) reader.invalid(`unexpected ${child} in property ${header.shape.name}`);
  const value =
    child === 'VALUE'
      ? readScalar(reader, header.meaning)
      : child === 'VALUE.ARRAY'
        ? readArray(reader, header.meaning)
        : readReference(reader);
  reader.end();
  return value;
}

/** INSTANCE. Equal headers give the same shape object. */
export function readInstance(reader: CimXmlReader, path: CimInstancePath | null): CimInstance {
  let node = shapeRoot(cimName(reader, 'CLASSNAME'));
  const values: CimValue[] = [];
  let child = skipQualifiers(reader);
  for (; isPropertyElement(child); child = reader.child()) {
    const header = headerOf(reader, child);
    node = node.next(header.shape);
    values.push(readPropertyValue(reader, header));
  }
  if (child !== null) reader.invalid(`unexpected ${child}`);
  if (node.hasTwice) reader.wrong(`a property twice in an instance of ${node.className}`);
  return new CimInstance(node.shape(path), values, path);
}

/** VALUE.NAMEDINSTANCE. */
export function readNamedInstance(reader: CimXmlReader): CimInstance {
  reader.expect('INSTANCENAME');
  const path = readInstanceName(reader);
  reader.expect('INSTANCE');
  const instance = readInstance(reader, path);
  reader.end();
  return instance;
}
