import {
  type CimClass,
  type CimInstance,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimScalar,
  type CimType,
  type CimValue,
  defaultFlavor,
  isCimArray,
  type QualifierFlavor,
  qualifierScopes,
} from '../model/index.js';
import { describeType, type QualifierTypes } from '../schema/index.js';
import { formatObjectPath } from '../uri/index.js';
import { lineWidth, type Pieces, writeList, writePlain, writeString } from './write-text.js';

export interface WriteOptions {
  /** With it, only flavors that differ from the qualifier type's are written; without, those that differ from the default. */
  readonly qualifierTypes?: QualifierTypes;
}

const indentStep = 2;

function piecesOf(type: CimType, value: CimScalar | null, width: number, options: WriteOptions): Pieces {
  if (value === null) return ['NULL'];
  if (typeof value !== 'object' || value.kind === 'datetime') {
    return type === 'string' && typeof value === 'string' ? writeString(value, width) : [writePlain(type, value)];
  }
  switch (value.kind) {
    case 'instance-path':
    case 'class-path':
      return writeString(formatObjectPath(value), width);
    // An embedded object is its own text: DSP0004 5.6.3.20.
    case 'instance':
    case 'class':
      return writeString(toMof(value, options).trimEnd(), width);
  }
}

/** A value behind `head`, with `end` behind it; wrapped. */
function writeValue(head: string, type: CimType, value: CimValue, indent: number, options: WriteOptions): string {
  const room = lineWidth - indent - 3 - 3;
  if (isCimArray(value)) {
    const items = value.map((item) => piecesOf(type, item, room, options));
    return writeList(head, '{', items, '}', indent);
  }
  const pieces = piecesOf(type, value, room, options);
  const flat = `${head}${pieces.join(' ')}`;
  if (pieces.length === 1 && indent + flat.length + 2 <= lineWidth) return flat;
  const margin = ' '.repeat(indent + 3);
  return `${head.trimEnd()}\n${pieces.map((piece) => margin + piece).join('\n')}`;
}

function flavorWords(flavor: QualifierFlavor, base: QualifierFlavor): string[] {
  const words: string[] = [];
  if (flavor.overridable !== base.overridable) words.push(flavor.overridable ? 'EnableOverride' : 'DisableOverride');
  if (flavor.toSubclass !== base.toSubclass) words.push(flavor.toSubclass ? 'ToSubclass' : 'Restricted');
  if (flavor.translatable && !base.translatable) words.push('Translatable');
  return words;
}

function writeQualifier(qualifier: CimQualifier, indent: number, options: WriteOptions): string {
  const { name, type, value, flavor } = qualifier;
  const base = options.qualifierTypes?.(name)?.flavor ?? defaultFlavor;
  const words = flavorWords(flavor, base);
  const suffix = words.length === 0 ? '' : ` : ${words.join(' ')}`;
  if (value === true && type === 'boolean') return name + suffix;
  const body = isCimArray(value)
    ? writeValue(`${name} `, type, value, indent, options)
    : writeList(`${name} `, '(', [piecesOf(type, value, lineWidth - indent - 3 - 4, options)], ')', indent);
  const lastLine = body.length - body.lastIndexOf('\n') - 1 + (body.includes('\n') ? 0 : indent);
  if (lastLine + suffix.length + 2 <= lineWidth) return body + suffix;
  return `${body}\n${' '.repeat(indent + 3)}${suffix.trimStart()}`;
}

/** `[A, B (1)]` and a line end; nothing where there are none. Inherited ones are left out. */
function writeQualifiers(qualifiers: readonly CimQualifier[], indent: number, options: WriteOptions): string {
  const own = qualifiers.filter((qualifier) => !qualifier.propagated);
  if (own.length === 0) return '';
  const margin = ' '.repeat(indent);
  let out = `${margin}[`;
  let column = out.length;
  own.forEach((qualifier, at) => {
    const text = writeQualifier(qualifier, indent + 1, options) + (at < own.length - 1 ? ',' : ']');
    const first = text.indexOf('\n') < 0 ? text.length : text.indexOf('\n');
    if (at > 0 && (column + 1 + first > lineWidth || first < text.length)) out += `\n${margin} ${text}`;
    else out += `${at === 0 ? '' : ' '}${text}`;
    column = out.length - out.lastIndexOf('\n') - 1;
  });
  return `${out}\n`;
}

