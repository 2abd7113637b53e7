// What `to-json.ts` writes, and what programs write like it, as CIM values of a class.
import { TvdcError } from '../../base/index.js';
import { decodeCimXml } from '../../cim/codec/index.js';
import {
  type CimClass,
  CimDateTime,
  type CimInstance,
  type CimInstancePath,
  type CimObjectPath,
  type CimScalar,
  type CimType,
  type CimValue,
  createClassPath,
  createInstance,
  createInstancePath,
  type EmbeddedKind,
  integerRanges,
  type KeyBinding,
  type KeyValue,
  type PropertyShape,
  shapeOf,
} from '../../cim/model/index.js';
import type { ClassView } from '../provider/index.js';
import { badAnswer, foreignText } from './errors.js';
import type { JsonObject } from './to-json.js';

/** What a value is to become: a property or a parameter. */
export interface ValueTarget {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
  readonly embedded: EmbeddedKind | null;
}

const deepest = 32;
const decimal = /^[+-]?[0-9]{1,20}$/;
const realWords: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  INF: Number.POSITIVE_INFINITY,
  '-INF': Number.NEGATIVE_INFINITY,
  '-0': -0,
};

function shown(json: unknown): string {
  return foreignText((JSON.stringify(json) ?? 'nothing').slice(0, 60));
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function textIn(json: JsonObject, name: string): string | null {
  const text = json[name];
  if (text === undefined || text === null) return null;
  if (typeof text !== 'string') throw badAnswer(`${name}: expected text, got ${shown(text)}`);
  return text;
}

function classNameIn(json: JsonObject, what: string): string {
  const name = textIn(json, 'class');
  if (name === null || name === '') throw badAnswer(`${what} does not say its class`);
  return name;
}

/** Reads what the provider of one namespace says. @throws ProviderProcessError `provider_protocol` */
export class JsonReader {
  readonly #classes: ClassView;
  readonly #namespace: string;

  constructor(classes: ClassView, namespace: string) {
    this.#classes = classes;
    this.#namespace = namespace;
  }

  /** An instance as `instanceToJson` writes it. Without a path its keys name it; defaults are those of the class. */
  instance(json: unknown): CimInstance {
    return this.#instance(json, 'the instance', 0);
  }

  #instance(json: unknown, what: string, depth: number): CimInstance {
    if (!isObject(json)) throw badAnswer(`${what}: expected an instance, got ${shown(json)}`);
    const cls = this.#classOf(classNameIn(json, what), what);
    const given = json['properties'] ?? {};
    if (!isObject(given)) throw badAnswer(`${what}: expected properties by name, got ${shown(given)}`);
    const shape = shapeOf(cls);
    const values: [string, CimValue][] = [];
    for (const [name, value] of Object.entries(given)) {
      const at = shape.indexOf(name);
      if (at < 0) throw badAnswer(`${cls.name} has no property ${foreignText(name)}`);
      const property = shape.properties[at] as PropertyShape;
      values.push([property.name, this.#value(property, value, `${cls.name}.${property.name}`, depth)]);
    }
    const instance = createInstance(cls, Object.fromEntries(values), { namespace: this.#namespace });
    if (json['path'] !== undefined && json['path'] !== null) return instance.withPath(this.path(json['path']));
    // What is embedded has no place of its own.
    return depth === 0 ? instance : instance.withPath(null);
  }

  #classOf(name: string, what: string): CimClass {
    const cls = this.#classes.find(name);
    if (cls === undefined) throw badAnswer(`${what}: there is no class ${foreignText(name)}`);
    return cls;
  }

  /** A value as `valueToJson` writes it. */
  value(target: ValueTarget, json: unknown): CimValue {
    return this.#value(target, json, target.name, 0);
  }

  #value(target: ValueTarget, json: unknown, what: string, depth: number): CimValue {
    if (json === null) return null;
    if (!target.isArray) return this.#scalar(target, json, what, depth);
    if (!Array.isArray(json)) throw badAnswer(`${what}: expected an array, got ${shown(json)}`);
    return json.map((item: unknown) => (item === null ? null : this.#scalar(target, item, what, depth)));
  }

  #scalar({ type, embedded }: ValueTarget, json: unknown, what: string, depth: number): CimScalar {
    if (embedded !== null) return this.#embedded(json, what, depth);
    const value = type === 'reference' ? this.#reference(json) : plainScalar(type, json);
    if (value === undefined) throw badAnswer(`${what}: expected ${type}, got ${shown(json)}`);
    return value;
  }

  #embedded(json: unknown, what: string, depth: number): CimScalar {
    if (depth >= deepest) throw badAnswer(`${what}: embedded objects are nested too deep`);
    const declaration = isObject(json) ? textIn(json, 'declaration') : null;
    if (declaration === null) return this.#instance(json, what, depth + 1);
    const cls = attempt(() => decodeCimXml(declaration));
    if (cls === undefined || !('kind' in cls) || cls.kind !== 'class')
      throw badAnswer(`${what}: not the declaration of a class`);
    return cls;
  }

  #reference(json: unknown): CimObjectPath | undefined {
    if (!isObject(json)) return undefined;
    if (json['keys'] !== undefined) return this.path(json);
    return createClassPath(classNameIn(json, 'a reference'), {
      host: textIn(json, 'host'),
      namespace: textIn(json, 'namespace'),
    });
  }

  /** The path of an instance as `pathToJson` writes it. */
  path(json: unknown): CimInstancePath {
    return readPath(json, 0);
  }
}

function readPath(json: unknown, depth: number): CimInstancePath {
  const keys = isObject(json) ? json['keys'] : undefined;
  if (!isObject(json) || !isObject(keys)) throw badAnswer(`expected a path with keys, got ${shown(json)}`);
  if (depth >= deepest) throw badAnswer('paths are nested too deep');
  const bindings = Object.entries(keys).map(([name, value]): KeyBinding => {
    const read = readKey(value, depth);
    if (read === undefined)
      throw badAnswer(`key ${foreignText(name)}: expected text, a number or a path, got ${shown(value)}`);
    return { name, type: null, value: read };
  });
  const location = { host: textIn(json, 'host'), namespace: textIn(json, 'namespace') };
  return createInstancePath(classNameIn(json, 'a path'), bindings, location);
}

function readKey(json: unknown, depth: number): KeyValue | undefined {
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (typeof json === 'number') {
    if (!Number.isInteger(json)) return json;
    // Beyond that digits were lost when the JSON was read.
    return Number.isSafeInteger(json) ? BigInt(json) : undefined;
  }
  return isObject(json) ? readPath(json, depth + 1) : undefined;
}

/** Value of a type that needs no class; undefined: it is none. */
function plainScalar(type: CimType, json: unknown): CimScalar | undefined {
  switch (type) {
    case 'string':
    case 'char16':
      return typeof json === 'string' ? json : undefined;
    case 'boolean':
      return typeof json === 'boolean' ? json : undefined;
    case 'real32':
    case 'real64':
      return typeof json === 'number' ? json : typeof json === 'string' ? realWords[json] : undefined;
    case 'datetime':
      return typeof json === 'string' ? attempt(() => CimDateTime.parse(json)) : undefined;
    case 'reference':
      return undefined;
    default:
      return integer(type, json);
  }
}

function integer(type: CimType, json: unknown): number | bigint | undefined {
  const size =
    typeof json === 'number' && Number.isSafeInteger(json)
      ? BigInt(json)
      : typeof json === 'string' && decimal.test(json)
        ? BigInt(json.replace('+', ''))
        : undefined;
  const range = integerRanges[type];
  if (size === undefined || range === undefined || size < range.min || size > range.max) return undefined;
  return type === 'uint64' || type === 'sint64' ? size : Number(size);
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TvdcError) return undefined;
    throw error;
  }
}
