// Declared classes and qualifier types as compact JSON arrays.
import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimType,
  type EmbeddedKind,
  type QualifierFlavor,
  type QualifierScope,
} from '../../cim/model/index.js';
import type { Json } from './json.js';
import { decodeLiteral, encodeLiteral } from './scalar-codec.js';

type JsonQualifier = readonly [string, CimType, 0 | 1, number, Json];
type JsonProperty = readonly [
  string,
  CimType,
  0 | 1,
  number | null,
  Json,
  string | null,
  EmbeddedKind | null,
  readonly JsonQualifier[],
];
type JsonParameter = readonly [
  string,
  CimType,
  0 | 1,
  number | null,
  string | null,
  EmbeddedKind | null,
  readonly JsonQualifier[],
];
type JsonMethod = readonly [string, CimType, readonly JsonParameter[], readonly JsonQualifier[]];
type JsonClass = readonly [
  string,
  string | null,
  readonly JsonQualifier[],
  readonly JsonProperty[],
  readonly JsonMethod[],
];
type JsonQualifierType = readonly [string, CimType, 0 | 1, number | null, Json, readonly QualifierScope[], number];

function bit(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}

function encodeFlavor(flavor: QualifierFlavor): number {
  return bit(flavor.overridable) | (bit(flavor.toSubclass) << 1) | (bit(flavor.translatable) << 2);
}

const flavors: readonly QualifierFlavor[] = Array.from({ length: 8 }, (_, bits) => ({
  overridable: (bits & 1) !== 0,
  toSubclass: (bits & 2) !== 0,
  translatable: (bits & 4) !== 0,
}));

function decodeFlavor(bits: number): QualifierFlavor {
  return flavors[bits & 7] as QualifierFlavor;
}

function encodeQualifiers(qualifiers: readonly CimQualifier[]): JsonQualifier[] {
  return qualifiers.map(({ name, type, isArray, flavor, value }) => [
    name,
    type,
    bit(isArray),
    encodeFlavor(flavor),
    encodeLiteral(value),
  ]);
}

function decodeQualifiers(json: readonly JsonQualifier[]): CimQualifier[] {
  return json.map(([name, type, isArray, flavor, value]) => ({
    name,
    type,
    isArray: isArray === 1,
    value: decodeLiteral(type, value),
    flavor: decodeFlavor(flavor),
    propagated: false,
  }));
}

function encodeProperty(property: CimPropertyDeclaration): JsonProperty {
  return [
    property.name,
    property.type,
    bit(property.isArray),
    property.arraySize,
    encodeLiteral(property.defaultValue),
    property.referenceClass,
    property.embedded,
    encodeQualifiers(property.qualifiers),
  ];
}

function decodeProperty(json: JsonProperty): CimPropertyDeclaration {
  const [name, type, isArray, arraySize, defaultValue, referenceClass, embedded, qualifiers] = json;
  return {
    name,
    type,
    isArray: isArray === 1,
    arraySize,
    defaultValue: decodeLiteral(type, defaultValue),
    referenceClass,
    embedded,
    classOrigin: null,
    propagated: false,
    qualifiers: decodeQualifiers(qualifiers),
  };
}

function encodeParameter(parameter: CimParameter): JsonParameter {
  return [
    parameter.name,
    parameter.type,
    bit(parameter.isArray),
    parameter.arraySize,
    parameter.referenceClass,
    parameter.embedded,
    encodeQualifiers(parameter.qualifiers),
  ];
}

function decodeParameter(json: JsonParameter): CimParameter {
  const [name, type, isArray, arraySize, referenceClass, embedded, qualifiers] = json;
  return {
    name,
    type,
    isArray: isArray === 1,
    arraySize,
    referenceClass,
    embedded,
    qualifiers: decodeQualifiers(qualifiers),
  };
}

function decodeMethod([name, returnType, parameters, qualifiers]: JsonMethod): CimMethod {
  return {
    name,
    returnType,
    parameters: parameters.map(decodeParameter),
    classOrigin: null,
    propagated: false,
    qualifiers: decodeQualifiers(qualifiers),
  };
}

/** A declared class: what was inherited must not be in it. */
export function encodeClass(cls: CimClass): Json {
  const methods = cls.methods.map(
    (method): JsonMethod => [
      method.name,
      method.returnType,
      method.parameters.map(encodeParameter),
      encodeQualifiers(method.qualifiers),
    ],
  );
  const json: JsonClass = [
    cls.name,
    cls.superclass,
    encodeQualifiers(cls.qualifiers),
    cls.properties.map(encodeProperty),
    methods,
  ];
  return json;
}

export function decodeClass(json: Json): CimClass {
  const [name, superclass, qualifiers, properties, methods] = json as JsonClass;
  return {
    kind: 'class',
    name,
    superclass,
    qualifiers: decodeQualifiers(qualifiers),
    properties: properties.map(decodeProperty),
    methods: methods.map(decodeMethod),
    path: null,
  };
}

export function encodeQualifierType(type: CimQualifierType): Json {
  const json: JsonQualifierType = [
    type.name,
    type.type,
    bit(type.isArray),
    type.arraySize,
    encodeLiteral(type.defaultValue),
    [...type.scopes],
    encodeFlavor(type.flavor),
  ];
  return json;
}

export function decodeQualifierType(json: Json): CimQualifierType {
  const [name, type, isArray, arraySize, defaultValue, scopes, flavor] = json as JsonQualifierType;
  return {
    name,
    type,
    isArray: isArray === 1,
    arraySize,
    defaultValue: decodeLiteral(type, defaultValue),
    scopes: new Set(scopes),
    flavor: decodeFlavor(flavor),
  };
}
