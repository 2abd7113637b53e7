import { escapeAttribute } from '../../xml/index.js';
import { type CimScalar, type CimType, type CimValue, isCimArray } from '../model/index.js';
import type { ParameterValue } from '../operations/index.js';
import { embeddedKindOf, valueElement } from './write-instance.js';

/** The type under which a value without one is written. */
function typeOfScalar(value: CimScalar): CimType {
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    case 'number':
      return 'real64';
    case 'bigint':
      return value < 0n ? 'sint64' : 'uint64';
    default:
      switch (value.kind) {
        case 'datetime':
          return 'datetime';
        case 'instance-path':
        case 'class-path':
          return 'reference';
        case 'instance':
        case 'class':
          return 'string';
      }
  }
}

function typeOfValue(value: CimValue): CimType {
  const first = isCimArray(value) ? value.find((item) => item !== null) : value;
  return first === undefined || first === null ? 'string' : typeOfScalar(first);
}

/** PARAMVALUE of a method. Without a type no PARAMTYPE is written: the class decides. */
export function parameterElement(parameter: ParameterValue): string {
  const { value } = parameter;
  const embedded = embeddedKindOf(null, value);
  const type = parameter.type === null ? '' : ` PARAMTYPE="${parameter.type}"`;
  const mark = embedded === null ? '' : ` EmbeddedObject="${embedded}"`;
  const inner = valueElement(parameter.type ?? typeOfValue(value), value);
  return `<PARAMVALUE NAME="${escapeAttribute(parameter.name)}"${type}${mark}>${inner}</PARAMVALUE>`;
}

/** A value whose type only the class knows: text as it is, references, arrays. */
export function untypedValueElement(value: CimValue): string {
  if (value === null) return '';
  if (!isCimArray(value)) {
    const type = typeOfScalar(value);
    return type === 'reference' ? valueElement(type, value) : `<VALUE>${untypedText(value)}</VALUE>`;
  }
  const items = value.map((item) => (item === null ? '<VALUE.NULL/>' : `<VALUE>${untypedText(item)}</VALUE>`));
  return `<VALUE.ARRAY>${items.join('')}</VALUE.ARRAY>`;
}

function untypedText(value: CimScalar): string {
  if (typeof value === 'number' && Number.isInteger(value)) return String(value);
  const element = valueElement(typeOfScalar(value), value);
  return element.slice('<VALUE>'.length, -'</VALUE>'.length);
}
