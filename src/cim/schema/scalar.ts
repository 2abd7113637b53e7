import { CimDateTime, type CimScalar, type CimType, type CimValue, integerRanges, isCimArray } from '../model/index.js';

/** The integer as a value of the type: bigint for 64 bits, else number; undefined where it does not fit. */
export function toIntegerOf(type: CimType, value: bigint): number | bigint | undefined {
  const range = integerRanges[type];
  if (range === undefined || value < range.min || value > range.max) return undefined;
  return type === 'uint64' || type === 'sint64' ? value : Number(value);
}

/** One UCS-2 character: DSP0004 5.2.2. */
function isCharacter(text: string): boolean {
  return text.length === 1;
}

const smallRanges: Readonly<Record<string, readonly [number, number]>> = {
  uint8: [0, 0xff],
  sint8: [-0x80, 0x7f],
  uint16: [0, 0xffff],
  sint16: [-0x8000, 0x7fff],
  uint32: [0, 0xffff_ffff],
  sint32: [-0x8000_0000, 0x7fff_ffff],
};

/** Whether a value that is not NULL and no array is one of the type, range included. Embedded objects count as `string`. */
export function isScalarOf(type: CimType, value: CimScalar): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string' || (typeof value === 'object' && isEmbedded(value));
    case 'char16':
      return typeof value === 'string' && isCharacter(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'real32':
    case 'real64':
      return typeof value === 'number';
    case 'datetime':
      return value instanceof CimDateTime;
    case 'reference':
      return typeof value === 'object' && (value.kind === 'instance-path' || value.kind === 'class-path');
    case 'uint64':
    case 'sint64':
      return typeof value === 'bigint' && toIntegerOf(type, value) !== undefined;
    default: {
      const range = smallRanges[type] as readonly [number, number];
      return typeof value === 'number' && Number.isInteger(value) && value >= range[0] && value <= range[1];
    }
  }
}

function isEmbedded(value: CimScalar & object): boolean {
  return value.kind === 'instance' || value.kind === 'class';
}

/** Whether a value fits type and array-ness; NULL fits everything, and NULL items fit every array. */
export function isValueOf(type: CimType, isArray: boolean, value: CimValue): boolean {
  if (value === null) return true;
  if (!isCimArray(value)) return !isArray && isScalarOf(type, value);
  if (!isArray) return false;
  for (let at = 0; at < value.length; at++) {
    const item = value[at] ?? null;
    if (item !== null && !isScalarOf(type, item)) return false;
  }
  return true;
}

/** What a value is, for sentences: `array of string`. */
export function describeValue(value: CimValue): string {
  if (value === null) return 'NULL';
  if (isCimArray(value)) {
    const first = value.find((item) => item !== null);
    return first === undefined ? 'array' : `array of ${describeValue(first ?? null)}`;
  }
  if (typeof value === 'string') return value.length <= 40 ? `"${value}"` : `"${value.slice(0, 40)}…"`;
  if (typeof value !== 'object') return String(value);
  switch (value.kind) {
    case 'datetime':
      return value.text;
    case 'instance-path':
      return `path of a ${value.className}`;
    case 'class-path':
      return `class path ${value.className}`;
    case 'instance':
      return `instance of ${value.className}`;
    case 'class':
      return `class ${value.name}`;
  }
}

/** `uint16[]`, `CIM_Foo REF`: how a type is spelt in sentences and in MOF. */
export function describeType(element: {
  readonly type: CimType;
  readonly isArray?: boolean;
  readonly referenceClass?: string | null;
}): string {
  const base = element.type === 'reference' ? `${element.referenceClass ?? 'object'} REF` : element.type;
  return element.isArray === true ? `${base}[]` : base;
}
