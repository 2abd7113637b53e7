import {
  type CimClass,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimType,
  type CimValue,
  defaultFlavor,
  type QualifierScope,
} from '../../../src/cim/model/index.js';

const scopes: ReadonlySet<QualifierScope> = new Set([
  'class',
  'association',
  'reference',
  'property',
  'method',
  'parameter',
  'indication',
]);

function qualifierType(name: string, type: CimType): CimQualifierType {
  const flavor = { ...defaultFlavor, toSubclass: name !== 'Abstract' };
  return {
    name,
    type,
    isArray: false,
    arraySize: null,
    defaultValue: type === 'boolean' ? false : null,
    scopes,
    flavor,
  };
}

export const qualifierTypes: readonly CimQualifierType[] = [
  qualifierType('Key', 'boolean'),
  qualifierType('Abstract', 'boolean'),
  qualifierType('Association', 'boolean'),
  qualifierType('Required', 'boolean'),
  qualifierType('Description', 'string'),
  qualifierType('EmbeddedInstance', 'string'),
];

export function qualifier(name: string, value: CimValue = true): CimQualifier {
  const type = typeof value === 'string' ? 'string' : 'boolean';
  const flavor = { ...defaultFlavor, toSubclass: name !== 'Abstract' };
  return { name, type, isArray: false, value, flavor, propagated: false };
}

export interface PropertyOptions {
  readonly key?: boolean;
  readonly isArray?: boolean;
  readonly default?: CimValue;
  readonly to?: string;
  readonly embedded?: string;
}

export function property(name: string, type: CimType, options: PropertyOptions = {}): CimPropertyDeclaration {
  const qualifiers = options.key === true ? [qualifier('Key')] : [];
  if (options.embedded !== undefined) qualifiers.push(qualifier('EmbeddedInstance', options.embedded));
  return {
    name,
    type,
    isArray: options.isArray ?? false,
    arraySize: null,
    defaultValue: options.default ?? null,
    referenceClass: options.to ?? null,
    embedded: options.embedded === undefined ? null : 'instance',
    classOrigin: null,
    propagated: false,
    qualifiers,
  };
}

export function cimClass(
  name: string,
  superclass: string | null,
  properties: readonly CimPropertyDeclaration[],
  ...qualifiers: readonly CimQualifier[]
): CimClass {
  return { kind: 'class', name, superclass, qualifiers, properties, methods: [], path: null };
}

/** Abstract element, a VM and a disk with one and two keys, a setting, and an association between elements. */
export const sampleClasses: readonly CimClass[] = [
  cimClass(
    'T_Element',
    null,
    [property('ElementName', 'string'), property('Caption', 'string', { default: 'none' })],
    qualifier('Abstract'),
  ),
  cimClass('T_VM', 'T_Element', [
    property('Name', 'string', { key: true }),
    property('Memory', 'uint64', { default: 1024n }),
    property('Load', 'real64'),
    property('Since', 'datetime'),
    property('State', 'uint16'),
    property('Roles', 'string', { isArray: true }),
    property('Setting', 'string', { embedded: 'T_Setting' }),
  ]),
  cimClass('T_Disk', 'T_Element', [
    property('System', 'string', { key: true }),
    property('Number', 'uint32', { key: true }),
    property('ReadOnly', 'boolean'),
  ]),
  cimClass('T_Setting', 'T_Element', [property('InstanceID', 'string', { key: true }), property('Weight', 'sint64')]),
  cimClass(
    'T_Uses',
    null,
    [
      property('Antecedent', 'reference', { key: true, to: 'T_Element' }),
      property('Dependent', 'reference', { key: true, to: 'T_Element' }),
    ],
    qualifier('Association'),
  ),
];
