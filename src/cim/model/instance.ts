import { TvdcError } from '../../base/index.js';
import type { CimClass } from './class.js';
import { isKey } from './class.js';
import { CimDateTime } from './datetime.js';
import { ownValue } from './freeze.js';
import { foldName } from './names.js';
import { type CimInstancePath, createInstancePath, type KeyBinding, type Location } from './path.js';
import type { CimType, EmbeddedKind } from './types.js';
import type { CimScalar, CimValue } from './value.js';

/** What is the same for all instances of one class: a property's name, type and place. */
export interface PropertyShape {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
  readonly arraySize: number | null;
  readonly embedded: EmbeddedKind | null;
  readonly referenceClass: string | null;
  readonly classOrigin: string | null;
  readonly propagated: boolean;
  readonly isKey: boolean;
}

/** Class name and properties in order; shared by all instances alike, so that an instance is an array of values. */
export class InstanceShape {
  readonly className: string;
  readonly properties: readonly PropertyShape[];
  /** By the name as it is spelt, and without case. */
  readonly #index = new Map<string, number>();

  constructor(className: string, properties: readonly PropertyShape[]) {
    this.className = className;
    this.properties = properties;
    for (const [at, property] of properties.entries()) this.#index.set(foldName(property.name), at);
    for (const [at, { name }] of properties.entries()) if (!this.#index.has(name)) this.#index.set(name, at);
    for (const property of properties) Object.freeze(property);
    Object.freeze(properties);
    Object.freeze(this);
  }

  /** Place of a property, whatever the case; -1 if there is none. */
  indexOf(name: string): number {
    return this.#index.get(name) ?? this.#index.get(foldName(name)) ?? -1;
  }
}

const shapes = new WeakMap<CimClass, InstanceShape>();
const defaults = new WeakMap<CimClass, readonly CimValue[]>();

function defaultsOf(cls: CimClass): readonly CimValue[] {
  let values = defaults.get(cls);
  if (values === undefined) {
    values = cls.properties.map((property) => property.defaultValue);
    defaults.set(cls, values);
  }
  return values;
}

/** The shape of a resolved class; the same object every time. */
export function shapeOf(cls: CimClass): InstanceShape {
  let shape = shapes.get(cls);
  if (shape === undefined) {
    shape = new InstanceShape(
      cls.name,
      cls.properties.map((property) => ({
        name: property.name,
        type: property.type,
        isArray: property.isArray,
        arraySize: property.arraySize,
        embedded: property.embedded,
        referenceClass: property.referenceClass,
        classOrigin: property.classOrigin,
        propagated: property.propagated,
        isKey: isKey(property),
      })),
    );
    shapes.set(cls, shape);
  }
  return shape;
}

export interface InstanceProperty extends PropertyShape {
  readonly value: CimValue;
}

/**
 * An instance: immutable, at run time too. `undefined` among the values means that the property is not there; `null` is CIM
 * NULL.
 */
export class CimInstance {
  readonly kind = 'instance';
  readonly shape: InstanceShape;
  readonly values: readonly (CimValue | undefined)[];
  readonly path: CimInstancePath | null;

  readonly #lasting: boolean;

  /**
   * @param values become the instance's own: they are frozen
   * @param lasting see {@link isLasting}
   */
  constructor(
    shape: InstanceShape,
    values: readonly (CimValue | undefined)[],
    path: CimInstancePath | null,
    lasting = false,
  ) {
    this.#lasting = lasting;
    this.shape = shape;
    this.values = Object.freeze(values);
    this.path = path;
    Object.freeze(this);
  }

  get className(): string {
    return this.shape.className;
  }

  /** Whether its maker keeps it for many answers, so that it pays to remember what is made of it. */
  get isLasting(): boolean {
    return this.#lasting;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Value of a property, whatever the case; undefined if the instance does not have it. */
  get(name: string): CimValue | undefined {
    const at = this.shape.indexOf(name);
    return at < 0 ? undefined : this.values[at];
  }

  /** Text of a string property; null where it is NULL, absent or of another type. */
  getString(name: string): string | null {
    const value = this.get(name);
    return typeof value === 'string' ? value : null;
  }

  /** Value of an integer property of up to 32 bits; null where it is NULL, absent or of another type. */
  getNumber(name: string): number | null {
    const value = this.get(name);
    return typeof value === 'number' ? value : null;
  }

  /** The properties that are there, in order. */
  properties(): InstanceProperty[] {
    const out: InstanceProperty[] = [];
    this.shape.properties.forEach((property, at) => {
      const value = this.values[at];
      if (value !== undefined) out.push({ ...property, value });
    });
    return out;
  }

  /** The same with other values. @throws TvdcError `no_such_property` */
  with(changes: Readonly<Record<string, CimValue>>): CimInstance {
    const values = [...this.values];
    for (const [name, value] of Object.entries(changes)) {
      const at = this.shape.indexOf(name);
      if (at < 0) throw new TvdcError('no_such_property', `${this.className} has no property ${name}`);
      values[at] = ownValue(value);
    }
    return new CimInstance(this.shape, values, this.path);
  }

  withPath(path: CimInstancePath | null): CimInstance {
    return new CimInstance(this.shape, this.values, path, this.#lasting);
  }

  /** Only the named properties; null keeps all (DSP0200 PropertyList). Unknown names are ignored. */
  select(names: readonly string[] | null): CimInstance {
    if (names === null) return this;
    const values: (CimValue | undefined)[] = this.values.map(() => undefined);
    for (const name of names) {
      const at = this.shape.indexOf(name);
      if (at >= 0) values[at] = this.values[at];
    }
    return new CimInstance(this.shape, values, this.path);
  }
}

/**
 * An instance of a resolved class. Properties that are not named take the class's default, else NULL. The path is made of
 * the key values.
 * @throws TvdcError `no_such_property` for a name that the class does not have
 */
export function createInstance(
  cls: CimClass,
  values: Readonly<Record<string, CimValue | undefined>>,
  location: Location = {},
): CimInstance {
  const shape = shapeOf(cls);
  const all = defaultsOf(cls).slice();
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (value === undefined) continue;
    const at = shape.indexOf(name);
    if (at < 0) throw new TvdcError('no_such_property', `${cls.name} has no property ${name}`);
    all[at] = ownValue(value);
  }
  return new CimInstance(shape, all, pathFromValues(shape, all, location));
}

function toKey(value: CimScalar): KeyBinding['value'] | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object') return value;
  if (value instanceof CimDateTime) return value.text;
  return value.kind === 'instance-path' ? value : undefined;
}

/** Path of an instance from its key values; null where a key is missing or the class has none. */
export function pathFromValues(
  shape: InstanceShape,
  values: readonly (CimValue | undefined)[],
  location: Location = {},
): CimInstancePath | null {
  const keys: KeyBinding[] = [];
  for (let at = 0; at < shape.properties.length; at++) {
    const property = shape.properties[at] as PropertyShape;
    if (!property.isKey) continue;
    const value = values[at];
    if (value === undefined || value === null || Array.isArray(value)) return null;
    const key = toKey(value as CimScalar);
    if (key === undefined) return null;
    keys.push(Object.freeze({ name: property.name, type: property.type, value: key }));
  }
  return keys.length === 0 ? null : createInstancePath(shape.className, keys, location);
}
