// How instances of a class are laid out in the store. A layout outlives changes of the class: instances are never rewritten.
import {
  CimInstance,
  type CimClass,
  type CimType,
  type CimValue,
  type EmbeddedKind,
  type InstanceShape,
  isCimArray,
  pathFromValues,
  type PropertyShape,
  shapeOf,
} from '../../cim/model/index.js';
import type { Json } from './json.js';
import { isPlain } from './scalar-codec.js';
import { decodeValue, type EmbeddedShapes, encodeValue } from './value-codec.js';

type JsonField = readonly [string, CimType, 0 | 1, EmbeddedKind | null];

/** Names and types of the stored values, in their order. */
export interface Layout {
  readonly number: number;
  readonly fields: readonly JsonField[];
}

export function layoutFields(shape: InstanceShape): readonly JsonField[] {
  return shape.properties.map(({ name, type, isArray, embedded }) => [name, type, isArray ? 1 : 0, embedded]);
}

export function sameFields(a: readonly JsonField[], b: readonly JsonField[]): boolean {
  return (
    a.length === b.length && a.every((field, at) => field.every((part, index) => part === (b[at] as JsonField)[index]))
  );
}

/** The text that is stored: the layout's number and the values in class order. */
export function encodeInstance(instance: CimInstance, layout: number): string {
  const { values, shape } = instance;
  const plain = plainPlaces(shape);
  const out: Json[] = [layout];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === undefined || value === null) out.push(null);
    else out.push(plain[at] === true ? (value as Json) : encodeValue(value));
  }
  return JSON.stringify(out);
}

const places = new WeakMap<InstanceShape, readonly boolean[]>();

function plainPlaces(shape: InstanceShape): readonly boolean[] {
  let plain = places.get(shape);
  if (plain === undefined) {
    plain = shape.properties.map(({ type, embedded }) => isPlain(type, embedded));
    places.set(shape, plain);
  }
  return plain;
}

interface Step {
  /** Place among the stored values (after the layout's number); -1: the property is newer than the instance. */
  readonly from: number;
  readonly type: CimType;
  readonly plain: boolean;
  readonly fallback: CimValue;
}

/** Reads instances of one layout into one shape. */
export class LayoutReader {
  readonly #shape: InstanceShape;
  readonly #steps: readonly Step[];
  readonly #shapes: EmbeddedShapes;
  readonly #location: { readonly namespace: string };

  constructor(layout: Layout, cls: CimClass, shapes: EmbeddedShapes, namespace: string) {
    const shape = shapeOf(cls);
    this.#shape = shape;
    this.#shapes = shapes;
    this.#location = { namespace };
    const fields = layout.fields.map(([name, type, isArray]) => `${name.toLowerCase()} ${type} ${isArray}`);
    this.#steps = shape.properties.map((property: PropertyShape, at) => ({
      from: fields.indexOf(`${property.name.toLowerCase()} ${property.type} ${property.isArray ? 1 : 0}`),
      type: property.type,
      plain: isPlain(property.type, property.embedded),
      fallback: cls.properties[at]?.defaultValue ?? null,
    }));
  }

  read(stored: readonly Json[]): CimInstance {
    const values = this.#steps.map((step): CimValue => {
      if (step.from < 0) return step.fallback;
      const json = stored[step.from + 1] ?? null;
      const value = step.plain ? (json as CimValue) : decodeValue(step.type, json, this.#shapes);
      return isCimArray(value) ? Object.freeze(value) : value;
    });
    return new CimInstance(this.#shape, values, pathFromValues(this.#shape, values, this.#location), true);
  }
}
