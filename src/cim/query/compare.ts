// Comparison in three values: true, false, null (unknown). NULL and values that cannot be compared are unknown.
import {
  CimDateTime,
  type CimInstancePath,
  type CimScalar,
  type CimValue,
  instanceIdentity,
  isCimArray,
  samePath,
} from '../model/index.js';
import { parseObjectPath } from '../uri/index.js';
import type { ComparisonOperator } from './syntax.js';

export type Truth = boolean | null;

export function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function holds(operator: ComparisonOperator, order: number): boolean {
  switch (operator) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** Exact also between 64-bit integers and reals; NaN is not comparable. */
function compareNumbers(operator: ComparisonOperator, a: number | bigint, b: number | bigint): Truth {
  if (Number.isNaN(a) || Number.isNaN(b)) return null;
  return holds(operator, a < b ? -1 : a > b ? 1 : 0);
}

/** First and last moment that a datetime may stand for: asterisks are open (DSP0004 5.2.4). */
function span(datetime: CimDateTime): readonly [number, number] | null {
  const { text } = datetime;
  const exact = datetime.toMilliseconds();
  if (exact !== null) return [exact, exact];
  const fill = (digits: string): number | null => {
    let filled = '';
    for (let at = 0; at < text.length; at++) filled += text[at] === '*' ? (digits[at] ?? '0') : text[at];
    try {
      return CimDateTime.parse(filled).toMilliseconds();
    } catch {
      return null;
    }
  };
  const interval = datetime.isInterval;
  const from = fill(interval ? '00000000000000.000000' : '00010101000000.000000');
  const to = fill(interval ? '99999999235959.999999' : '99991228235959.999999');
  return from === null || to === null ? null : [from, to];
}

function compareDateTimes(operator: ComparisonOperator, a: CimDateTime, b: CimDateTime): Truth {
  if (a.isInterval !== b.isInterval) return null;
  if (a.text === b.text) return holds(operator, 0);
  const left = span(a);
  const right = span(b);
  if (left === null || right === null) return null;
  if (left[1] < right[0]) return holds(operator, -1);
  if (left[0] > right[1]) return holds(operator, 1);
  const exact = left[0] === left[1] && right[0] === right[1];
  return exact ? holds(operator, 0) : null;
}

/** Text of a constant as the other side wants it; null where it is not one. */
export function toDateTime(text: string): CimDateTime | null {
  try {
    return CimDateTime.parse(text);
  } catch {
    return null;
  }
}

export function toPath(text: string): ReturnType<typeof parseObjectPath> | null {
  try {
    return parseObjectPath(text);
  } catch {
    return null;
  }
}

function looseIdentity(path: CimInstancePath): string {
  const keys = path.keys.map((key) => ({
    ...key,
    value: typeof key.value === 'bigint' ? String(key.value) : key.value,
  }));
  return instanceIdentity({ ...path, keys });
}

/** Keys of numbers may have been written with or without quotes. */
function comparePaths(operator: ComparisonOperator, a: CimScalar, b: CimScalar): Truth {
  if (typeof a !== 'object' || typeof b !== 'object' || (operator !== '=' && operator !== '<>')) return null;
  if (a.kind === 'class-path' && b.kind === 'class-path') return (operator === '=') === samePath(a, b);
  if (a.kind !== 'instance-path' || b.kind !== 'instance-path') return null;
  const place = (path: CimInstancePath): CimInstancePath => ({ ...path, keys: [] });
  const same = samePath(place(a), place(b)) && looseIdentity(a) === looseIdentity(b);
  return (operator === '=') === same;
}

function compareWithText(operator: ComparisonOperator, value: CimScalar, text: string): Truth {
  if (typeof value !== 'object') return null;
  const other = value.kind === 'datetime' ? toDateTime(text) : toPath(text);
  return other === null ? null : compareScalars(operator, value, other);
}

const swapped: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function isNumber(value: CimScalar): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** Compares two values that are not NULL. Texts are compared exactly, with case. */
export function compareScalars(operator: ComparisonOperator, a: CimScalar, b: CimScalar): Truth {
  if (isNumber(a)) return isNumber(b) ? compareNumbers(operator, a, b) : null;
  if (typeof a === 'string') {
    if (typeof b === 'string') return holds(operator, a === b ? 0 : a < b ? -1 : 1);
    return compareWithText(swapped[operator], b, a);
  }
  if (typeof b === 'string') return compareWithText(operator, a, b);
  if (typeof a === 'boolean') {
    return typeof b === 'boolean' && (operator === '=' || operator === '<>') ? (operator === '=') === (a === b) : null;
  }
  if (a instanceof CimDateTime) return b instanceof CimDateTime ? compareDateTimes(operator, a, b) : null;
  return comparePaths(operator, a, b);
}

export function compareValues(operator: ComparisonOperator, a: CimValue | undefined, b: CimValue | undefined): Truth {
  if (a === null || a === undefined || b === null || b === undefined || isCimArray(a) || isCimArray(b)) return null;
  return compareScalars(operator, a, b);
}
