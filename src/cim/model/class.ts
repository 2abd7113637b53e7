import { foldName } from './names.js';
import type { CimClassPath } from './path.js';
import type { CimQualifier } from './qualifier.js';
import type { CimType, EmbeddedKind } from './types.js';
import type { CimValue } from './value.js';

/** A property as a class declares it. References are properties of type `reference`. */
export interface CimPropertyDeclaration {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
  readonly arraySize: number | null;
  readonly defaultValue: CimValue;
  /** For `reference`: the class that may be named, null if any. */
  readonly referenceClass: string | null;
  readonly embedded: EmbeddedKind | null;
  readonly classOrigin: string | null;
  readonly propagated: boolean;
  readonly qualifiers: readonly CimQualifier[];
}

export interface CimParameter {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
  readonly arraySize: number | null;
  readonly referenceClass: string | null;
  readonly embedded: EmbeddedKind | null;
  readonly qualifiers: readonly CimQualifier[];
}

export interface CimMethod {
  readonly name: string;
  readonly returnType: CimType;
  readonly parameters: readonly CimParameter[];
  readonly classOrigin: string | null;
  readonly propagated: boolean;
  readonly qualifiers: readonly CimQualifier[];
}

/** A class declaration; resolved (with everything inherited) or as written, depending on where it comes from. */
export interface CimClass {
  readonly kind: 'class';
  readonly name: string;
  readonly superclass: string | null;
  readonly qualifiers: readonly CimQualifier[];
  readonly properties: readonly CimPropertyDeclaration[];
  readonly methods: readonly CimMethod[];
  readonly path: CimClassPath | null;
}

interface Named {
  readonly name: string;
}

/** First element of that name, whatever the case. */
export function findByName<T extends Named>(elements: readonly T[], name: string): T | undefined {
  const folded = foldName(name);
  return elements.find((element) => foldName(element.name) === folded);
}

/** Value of a qualifier; undefined where it does not stand. */
export function qualifierValue(
  element: { readonly qualifiers: readonly CimQualifier[] },
  name: string,
): CimValue | undefined {
  return findByName(element.qualifiers, name)?.value;
}

/** Whether a boolean qualifier stands there with TRUE. */
export function hasQualifier(element: { readonly qualifiers: readonly CimQualifier[] }, name: string): boolean {
  return qualifierValue(element, name) === true;
}

export function isKey(property: CimPropertyDeclaration): boolean {
  return hasQualifier(property, 'Key');
}

export function keyProperties(cls: CimClass): readonly CimPropertyDeclaration[] {
  return cls.properties.filter(isKey);
}

export function isAssociation(cls: CimClass): boolean {
  return hasQualifier(cls, 'Association');
}

export function isAbstract(cls: CimClass): boolean {
  return hasQualifier(cls, 'Abstract');
}

export function isIndication(cls: CimClass): boolean {
  return hasQualifier(cls, 'Indication');
}
