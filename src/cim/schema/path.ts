import {
  type CimClass,
  type CimInstancePath,
  type CimPropertyDeclaration,
  type CimType,
  coerceKey,
  foldName,
  integerRanges,
  type KeyBinding,
  keyProperties,
  type KeyValue,
} from '../model/index.js';
import { CimError } from '../operations/index.js';
import { describeType } from './scalar.js';
import type { Schema } from './schema.js';

const keysOf = new WeakMap<CimClass, readonly CimPropertyDeclaration[]>();

/** Key properties of a resolved class, in the order of the class; the same array every time. */
export function keysOfClass(cls: CimClass): readonly CimPropertyDeclaration[] {
  let keys = keysOf.get(cls);
  if (keys === undefined) {
    keys = keyProperties(cls);
    keysOf.set(cls, keys);
  }
  return keys;
}

function isNormal(path: CimInstancePath, cls: CimClass, keys: readonly CimPropertyDeclaration[]): boolean {
  if (path.className !== cls.name || path.keys.length !== keys.length) return false;
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as CimPropertyDeclaration;
    const binding = path.keys[at] as KeyBinding;
    if (binding.name !== key.name || binding.type !== key.type || !isKeyValueOf(key.type, binding.value)) return false;
  }
  return true;
}

function isKeyValueOf(type: CimType, value: KeyValue): boolean {
  if (type === 'string') return typeof value === 'string';
  const range = integerRanges[type];
  if (range !== undefined) return typeof value === 'bigint' && value >= range.min && value <= range.max;
  if (type === 'boolean') return typeof value === 'boolean';
  return false;
}

function toTyped(type: CimType, value: KeyValue): KeyValue | undefined {
  try {
    return coerceKey(type, value);
  } catch {
    return undefined;
  }
}

function normalizeKey(key: CimPropertyDeclaration, binding: KeyBinding, schema: Schema | undefined): KeyBinding {
  const value = binding.value;
  let typed: KeyValue | undefined;
  if (typeof value === 'object') {
    if (key.type === 'reference') {
      const cls = schema?.get(value.className);
      typed = cls === undefined || schema === undefined ? value : normalizePath(cls, value, schema);
    }
  } else if (key.type !== 'reference') {
    typed = toTyped(key.type, value);
  }
  if (typed === undefined) {
    const got = typeof value === 'object' ? `a path of ${value.className}` : `"${String(value)}"`;
    throw new CimError(4, `key ${key.name}: expected ${describeType(key)}, got ${got}`);
  }
  return { name: key.name, type: key.type, value: typed };
}

/**
 * The path as the class spells it: class name and key names of the class, keys in the order of the class and in its types
 * (text becomes numbers where the class says so). Host and namespace stay.
 *
 * @param cls resolved class of the instance
 * @param schema where the classes of reference keys are found; without it, nested paths stay as they are
 * @throws CimError 4 a key is missing, unknown, doubled or not of its type
 */
export function normalizePath(cls: CimClass, path: CimInstancePath, schema?: Schema): CimInstancePath {
  const keys = keysOfClass(cls);
  if (isNormal(path, cls, keys)) return path;
  const given = new Map<string, KeyBinding>();
  for (const binding of path.keys) {
    // The short form of a path with one key leaves its name out (DSP0201 INSTANCENAME).
    const unnamed = binding.name === '' && keys.length === 1 && path.keys.length === 1;
    const folded = foldName(unnamed ? (keys[0] as CimPropertyDeclaration).name : binding.name);
    if (given.has(folded)) throw new CimError(4, `key ${binding.name} stands twice in the path of ${cls.name}`);
    given.set(folded, binding);
  }
  const bindings = keys.map((key) => {
    const binding = given.get(foldName(key.name));
    if (binding === undefined) throw new CimError(4, `key ${key.name} is missing in the path of ${cls.name}`);
    given.delete(foldName(key.name));
    return normalizeKey(key, binding, schema);
  });
  for (const binding of given.values()) {
    throw new CimError(4, `${binding.name === '' ? 'a key without a name' : binding.name} is not a key of ${cls.name}`);
  }
  return { ...path, className: cls.name, keys: bindings };
}
