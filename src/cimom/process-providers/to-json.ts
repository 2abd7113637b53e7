// CIM values as JSON for programs in any language: readable, and without loss for who knows the class.
import { toCimXml } from '../../cim/codec/index.js';
import {
  type CimInstance,
  type CimObjectPath,
  type CimScalar,
  type CimValue,
  isCimArray,
  type KeyBinding,
} from '../../cim/model/index.js';

export type JsonObject = Readonly<Record<string, unknown>>;

function realToJson(value: number): number | string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'INF' : '-INF';
}

function keyToJson({ type, value }: KeyBinding): unknown {
  if (typeof value === 'object') return pathToJson(value);
  if (typeof value === 'number') return realToJson(value);
  if (typeof value !== 'bigint') return value;
  return type === 'uint64' || type === 'sint64' || !Number.isSafeInteger(Number(value)) ? String(value) : Number(value);
}

/** `{"class", "namespace", "host", "keys"}`; what is not known is left out, and the path of a class has no keys. */
export function pathToJson(path: CimObjectPath): JsonObject {
  return {
    class: path.className,
    ...(path.namespace === null ? {} : { namespace: path.namespace }),
    ...(path.host === null ? {} : { host: path.host }),
    ...(path.kind === 'class-path'
      ? {}
      : { keys: Object.fromEntries(path.keys.map((key) => [key.name, keyToJson(key)])) }),
  };
}

function scalarToJson(value: CimScalar): unknown {
  if (typeof value === 'number') return realToJson(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return value;
  switch (value.kind) {
    case 'datetime':
      return value.text;
    case 'instance-path':
    case 'class-path':
      return pathToJson(value);
    case 'instance':
      return instanceToJson(value);
    case 'class':
      return { declaration: toCimXml(value) };
  }
}

/** 64-bit integers are decimal text, datetimes their 25 characters, NaN, INF, -INF and -0 text, NULL null. */
export function valueToJson(value: CimValue): unknown {
  if (value === null) return null;
  return isCimArray(value) ? value.map((item) => (item === null ? null : scalarToJson(item))) : scalarToJson(value);
}

/** `{"class", "path", "properties"}`; a property that the instance does not have is not there. */
export function instanceToJson(instance: CimInstance): JsonObject {
  const { path } = instance;
  return {
    class: instance.className,
    ...(path === null ? {} : { path: pathToJson(path) }),
    properties: Object.fromEntries(instance.properties().map(({ name, value }) => [name, valueToJson(value)])),
  };
}
