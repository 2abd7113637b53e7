import { TvdcError } from '../../base/index.js';
import { CimDateTime } from './datetime.js';
import type { KeyValue } from './path.js';
import { type CimType, integerRanges } from './types.js';
import { type CimScalar, type CimValue, isCimArray } from './value.js';

const integerForm = /^[+-]?(?:[0-9]+|0[xX][0-9a-fA-F]+)$/;
const realForm = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const longestNumber = 400;

function bad(type: CimType, text: string): TvdcError<'bad_value'> {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new TvdcError('bad_value', `not a value of type ${type}: "${shown}"`);
}

function parseInteger(type: CimType, text: string): bigint {
  if (text.length > longestNumber || !integerForm.test(text)) throw bad(type, text);
  const sign = text[0] === '-' || text[0] === '+';
  const size = BigInt(sign ? text.slice(1) : text);
  return text[0] === '-' ? -size : size;
}

/** A checked integer in the form of the model: bigint for 64 bits, number below. */
function toInteger(type: CimType, value: bigint): number | bigint {
  const range = integerRanges[type];
  if (range === undefined || value < range.min || value > range.max) throw bad(type, value.toString());
  return type === 'uint64' || type === 'sint64' ? value : Number(value);
}

// The shortest text of the largest real32 that others write, 3.4028235E38, is a little more as a real64: rounding decides.
function checkReal(type: CimType, value: number): number {
  if (type === 'real32' && Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
    throw bad(type, String(value));
  return value;
}

function parseReal(type: CimType, text: string): number {
  switch (text.toUpperCase()) {
    case 'INF':
    case '+INF':
      return Number.POSITIVE_INFINITY;
    case '-INF':
      return Number.NEGATIVE_INFINITY;
    case 'NAN':
      return Number.NaN;
  }
  if (text.length > longestNumber || !realForm.test(text)) throw bad(type, text);
  const value = Number(text);
  if (!Number.isFinite(value)) throw bad(type, text);
  return checkReal(type, value);
}

function parseBoolean(text: string): boolean {
  if (text.length > 5) throw bad('boolean', text);
  const folded = text.toLowerCase();
  if (folded !== 'true' && folded !== 'false') throw bad('boolean', text);
  return folded === 'true';
}

function parseDateTime(text: string): CimDateTime {
  try {
    return CimDateTime.parse(text);
  } catch {
    throw bad('datetime', text);
  }
}

// Most integers on the wire are short and decimal: no regular expression, no bigint for those.
function shortDecimal(text: string): number {
  if (text.length === 0 || text.length > 9) return -1;
  let value = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const smallRanges: Readonly<Partial<Record<CimType, number>>> = {
  uint8: 0xff,
  sint8: 0x7f,
  uint16: 0xffff,
  sint16: 0x7fff,
  uint32: 0xffff_ffff,
  sint32: 0x7fff_ffff,
};

/**
 * Text of CIM-XML to a value of the type, by the rules of DSP0201 for VALUE: booleans in any case, integers decimal or
 * hexadecimal and within their range, reals with `INF`, `-INF`, `NaN`; blanks around numbers, booleans and datetimes do
 * not count. `reference` has no text form.
 * @throws TvdcError `bad_value`
 */
export function parseScalar(type: CimType, text: string): CimScalar {
  switch (type) {
    case 'string':
      return text;
    case 'char16':
      if (text.length !== 1) throw bad(type, text);
      return text;
    case 'boolean':
      return parseBoolean(text.trim());
    case 'real32':
    case 'real64':
      return parseReal(type, text.trim());
    case 'datetime':
      return parseDateTime(text.trim());
    case 'reference':
      throw bad(type, text);
    default: {
      const short = shortDecimal(text);
      if (short >= 0 && short <= (smallRanges[type] ?? -1)) return short;
      return toInteger(type, parseInteger(type, text.trim()));
    }
  }
}

/** Shortest text that reads back as the same number, always with a decimal point as DSP0201 demands. */
function formatReal(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF';
  const text = Object.is(value, -0) ? '-0' : String(value);
  if (text.includes('.')) return text;
  const exponent = text.indexOf('e');
  return exponent < 0 ? `${text}.0` : `${text.slice(0, exponent)}.0${text.slice(exponent)}`;
}

/**
 * Text of a value as CIM-XML writes it; the reverse of `parseScalar`.
 * @throws TvdcError `bad_value` where the value is not of the type
 */
export function formatScalar(type: CimType, value: CimScalar): string {
  switch (type) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'char16':
      if (typeof value === 'string' && value.length === 1) return value;
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
      break;
    case 'real32':
    case 'real64':
      if (typeof value === 'number') return formatReal(checkReal(type, value));
      break;
    case 'datetime':
      if (value instanceof CimDateTime) return value.text;
      break;
    case 'reference':
      break;
    case 'uint64':
    case 'sint64':
      if (typeof value === 'bigint') return toInteger(type, value).toString();
      break;
    default:
      if (typeof value === 'number' && Number.isInteger(value)) {
        if (value >= 0 && value <= (smallRanges[type] ?? -1)) return String(value);
        return String(toInteger(type, BigInt(value)));
      }
  }
  throw bad(type, typeof value === 'object' ? value.kind : String(value));
}

function coerceNumber(type: CimType, value: number | bigint): CimScalar {
  if (type === 'string') return String(value);
  if (type === 'real32' || type === 'real64') return checkReal(type, Number(value));
  if (integerRanges[type] === undefined || (typeof value === 'number' && !Number.isInteger(value))) {
    throw bad(type, String(value));
  }
  return toInteger(type, BigInt(value));
}

function coerceScalar(type: CimType, value: CimScalar): CimScalar {
  switch (typeof value) {
    case 'string':
      return parseScalar(type, value);
    case 'boolean':
      if (type === 'boolean') return value;
      if (type === 'string') return String(value);
      throw bad(type, String(value));
    case 'number':
    case 'bigint':
      return coerceNumber(type, value);
    default:
      switch (value.kind) {
        case 'datetime':
          if (type === 'datetime') return value;
          break;
        case 'instance-path':
        case 'class-path':
          if (type === 'reference') return value;
          break;
        case 'instance':
        case 'class':
          if (type === 'string') return value;
      }
      throw bad(type, value.kind);
  }
}

/**
 * A value that came without a type (a parameter without PARAMTYPE, the new value of SetProperty) in the type that the
 * class declares. Text is parsed; numbers and booleans are taken where nothing is lost.
 * @throws TvdcError `bad_value` for text out of form or range, and for an array in place of a scalar or the reverse
 */
export function coerceUntyped(type: CimType, isArray: boolean, value: CimValue): CimValue {
  if (value === null) return null;
  if (isCimArray(value)) {
    if (!isArray) throw new TvdcError('bad_value', `expected one ${type}, got an array`);
    return value.map((item) => (item === null ? null : coerceScalar(type, item)));
  }
  if (isArray) throw new TvdcError('bad_value', `expected an array of ${type}, got one value`);
  return coerceScalar(type, value);
}

/**
 * A key that came without a type, in the type that the class declares and the form of `KeyValue`: integers bigint,
 * datetimes their text.
 * @throws TvdcError `bad_value`
 */
export function coerceKey(type: CimType, value: KeyValue): KeyValue {
  const scalar = coerceScalar(type, value);
  if (typeof scalar === 'number' && integerRanges[type] !== undefined) return BigInt(scalar);
  if (typeof scalar !== 'object') return scalar;
  if (scalar.kind === 'datetime') return scalar.text;
  if (scalar.kind === 'instance-path') return scalar;
  throw bad(type, scalar.kind);
}
