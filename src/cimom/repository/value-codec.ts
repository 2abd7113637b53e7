// CIM values as JSON, embedded objects included.
import {
  CimInstance,
  type CimScalar,
  type CimType,
  type CimValue,
  type EmbeddedKind,
  InstanceShape,
  isCimArray,
  type PropertyShape,
} from '../../cim/model/index.js';
import { decodeClass, encodeClass } from './class-codec.js';
import type { Json } from './json.js';
import { decodePath, decodeScalar, encodePath, encodeScalar, isSimple, type JsonPath } from './scalar-codec.js';

type JsonEmbedded = { readonly i: string; readonly v: readonly JsonProperty[]; readonly at: JsonPath | null };
type JsonProperty = readonly [string, CimType, boolean, EmbeddedKind | null, Json];

/** Finds the shape of an embedded instance's class; undefined where the class is unknown. */
export type EmbeddedShapes = (className: string) => InstanceShape | undefined;

function encodeEmbedded(instance: CimInstance): JsonEmbedded {
  const properties: JsonProperty[] = [];
  instance.shape.properties.forEach((property, at) => {
    const value = instance.values[at];
    if (value === undefined) return;
    properties.push([property.name, property.type, property.isArray, property.embedded, encodeValue(value)]);
  });
  return { i: instance.className, v: properties, at: instance.path === null ? null : encodePath(instance.path) };
}

function decodeEmbedded(json: JsonEmbedded, shapes: EmbeddedShapes): CimInstance {
  const path = json.at === null ? null : decodePath(json.at);
  const at = path?.kind === 'instance-path' ? path : null;
  const known = shapes(json.i);
  const values = json.v.map(([, type, , , value]) => decodeValue(type, value, shapes));
  if (known !== undefined) {
    const places = json.v.map(([name, type, isArray]) => placeIn(known, name, type, isArray));
    if (!places.includes(-1)) {
      const all = new Array<CimValue | undefined>(known.properties.length).fill(undefined);
      places.forEach((place, index) => {
        all[place] = values[index];
      });
      return new CimInstance(known, all, at);
    }
  }
  return new CimInstance(new InstanceShape(json.i, json.v.map(looseShape)), values, at);
}

function placeIn(shape: InstanceShape, name: string, type: CimType, isArray: boolean): number {
  const at = shape.indexOf(name);
  const property = shape.properties[at];
  return property?.type === type && property.isArray === isArray ? at : -1;
}

function looseShape([name, type, isArray, embedded]: JsonProperty): PropertyShape {
  return {
    name,
    type,
    isArray,
    embedded,
    arraySize: null,
    referenceClass: null,
    classOrigin: null,
    propagated: false,
    isKey: false,
  };
}

function encodeAny(value: CimScalar): Json {
  if (isSimple(value)) return encodeScalar(value);
  return value.kind === 'class' ? { c: encodeClass(value) } : encodeEmbedded(value);
}

function decodeAny(type: CimType, json: Json, shapes: EmbeddedShapes): CimScalar {
  if (json === null || typeof json !== 'object') return decodeScalar(type, json);
  if ('c' in json) return decodeClass(json['c']);
  return 'i' in json ? decodeEmbedded(json as JsonEmbedded, shapes) : decodeScalar(type, json);
}

/** A value as JSON; the type must be known to read it back. */
export function encodeValue(value: CimValue): Json {
  if (value === null) return null;
  return isCimArray(value) ? value.map((item) => (item === null ? null : encodeAny(item))) : encodeAny(value);
}

/** The value that was encoded under this type. */
export function decodeValue(type: CimType, json: Json, shapes: EmbeddedShapes): CimValue {
  if (json === null) return null;
  if (Array.isArray(json)) return json.map((item: Json) => (item === null ? null : decodeAny(type, item, shapes)));
  return decodeAny(type, json, shapes);
}
