import {
  type CimClass,
  type CimInstance,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimType,
  type CimValue,
  createInstance,
  defaultFlavor,
} from '../../../src/cim/model/index.js';
import { compileFilter, parseQuery } from '../../../src/cim/query/index.js';
import { createMemorySource, createSchema, type Schema } from '../../../src/cim/schema/index.js';

function qualifier(name: string, value: CimValue): CimQualifier {
  const type = typeof value === 'string' ? 'string' : 'boolean';
  return { name, type, isArray: false, value, flavor: defaultFlavor, propagated: false };
}

function property(name: string, type: CimType, ...qualifiers: CimQualifier[]): CimPropertyDeclaration {
  const object = qualifiers.some((one) => one.name === 'EmbeddedObject');
  const instance = qualifiers.some((one) => one.name === 'EmbeddedInstance');
  return {
    name,
    type,
    isArray: name.endsWith('s'),
    arraySize: null,
    defaultValue: null,
    referenceClass: null,
    embedded: object ? 'object' : instance ? 'instance' : null,
    classOrigin: null,
    propagated: false,
    qualifiers,
  };
}

function cimClass(name: string, superclass: string | null, ...properties: CimPropertyDeclaration[]): CimClass {
  return { kind: 'class', name, superclass, qualifiers: [], properties, methods: [], path: null };
}

const key = qualifier('Key', true);

export const schema: Schema = createSchema(
  createMemorySource([
    cimClass(
      'Q_Element',
      null,
      property('Name', 'string', key),
      property('Number', 'uint32', key),
      property('Caption', 'string'),
      property('State', 'uint16'),
      property('Size', 'uint64'),
      property('Load', 'real64'),
      property('Enabled', 'boolean'),
      property('Since', 'datetime'),
      property('Roles', 'string'),
      property('Ports', 'uint16'),
      property('Owner', 'reference'),
      property('Setting', 'string', qualifier('EmbeddedInstance', 'Q_Setting')),
      property('Settings', 'string', qualifier('EmbeddedInstance', 'Q_Setting')),
    ),
    cimClass('Q_VM', 'Q_Element', property('Memory', 'uint64')),
    cimClass('Q_Setting', null, property('Weight', 'sint32'), property('Label', 'string')),
    cimClass('Q_Indication', null, property('SourceInstance', 'string', qualifier('EmbeddedObject', true))),
  ]),
);

export function make(className: string, values: Record<string, CimValue>): CimInstance {
  const cls = schema.get(className);
  if (cls === undefined) throw new Error(`no class ${className}`);
  return createInstance(cls, values, { namespace: 'root/q' });
}

/** Whether an instance passes a condition in CQL (default), WQL or FQL. */
export function passes(instance: CimInstance, condition: string, language = 'DMTF:CQL'): boolean {
  const fql = language === 'DMTF:FQL';
  const query = parseQuery(language, fql ? condition : `SELECT * FROM ${instance.className} WHERE ${condition}`);
  const options = { now: () => 1_000_000, ...(fql ? { className: instance.className } : {}) };
  return compileFilter(query, schema, options)(instance);
}

/** Compiles a condition against Q_Element for its errors. */
export function check(condition: string, language = 'DMTF:CQL'): void {
  const text = language === 'DMTF:FQL' ? condition : `SELECT * FROM Q_Element WHERE ${condition}`;
  compileFilter(parseQuery(language, text), schema, language === 'DMTF:FQL' ? { className: 'Q_Element' } : {});
}
