import { TvdcError } from '../../base/index.js';
import {
  type CimClass,
  CimDateTime,
  type CimScalar,
  type CimType,
  type CimValue,
  findByName,
  integerRanges,
  isCimArray,
} from '../../cim/model/index.js';
import { parseObjectPath } from '../../cim/uri/index.js';

/** What a declaration says about values. */
export interface DeclaredType {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
}

function wrong(name: string, expected: string, value: unknown): TvdcError {
  const got =
    typeof value === 'object' && value !== null ? ((value as { kind?: string }).kind ?? 'object') : String(value);
  return new TvdcError('bad_value', `${name}: expected ${expected}, got ${got.slice(0, 80)}`);
}

function toInteger(name: string, type: CimType, value: CimScalar): number | bigint {
  const range = integerRanges[type];
  let whole: bigint | null = null;
  if (typeof value === 'bigint') whole = value;
  else if (typeof value === 'number' && Number.isSafeInteger(value)) whole = BigInt(value);
  else if (typeof value === 'string' && /^\s*[+-]?[0-9]+\s*$/.test(value))
    whole = BigInt(value.trim().replace('+', ''));
  if (whole === null || range === undefined || whole < range.min || whole > range.max) throw wrong(name, type, value);
  return type === 'uint64' || type === 'sint64' ? whole : Number(whole);
}

function toReal(name: string, type: CimType, value: CimScalar): number {
  if (typeof value === 'number') return value;
  const number =
    typeof value === 'bigint' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : Number.NaN;
  if (Number.isNaN(number) && value !== 'NaN') throw wrong(name, type, value);
  return number;
}

function toBoolean(name: string, value: CimScalar): boolean {
  if (typeof value === 'boolean') return value;
  const folded = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (folded !== 'true' && folded !== 'false') throw wrong(name, 'boolean', value);
  return folded === 'true';
}

function toScalar(name: string, type: CimType, value: CimScalar): CimScalar {
  switch (type) {
    case 'boolean':
      return toBoolean(name, value);
    case 'string':
      // Embedded objects travel in string properties.
      if (
        typeof value === 'string' ||
        (typeof value === 'object' && (value.kind === 'instance' || value.kind === 'class'))
      ) {
        return value;
      }
      throw wrong(name, 'string', value);
    case 'char16':
      if (typeof value === 'string' && value.length === 1) return value;
      throw wrong(name, 'one character', value);
    case 'real32':
    case 'real64':
      return toReal(name, type, value);
    case 'datetime':
      if (typeof value === 'string') return CimDateTime.parse(value);
      if (typeof value === 'object' && value.kind === 'datetime') return value;
      throw wrong(name, 'datetime', value);
    case 'reference':
      if (typeof value === 'string') return parseObjectPath(value);
      if (typeof value === 'object' && (value.kind === 'instance-path' || value.kind === 'class-path')) return value;
      throw wrong(name, 'reference', value);
    default:
      return toInteger(name, type, value);
  }
}

/**
 * Brings a value that a person or a server gave to the type declared: integers to number or bigint, texts of numbers,
 * booleans, datetimes and references to what they mean.
 * @throws TvdcError `bad_value`, `bad_datetime`, ParseError `bad_object_path`
 */
export function toTypedValue(declared: DeclaredType, value: CimValue): CimValue {
  if (value === null) return null;
  if (isCimArray(value)) {
    if (!declared.isArray) throw wrong(declared.name, `one ${declared.type}`, 'an array');
    return value.map((item) => (item === null ? null : toScalar(declared.name, declared.type, item)));
  }
  if (declared.isArray) throw wrong(declared.name, `an array of ${declared.type}`, value);
  return toScalar(declared.name, declared.type, value);
}

/** The same for a property of a class. @throws TvdcError `no_such_property` */
export function toDeclaredValue(cls: CimClass, name: string, value: CimValue | undefined): CimValue | undefined {
  if (value === undefined) return undefined;
  const property = findByName(cls.properties, name);
  if (property === undefined) throw new TvdcError('no_such_property', `${cls.name} has no property ${name}`);
  return toTypedValue(property, value);
}
