import type {
  CimClass,
  CimInstance,
  CimParameter,
  CimPropertyDeclaration,
  CimQualifier,
  CimQualifierType,
  CimScalar,
  CimValue,
} from '../../cim/model/index.js';
import { formatObjectPath } from '../../cim/uri/index.js';

function scalarToJson(value: CimScalar | null): unknown {
  // JSON has no word for these.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value !== 'object') return value;
  switch (value.kind) {
    case 'datetime':
      return value.text;
    case 'instance':
      return instanceToJson(value);
    case 'class':
      return classToJson(value);
    case 'instance-path':
    case 'class-path':
      return formatObjectPath(value);
  }
}

/** A CIM value as JSON: references as paths, datetimes as their 25 characters, embedded objects as objects. */
export function valueToJson(value: CimValue): unknown {
  if (Array.isArray(value)) return value.map((item: CimScalar | null) => scalarToJson(item));
  return scalarToJson(value as CimScalar | null);
}

/** An instance as JSON: `class`, `path`, `properties`. */
export function instanceToJson(instance: CimInstance): Readonly<Record<string, unknown>> {
  const properties: Record<string, unknown> = {};
  for (const property of instance.properties()) properties[property.name] = valueToJson(property.value);
  return {
    class: instance.className,
    path: instance.path === null ? null : formatObjectPath(instance.path),
    properties,
  };
}

function qualifiersToJson(qualifiers: readonly CimQualifier[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(qualifiers.map(({ name, value }) => [name, valueToJson(value)]));
}

function elementToJson(element: CimPropertyDeclaration | CimParameter): Readonly<Record<string, unknown>> {
  const { name, type, isArray, arraySize, referenceClass, qualifiers } = element;
  return {
    name,
    type,
    ...(isArray ? { isArray, ...(arraySize === null ? {} : { arraySize }) } : {}),
    ...(referenceClass === null ? {} : { referenceClass }),
    ...('defaultValue' in element && element.defaultValue !== null
      ? { default: valueToJson(element.defaultValue) }
      : {}),
    qualifiers: qualifiersToJson(qualifiers),
  };
}

/** A class as JSON: `class`, `superclass`, `qualifiers` by name, `properties`, `methods`. */
export function classToJson(cls: CimClass): Readonly<Record<string, unknown>> {
  return {
    class: cls.name,
    superclass: cls.superclass,
    qualifiers: qualifiersToJson(cls.qualifiers),
    properties: cls.properties.map(elementToJson),
    methods: cls.methods.map((method) => ({
      name: method.name,
      type: method.returnType,
      qualifiers: qualifiersToJson(method.qualifiers),
      parameters: method.parameters.map(elementToJson),
    })),
  };
}

/** A qualifier type as JSON. */
export function qualifierTypeToJson(declaration: CimQualifierType): Readonly<Record<string, unknown>> {
  const { name, type, isArray, defaultValue, scopes, flavor } = declaration;
  return { qualifier: name, type, isArray, default: valueToJson(defaultValue), scopes: [...scopes], flavor };
}