function sizeOf(element: Pick<CimParameter, 'isArray' | 'arraySize'>): string {
  return element.isArray ? `[${element.arraySize ?? ''}]` : '';
}

function typeName(element: Pick<CimParameter, 'type' | 'referenceClass'>): string {
  return describeType({ type: element.type, referenceClass: element.referenceClass });
}

function writeProperty(property: CimPropertyDeclaration, options: WriteOptions): string {
  const head = `${typeName(property)} ${property.name}${sizeOf(property)}`;
  const margin = ' '.repeat(indentStep);
  const body =
    property.defaultValue === null
      ? head
      : writeValue(`${head} = `, property.type, property.defaultValue, indentStep, options);
  return `${writeQualifiers(property.qualifiers, indentStep, options)}${margin}${body};\n`;
}

function writeMethod(method: CimMethod, options: WriteOptions): string {
  const margin = ' '.repeat(indentStep);
  const inner = ' '.repeat(2 * indentStep);
  const parameters = method.parameters.map(
    (parameter) =>
      `${writeQualifiers(parameter.qualifiers, 2 * indentStep, options)}${inner}${typeName(parameter)} ${parameter.name}${sizeOf(parameter)}`,
  );
  const list = parameters.length === 0 ? '' : `\n${parameters.join(',\n')}`;
  return `${writeQualifiers(method.qualifiers, indentStep, options)}${margin}${method.returnType} ${method.name}(${list});\n`;
}

function writeClass(cls: CimClass, options: WriteOptions): string {
  const members = [
    ...cls.properties.filter((property) => !property.propagated).map((property) => writeProperty(property, options)),
    ...cls.methods.filter((method) => !method.propagated).map((method) => writeMethod(method, options)),
  ];
  const superclass = cls.superclass === null ? '' : ` : ${cls.superclass}`;
  return `${writeQualifiers(cls.qualifiers, 0, options)}class ${cls.name}${superclass} {\n${members.join('\n')}};\n`;
}

function writeInstance(instance: CimInstance, options: WriteOptions): string {
  const margin = ' '.repeat(indentStep);
  const values = instance
    .properties()
    .map(({ name, type, value }) => `${margin}${writeValue(`${name} = `, type, value, indentStep, options)};\n`);
  return `instance of ${instance.className} {\n${values.join('')}};\n`;
}

function writeQualifierType(declaration: CimQualifierType, options: WriteOptions): string {
  const { name, flavor } = declaration;
  const head = `Qualifier ${name} : ${declaration.type}${sizeOf(declaration)} = `;
  const value = writeValue(head, declaration.type, declaration.defaultValue, 0, options);
  const every = qualifierScopes.every((scope) => declaration.scopes.has(scope));
  const scopes = every ? ['any'] : qualifierScopes.filter((scope) => declaration.scopes.has(scope));
  const words = [
    flavor.overridable ? 'EnableOverride' : 'DisableOverride',
    flavor.toSubclass ? 'ToSubclass' : 'Restricted',
    ...(flavor.translatable ? ['Translatable'] : []),
  ];
  return `${value},\n    Scope (${scopes.join(', ')}),\n    Flavor (${words.join(', ')});\n`;
}

/**
 * The MOF of a class (what it declares itself), an instance or a qualifier type. Stable, wrapped at 80 columns where words
 * allow, and compiled again it gives the same model. Embedded objects are written as text.
 * @throws TvdcError `bad_value` for a real that is infinite or no number: MOF has no literal for those
 */
export function toMof(object: CimClass | CimInstance | CimQualifierType, options: WriteOptions = {}): string {
  if (!('kind' in object)) return writeQualifierType(object, options);
  return object.kind === 'class' ? writeClass(object, options) : writeInstance(object, options);
}

/** What one MOF text declares. */
export interface MofContent {
  readonly qualifierTypes?: readonly CimQualifierType[];
  readonly classes?: readonly CimClass[];
  readonly instances?: readonly CimInstance[];
}

/** The MOF of many objects, in the order given: qualifier types, classes, instances. */
export function writeMof(content: MofContent, options: WriteOptions = {}): string {
  const all = [...(content.qualifierTypes ?? []), ...(content.classes ?? []), ...(content.instances ?? [])];
  return all.map((object) => toMof(object, options)).join('\n');
}
