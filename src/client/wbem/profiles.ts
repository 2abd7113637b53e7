import { type CimClass, type CimInstance, findByName, qualifierValue } from '../../cim/model/index.js';

/** One CIM_RegisteredProfile. */
export interface Profile {
  /** Text of RegisteredOrganization: `DMTF`, `SNIA`, or what OtherRegisteredOrganization says. */
  readonly organization: string;
  readonly name: string;
  readonly version: string;
  readonly instance: CimInstance;
}

export interface ProfileFilter {
  readonly organization?: string;
  readonly name?: string;
  readonly version?: string;
}

/** Text that a class gives to a value of one of its properties (qualifiers ValueMap and Values); null where it gives none. */
export function mappedValue(cls: CimClass, propertyName: string, value: number | bigint): string | null {
  const property = findByName(cls.properties, propertyName);
  if (property === undefined) return null;
  const texts = qualifierValue(property, 'Values');
  if (!Array.isArray(texts)) return null;
  const map = qualifierValue(property, 'ValueMap');
  const at = Array.isArray(map) ? map.indexOf(String(value)) : Number(value);
  const text: unknown = texts[at];
  return typeof text === 'string' ? text : null;
}

const otherOrganization = 1;

export function organizationName(cls: CimClass, profile: CimInstance): string {
  const number = profile.getNumber('RegisteredOrganization');
  if (number === null) return '';
  const other = profile.getString('OtherRegisteredOrganization');
  if (number === otherOrganization && other !== null) return other;
  return mappedValue(cls, 'RegisteredOrganization', number) ?? String(number);
}
