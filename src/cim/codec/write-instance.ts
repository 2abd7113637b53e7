import { TvdcError } from '../../base/index.js';
import { escapeAttribute, escapeText } from '../../xml/index.js';
import {
  type CimClass,
  CimDateTime,
  type CimInstance,
  type CimScalar,
  type CimType,
  type CimValue,
  type EmbeddedKind,
  formatScalar,
  type InstanceShape,
  isCimArray,
  type PropertyShape,
} from '../model/index.js';
import { classElement } from './write-class.js';
import { referenceElement } from './write-path.js';

const wholeClass = { includeQualifiers: true, includeClassOrigin: true };

function isEmbedded(value: CimScalar | null): value is CimInstance | CimClass {
  return typeof value === 'object' && value !== null && (value.kind === 'instance' || value.kind === 'class');
}

/** The text between VALUE tags: embedded objects are CIM-XML, escaped once more; instances without class origins. */
export function valueText(type: CimType, value: CimScalar): string {
  if (typeof value === 'string' && type === 'string') return escapeText(value);
  if (isEmbedded(value)) {
    if (type !== 'string') throw new TvdcError('bad_value', `an object cannot be embedded in a ${type}`);
    return escapeText(value.kind === 'class' ? classElement(value, wholeClass) : instanceElement(value, false));
  }
  const text = formatScalar(type, value);
  return type === 'char16' ? escapeText(text) : text;
}

/** VALUE, VALUE.ARRAY, VALUE.REFERENCE or VALUE.REFARRAY; nothing for NULL. */
export function valueElement(type: CimType, value: CimValue): string {
  if (value === null) return '';
  if (type === 'reference') return referenceValueElement(value);
  if (!isCimArray(value)) return `<VALUE>${valueText(type, value)}</VALUE>`;
  let text = '<VALUE.ARRAY>';
  for (let at = 0; at < value.length; at++) {
    const item = value[at] ?? null;
    text += item === null ? '<VALUE.NULL/>' : `<VALUE>${valueText(type, item)}</VALUE>`;
  }
  return `${text}</VALUE.ARRAY>`;
}

function referenceScalarElement(value: CimScalar): string {
  if (typeof value === 'object' && (value.kind === 'instance-path' || value.kind === 'class-path')) {
    return referenceElement(value);
  }
  throw new TvdcError('bad_value', 'not a reference');
}

function referenceValueElement(value: Exclude<CimValue, null>): string {
  if (!isCimArray(value)) return referenceScalarElement(value);
  const items = value.map((item) => (item === null ? '<VALUE.NULL/>' : referenceScalarElement(item)));
  return `<VALUE.REFARRAY>${items.join('')}</VALUE.REFARRAY>`;
}

/** What EmbeddedObject says of a value: as declared, else by what it is; null for plain text. */
export function embeddedKindOf(declared: EmbeddedKind | null, value: CimValue): EmbeddedKind | null {
  if (value === null || declared !== null) return declared;
  const first = isCimArray(value) ? (value.find((item) => item !== null) ?? null) : value;
  if (!isEmbedded(first)) return null;
  return first.kind === 'class' ? 'object' : 'instance';
}

/** The constant texts around a property's value. */
interface PropertyText {
  readonly head: string;
  /** Before a plain value; and the same where another plain value stands before it, for fewer texts to be put together. */
  readonly open: string;
  readonly openNext: string;
  /** A string that needs no look at its type. */
  readonly plain: boolean;
}

interface ShapeText {
  readonly open: string;
  readonly properties: readonly PropertyText[];
}

const plainClose = '</VALUE></PROPERTY>';
const plainEnd = `${plainClose}</INSTANCE>`;

function propertyText(property: PropertyShape, withOrigin: boolean): PropertyText {
  const origin =
    withOrigin && property.classOrigin !== null ? ` CLASSORIGIN="${escapeAttribute(property.classOrigin)}"` : '';
  const inherited = withOrigin && property.propagated ? ' PROPAGATED="true"' : '';
  const name = ` NAME="${escapeAttribute(property.name)}"`;
  if (property.type === 'reference') {
    if (property.isArray)
      throw new TvdcError('bad_value', `property ${property.name}: references are no arrays in CIM-XML`);
    const target =
      property.referenceClass === null ? '' : ` REFERENCECLASS="${escapeAttribute(property.referenceClass)}"`;
    const head = `<PROPERTY.REFERENCE${name}${target}${origin}${inherited}`;
    return { head, open: '', openNext: '', plain: false };
  }
  const element = property.isArray ? 'PROPERTY.ARRAY' : 'PROPERTY';
  const size = property.arraySize === null || !property.isArray ? '' : ` ARRAYSIZE="${property.arraySize}"`;
  const head = `<${element}${name} TYPE="${property.type}"${size}${origin}${inherited}`;
  const plain = !property.isArray && property.embedded === null;
  return { head, open: `${head}><VALUE>`, openNext: `${plainClose}${head}><VALUE>`, plain };
}

const shapeTexts = [new WeakMap<InstanceShape, ShapeText>(), new WeakMap<InstanceShape, ShapeText>()] as const;

function textsOf(shape: InstanceShape, withOrigin: boolean): ShapeText {
  const remembered = shapeTexts[withOrigin ? 1 : 0];
  let texts = remembered.get(shape);
  if (texts === undefined) {
    texts = {
      open: `<INSTANCE CLASSNAME="${escapeAttribute(shape.className)}">`,
      properties: shape.properties.map((property) => propertyText(property, withOrigin)),
    };
    remembered.set(shape, texts);
  }
  return texts;
}

function propertyElement(property: PropertyShape, texts: PropertyText, value: CimValue): string {
  if (property.isArray !== isCimArray(value) && value !== null) {
    throw new TvdcError(
      'bad_value',
      `property ${property.name}: ${property.isArray ? 'expected' : 'unexpected'} array`,
    );
  }
  const end = `</${property.type === 'reference' ? 'PROPERTY.REFERENCE' : property.isArray ? 'PROPERTY.ARRAY' : 'PROPERTY'}>`;
  // wbemcli does not read EmbeddedObject on a NULL array.
  const embedded = value === null && property.isArray ? null : embeddedKindOf(property.embedded, value);
  const mark = embedded === null ? '' : ` EmbeddedObject="${embedded}"`;
  return `${texts.head}${mark}>${valueElement(property.type, value)}${end}`;
}

/**
 * INSTANCE: every property that is there, NULL ones without VALUE, none self-closed.
 * @throws TvdcError `bad_value` for a value that is not of its property's type @throws XmlCharacterError `xml_character`
 */
export function instanceElement(instance: CimInstance, withOrigin: boolean): string {
  const { shape, values } = instance;
  const texts = textsOf(shape, withOrigin);
  let text = texts.open;
  let unclosed = false;
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === undefined) continue;
    const property = shape.properties[at] as PropertyShape;
    const around = texts.properties[at] as PropertyText;
    if (around.plain && value !== null && (typeof value !== 'object' || value instanceof CimDateTime)) {
      text += unclosed ? around.openNext : around.open;
      text += valueText(property.type, value);
      unclosed = true;
    } else {
      if (unclosed) text += plainClose;
      text += propertyElement(property, around, value);
      unclosed = false;
    }
  }
  return text + (unclosed ? plainEnd : '</INSTANCE>');
}
