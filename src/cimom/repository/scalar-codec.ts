// CIM values as JSON: what JSON cannot carry (64 bits, NaN, datetimes, paths) has a form of its own.
import {
  type CimClass,
  CimDateTime,
  type CimInstance,
  type CimObjectPath,
  type CimScalar,
  type CimType,
  type CimValue,
  isCimArray,
  type KeyBinding,
  type KeyValue,
} from '../../cim/model/index.js';
import { StoreError } from '../../store/index.js';
import type { Json } from './json.js';

export type JsonPath = readonly [string | null, string | null, string, readonly JsonKey[] | null];
type JsonKey = readonly [string, CimType | null, Json];
export type SimpleScalar = Exclude<CimScalar, CimInstance | CimClass>;

function encodeNumber(value: number): Json {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value;
  return Object.is(value, -0) ? '-0' : String(value);
}

function encodeKey(value: KeyValue): Json {
  if (typeof value === 'bigint') return { n: String(value) };
  if (typeof value === 'number') return encodeNumber(value);
  return typeof value === 'object' ? { p: encodePath(value) } : value;
}

function decodeKey(type: CimType | null, json: Json): KeyValue {
  if (typeof json === 'string' && (type === 'real32' || type === 'real64')) return Number(json);
  if (json === null || typeof json !== 'object') return json as string | number | boolean;
  const boxed = json as { readonly n?: string; readonly p?: JsonPath };
  return boxed.n === undefined ? (decodePath(boxed.p as JsonPath) as KeyValue) : BigInt(boxed.n);
}

export function encodePath(path: CimObjectPath): JsonPath {
  const keys =
    path.kind === 'class-path' ? null : path.keys.map((key): JsonKey => [key.name, key.type, encodeKey(key.value)]);
  return [path.host, path.namespace, path.className, keys];
}

export function decodePath([host, namespace, className, keys]: JsonPath): CimObjectPath {
  if (keys === null) return { kind: 'class-path', host, namespace, className };
  const bindings = keys.map(([name, type, value]): KeyBinding => ({ name, type, value: decodeKey(type, value) }));
  return { kind: 'instance-path', host, namespace, className, keys: bindings };
}

export function isSimple(value: CimScalar): value is SimpleScalar {
  return typeof value !== 'object' || (value.kind !== 'instance' && value.kind !== 'class');
}

export function encodeScalar(value: SimpleScalar): Json {
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return value;
  return value instanceof CimDateTime ? value.text : { p: encodePath(value) };
}

export function decodeScalar(type: CimType, json: Json): SimpleScalar {
  if (json !== null && typeof json === 'object') return decodePath((json as { readonly p: JsonPath }).p);
  if (typeof json !== 'string' || type === 'string' || type === 'char16') return json as string | number | boolean;
  if (type === 'uint64' || type === 'sint64') return BigInt(json);
  return type === 'datetime' ? CimDateTime.parse(json) : Number(json);
}

/** A value of a declaration (default, qualifier), where embedded objects cannot stand. */
export function encodeLiteral(value: CimValue): Json {
  const one = (item: CimScalar | null): Json => {
    if (item === null) return null;
    if (!isSimple(item)) throw new StoreError('store_failed', 'a declaration cannot hold an embedded object');
    return encodeScalar(item);
  };
  return isCimArray(value) ? value.map(one) : one(value);
}

export function decodeLiteral(type: CimType, json: Json): CimValue {
  if (json === null) return null;
  if (Array.isArray(json)) return json.map((item: Json) => (item === null ? null : decodeScalar(type, item)));
  return decodeScalar(type, json);
}

/** Whether values of the type are the same in JSON. */
export function isPlain(type: CimType, embedded: string | null): boolean {
  return (
    (type === 'string' && embedded === null) ||
    type === 'char16' ||
    type === 'boolean' ||
    /^[us]int(8|16|32)$/.test(type)
  );
}
