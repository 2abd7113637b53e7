import {
  type CimClass,
  type CimInstance,
  type CimObjectPath,
  type CimQualifierType,
  type CimType,
  type CimValue,
  isCimType,
  parseScalar,
} from '../model/index.js';
import type { ParameterValue } from '../operations/index.js';
import type { ParameterForm } from './operations.js';
import { embeddedKind, readClass, readQualifierDeclaration } from './read-class.js';
import { readInstance, readNamedInstance } from './read-instance.js';
import { cimName, readClassName, readInstanceName, readReference } from './read-path.js';
import { readArray, readReferenceArray, readScalar } from './read-value.js';
import type { CimXmlReader } from './reader.js';

const asText = { type: 'string', embedded: false } as const;

/** What stood in an IPARAMVALUE, by its element. */
export type RawParameter =
  | { readonly element: 'nothing' }
  | { readonly element: 'VALUE'; readonly value: string }
  | { readonly element: 'VALUE.ARRAY'; readonly value: readonly (string | null)[] }
  | { readonly element: 'VALUE.REFERENCE'; readonly value: CimObjectPath }
  | { readonly element: 'CLASSNAME'; readonly value: string }
  | { readonly element: 'INSTANCENAME'; readonly value: CimObjectPath & { readonly kind: 'instance-path' } }
  | { readonly element: 'QUALIFIER.DECLARATION'; readonly value: CimQualifierType }
  | { readonly element: 'CLASS'; readonly value: CimClass }
  | { readonly element: 'INSTANCE' | 'VALUE.NAMEDINSTANCE'; readonly value: CimInstance };

function readElement(reader: CimXmlReader, element: string): RawParameter {
  switch (element) {
    case 'VALUE':
      return { element, value: reader.text() };
    case 'VALUE.ARRAY':
      return { element, value: readArray(reader, asText) as readonly (string | null)[] };
    case 'VALUE.REFERENCE':
      return { element, value: readReference(reader) };
    case 'CLASSNAME':
      return { element, value: readClassName(reader) };
    case 'INSTANCENAME':
      return { element, value: readInstanceName(reader) };
    case 'QUALIFIER.DECLARATION':
      return { element, value: readQualifierDeclaration(reader) };
    case 'CLASS':
      return { element, value: readClass(reader) };
    case 'INSTANCE':
      return { element, value: readInstance(reader, null) };
    case 'VALUE.NAMEDINSTANCE':
      return { element, value: readNamedInstance(reader) };
    default:
      return reader.invalid(`unexpected ${element}`);
  }
}

/** IPARAMVALUE, whatever stands in it. */
export function readIntrinsicParameter(reader: CimXmlReader): RawParameter {
  const child = reader.child();
  if (child === null) return { element: 'nothing' };
  const raw = readElement(reader, child);
  reader.end();
  return raw;
}

function booleanOf(text: string): boolean | undefined {
  const folded = text.trim().toLowerCase();
  return folded === 'true' ? true : folded === 'false' ? false : undefined;
}

function uint32Of(text: string): number | undefined {
  try {
    return parseScalar('uint32', text) as number;
  } catch {
    return undefined;
  }
}

/** The value that a parameter's form makes of what stood there; undefined if it is nothing of that form. */
export function parameterValue(form: ParameterForm, raw: RawParameter): unknown {
  switch (form) {
    case 'boolean':
      return raw.element === 'VALUE' ? booleanOf(raw.value) : undefined;
    case 'string':
      return raw.element === 'VALUE' ? raw.value : undefined;
    case 'uint32':
      return raw.element === 'VALUE' ? uint32Of(raw.value) : undefined;
    case 'string-array':
      return raw.element === 'VALUE.ARRAY' && !raw.value.includes(null) ? raw.value : undefined;
    case 'class-name':
      return raw.element === 'CLASSNAME' ? raw.value : undefined;
    case 'instance-name':
      return raw.element === 'INSTANCENAME' ? raw.value : undefined;
    case 'object-name':
      return objectName(raw);
    case 'class':
      return raw.element === 'CLASS' ? raw.value : undefined;
    case 'instance':
      return raw.element === 'INSTANCE' ? raw.value : undefined;
    case 'named-instance':
      return raw.element === 'VALUE.NAMEDINSTANCE' ? raw.value : undefined;
    case 'qualifier-type':
      return raw.element === 'QUALIFIER.DECLARATION' ? raw.value : undefined;
    case 'untyped-value':
      return raw.element === 'VALUE' || raw.element === 'VALUE.ARRAY' || raw.element === 'VALUE.REFERENCE'
        ? raw.value
        : undefined;
  }
}

// wbemcli names a class by an INSTANCENAME without keys.
function objectName(raw: RawParameter): CimObjectPath | undefined {
  if (raw.element === 'CLASSNAME') return { kind: 'class-path', host: null, namespace: null, className: raw.value };
  if (raw.element !== 'INSTANCENAME') return undefined;
  return raw.value.keys.length > 0
    ? raw.value
    : { kind: 'class-path', host: null, namespace: null, className: raw.value.className };
}

interface DeclaredType {
  readonly type: CimType | null;
  readonly embedded: boolean;
}

/** PARAMTYPE, or TYPE as some clients write, and EmbeddedObject. */
export function declaredType(reader: CimXmlReader): DeclaredType {
  const { tag } = reader.scanner;
  const type = tag.attribute('PARAMTYPE') ?? tag.attribute('TYPE');
  const embedded = embeddedKind(reader) !== null;
  if (type === undefined) return { type: embedded ? 'string' : null, embedded };
  if (type === 'object' || type === 'instance') return { type: 'string', embedded: true };
  if (!isCimType(type)) return reader.invalid(`PARAMTYPE="${type}"`);
  return { type, embedded };
}

/** The value inside PARAMVALUE or RETURNVALUE; a type that nobody said stays null and its scalars text. */
export function readTypedValue(
  reader: CimXmlReader,
  declared: DeclaredType,
): { readonly type: CimType | null; readonly isArray: boolean; readonly value: CimValue } {
  const child = reader.child();
  if (child === null) return { type: declared.type, isArray: false, value: null };
  const meaning = { type: declared.type ?? 'string', embedded: declared.embedded };
  const isArray = child === 'VALUE.ARRAY' || child === 'VALUE.REFARRAY';
  let type = declared.type;
  let value: CimValue;
  switch (child) {
    case 'VALUE':
      value = readScalar(reader, meaning);
      break;
    case 'VALUE.ARRAY':
      value = readArray(reader, meaning);
      break;
    case 'VALUE.REFERENCE':
    case 'VALUE.REFARRAY':
      value = child === 'VALUE.REFERENCE' ? readReference(reader) : readReferenceArray(reader);
      if (type !== null && type !== 'reference') reader.wrong(`a reference is no ${type}`);
      type = 'reference';
      break;
    default: {
      const raw = readElement(reader, child);
      if (raw.element === 'CLASSNAME' || raw.element === 'INSTANCENAME') {
        value = objectName(raw) ?? null;
        type = 'reference';
      } else if (raw.element === 'CLASS' || raw.element === 'INSTANCE' || raw.element === 'VALUE.NAMEDINSTANCE') {
        value = raw.value;
        type = 'string';
      } else {
        return reader.invalid(`unexpected ${child}`);
      }
    }
  }
  reader.end();
  return { type, isArray, value };
}

/** PARAMVALUE. */
export function readParameterValue(reader: CimXmlReader): ParameterValue {
  const name = cimName(reader, 'NAME');
  return { name, ...readTypedValue(reader, declaredType(reader)) };
}
