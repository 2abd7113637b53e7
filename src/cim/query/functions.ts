// Functions of DMTF:CQL (DSP0202). NULL among the parameters makes the result NULL.
import { CimDateTime, CimInstance, type CimScalar, createClassPath, foldName } from '../model/index.js';
import { formatObjectPath } from '../uri/index.js';
import { toDateTime } from './compare.js';

export type ScalarKind = 'string' | 'number' | 'boolean' | 'datetime' | 'reference' | 'object';

export interface QueryFunction {
  /** Kinds that each parameter may have. */
  readonly parameters: readonly (readonly ScalarKind[])[];
  readonly result: ScalarKind;
  /** How many of the parameters may be left out at the end; the object of the query stands for the last. */
  readonly optional?: 1;
  call(parameters: readonly CimScalar[], now: number): CimScalar | null;
}

const text: readonly ScalarKind[] = ['string'];
const number: readonly ScalarKind[] = ['number'];
const named: readonly ScalarKind[] = ['reference', 'object'];

function integerOf(value: CimScalar | undefined, form: RegExp): bigint | null {
  return typeof value === 'string' && form.test(value.trim()) ? BigInt(value.trim()) : null;
}

function textOf(value: CimScalar | undefined): string {
  return typeof value === 'object' || value === undefined ? '' : String(value);
}

function pathOf(value: CimScalar | undefined): CimScalar | null {
  return value instanceof CimInstance ? value.path : (value ?? null);
}

function classNameOf(value: CimScalar | undefined): string | null {
  if (typeof value !== 'object') return null;
  if (value.kind === 'datetime') return null;
  return value.kind === 'class' ? value.name : value.className;
}

function dateTime(make: () => CimDateTime): CimDateTime | null {
  try {
    return make();
  } catch {
    return null;
  }
}

const furthest = 253_402_300_799_999_999n;

function fromMicroseconds(
  value: CimScalar | undefined,
  make: (milliseconds: number) => CimDateTime,
): CimDateTime | null {
  const micros = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
  if (typeof micros !== 'bigint' || micros < 0n || micros > furthest) return null;
  return dateTime(() => {
    const whole = make(Number(micros / 1000n)).text;
    return CimDateTime.parse(`${whole.slice(0, 18)}${String(micros % 1000n).padStart(3, '0')}${whole.slice(21)}`);
  });
}

const functions: Readonly<Record<string, QueryFunction>> = {
  CurrentDateTime: { parameters: [], result: 'datetime', call: (_, now) => CimDateTime.fromUnix(now) },
  DateTime: {
    parameters: [text],
    result: 'datetime',
    call: ([value]) => toDateTime(textOf(value)),
  },
  DateTimeToMicrosecond: {
    parameters: [['datetime']],
    result: 'number',
    call: ([value]) => {
      const milliseconds = value instanceof CimDateTime ? value.toMilliseconds() : null;
      return milliseconds === null ? null : BigInt(Math.round(milliseconds * 1000));
    },
  },
  MicrosecondToTimestamp: {
    parameters: [number],
    result: 'datetime',
    call: ([value]) => fromMicroseconds(value, (milliseconds) => CimDateTime.fromUnix(milliseconds)),
  },
  MicrosecondToInterval: {
    parameters: [number],
    result: 'datetime',
    call: ([value]) => fromMicroseconds(value, (milliseconds) => CimDateTime.interval(milliseconds)),
  },
  StringToUint: {
    parameters: [text],
    result: 'number',
    call: ([value]) => integerOf(value, /^(\d+|0[xX][\da-fA-F]+)$/),
  },
  StringToSint: { parameters: [text], result: 'number', call: ([value]) => integerOf(value, /^-?\d+$/) },
  StringToReal: {
    parameters: [text],
    result: 'number',
    call: ([value]) => {
      const spelt = textOf(value).trim();
      return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(spelt) ? Number(spelt) : null;
    },
  },
  UpperCase: { parameters: [text], result: 'string', call: ([value]) => textOf(value).toUpperCase() },
  NumericToString: { parameters: [number], result: 'string', call: ([value]) => textOf(value) },
  ReferenceToString: {
    parameters: [['reference']],
    result: 'string',
    call: ([value]) =>
      typeof value === 'object' && (value.kind === 'instance-path' || value.kind === 'class-path')
        ? formatObjectPath(value)
        : null,
  },
  ObjectPath: {
    parameters: [['object', 'reference']],
    optional: 1,
    result: 'reference',
    call: ([value]) => pathOf(value),
  },
  ClassPath: {
    parameters: [named],
    optional: 1,
    result: 'reference',
    call: ([value]) => {
      const className = classNameOf(value);
      if (className === null) return null;
      const path = pathOf(value);
      const placed = typeof path === 'object' && path !== null && 'namespace' in path;
      return createClassPath(className, placed ? { host: path.host, namespace: path.namespace } : {});
    },
  },
  ClassName: { parameters: [named], optional: 1, result: 'string', call: ([value]) => classNameOf(value) },
  NameSpaceName: {
    parameters: [named],
    optional: 1,
    result: 'string',
    call: ([value]) => {
      const path = pathOf(value);
      return typeof path === 'object' && path !== null && 'namespace' in path ? path.namespace : null;
    },
  },
};

const byName = new Map(Object.entries(functions).map(([name, one]) => [foldName(name), one]));

/** Names of the functions, for CIM_QueryCapabilities and documents. */
export const queryFunctionNames: readonly string[] = Object.keys(functions);

export function findFunction(name: string): QueryFunction | undefined {
  return byName.get(foldName(name));
}
