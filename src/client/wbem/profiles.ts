import { type CimClass, type CimInstance, findByName } from '../../cim/model/index.js';
import { valueMapOf } from '../../cim/schema/index.js';

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
  return valueMapOf(property)?.textOf(value) ?? null;
}

const otherOrganization = 1;

export function organizationName(cls: CimClass, profile: CimInstance): string {
  const number = profile.getNumber('RegisteredOrganization');
  if (number === null) return '';
  const other = profile.getString('OtherRegisteredOrganization');
  if (number === otherOrganization && other !== null) return other;
  return mappedValue(cls, 'RegisteredOrganization', number) ?? String(number);
}
