import type { CimDateTime } from './datetime.js';
import { foldName, sameName } from './names.js';
import type { CimType } from './types.js';

/** A key value: integers are always bigint here, datetimes are their 25 characters, references are paths. */
export type KeyValue = string | boolean | bigint | number | CimInstancePath;

export interface KeyBinding {
  readonly name: string;
  /** null where nobody said: read from a KEYVALUE without TYPE. The class decides. */
  readonly type: CimType | null;
  readonly value: KeyValue;
}

/** Names an instance (DSP0004 8.2.5). `host` and `namespace` are null where the path is relative. */
export interface CimInstancePath {
  readonly kind: 'instance-path';
  readonly host: string | null;
  readonly namespace: string | null;
  readonly className: string;
  readonly keys: readonly KeyBinding[];
}

/** Names a class. */
export interface CimClassPath {
  readonly kind: 'class-path';
  readonly host: string | null;
  readonly namespace: string | null;
  readonly className: string;
}

export type CimObjectPath = CimInstancePath | CimClassPath;

type KeyInput = string | boolean | bigint | number | CimDateTime | CimInstancePath;

export interface Location {
  readonly host?: string | null;
  readonly namespace?: string | null;
}

function typeOfInput(value: KeyInput): CimType | null {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'object') return value.kind === 'datetime' ? 'datetime' : 'reference';
  return null;
}

function toKeyValue(value: KeyInput): KeyValue {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'object' && value.kind === 'datetime') return value.text;
  return value;
}

/** Path of an instance: keys as a record in the order wanted. Numeric key types are left to the class. */
export function createInstancePath(
  className: string,
  keys: Readonly<Record<string, KeyInput>> | readonly KeyBinding[],
  location: Location = {},
): CimInstancePath {
  const bindings = isBindings(keys)
    ? keys.map((key) => (Object.isFrozen(key) ? key : Object.freeze({ ...key })))
    : Object.entries(keys).map(([name, value]) =>
        Object.freeze({ name, type: typeOfInput(value), value: toKeyValue(value) }),
      );
  return Object.freeze({
    kind: 'instance-path',
    host: location.host ?? null,
    namespace: location.namespace ?? null,
    className,
    keys: Object.freeze(bindings),
  });
}

function isBindings(keys: Readonly<Record<string, KeyInput>> | readonly KeyBinding[]): keys is readonly KeyBinding[] {
  return Array.isArray(keys);
}

export function createClassPath(className: string, location: Location = {}): CimClassPath {
  return Object.freeze({
    kind: 'class-path',
    host: location.host ?? null,
    namespace: location.namespace ?? null,
    className,
  });
}

/** The same name at another place. */
export function relocate<P extends CimObjectPath>(path: P, location: Location): P {
  const { kind, className } = path;
  const host = location.host ?? null;
  const namespace = location.namespace ?? null;
  // Several times faster than to spread the path: this happens for every instance of a provider.
  const moved: CimObjectPath =
    kind === 'instance-path'
      ? Object.freeze({ kind, host, namespace, className, keys: path.keys })
      : Object.freeze({ kind, host, namespace, className });
  return moved as P;
}

/** Value of a key by its name, whatever the case; undefined if there is none. */
export function keyOf(path: CimInstancePath, name: string): KeyValue | undefined {
  return path.keys.find((key) => sameName(key.name, name))?.value;
}

/** Text of a key, or undefined where it is absent or not a string. */
export function stringKey(path: CimInstancePath, name: string): string | undefined {
  const value = keyOf(path, name);
  return typeof value === 'string' ? value : undefined;
}

function identityOfKey(key: KeyBinding): string {
  const value = key.value;
  if (typeof value === 'object')
    return `r${value.keys.length === 0 ? '' : instanceIdentity(value)}/${foldName(value.namespace ?? '')}`;
  if (typeof value === 'string') return `s${value}`;
  if (typeof value === 'boolean') return `b${value ? 1 : 0}`;
  return `n${value}`;
}

/**
 * Text under which two paths of the same model object are one: class name without case, keys by name without case and in
 * any order, values exact. Host and namespace do not count. Bring keys to the types of the class first.
 */
export function instanceIdentity(path: CimInstancePath): string {
  const keys = path.keys.map((key) => [foldName(key.name), identityOfKey(key)] as const);
  if (keys.length > 1) keys.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  let text = foldName(path.className);
  for (const [name, value] of keys) text += `\u0000${name}\u0001${value}`;
  return text;
}

/** Same model object at the same place; a missing namespace or host on either side matches any. */
export function samePath(a: CimObjectPath, b: CimObjectPath): boolean {
  if (a.kind !== b.kind) return false;
  if (a.namespace !== null && b.namespace !== null && !sameName(a.namespace, b.namespace)) return false;
  if (a.kind === 'class-path' || b.kind === 'class-path') return sameName(a.className, b.className);
  return instanceIdentity(a) === instanceIdentity(b);
}
