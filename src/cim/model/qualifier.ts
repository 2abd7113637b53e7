import type { CimType } from './types.js';
import type { CimValue } from './value.js';

/** How a qualifier travels down the hierarchy (DSP0004, qualifier flavors). */
export interface QualifierFlavor {
  readonly overridable: boolean;
  readonly toSubclass: boolean;
  readonly translatable: boolean;
}

export const defaultFlavor: QualifierFlavor = { overridable: true, toSubclass: true, translatable: false };

/** A qualifier as it stands on a class, property, method or parameter. */
export interface CimQualifier {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
  readonly value: CimValue;
  readonly flavor: QualifierFlavor;
  /** Inherited, not written on the element itself. */
  readonly propagated: boolean;
}

/** Where a qualifier may stand: the SCOPE attributes of DSP0201, in their order. */
export const qualifierScopes = [
  'class',
  'association',
  'reference',
  'property',
  'method',
  'parameter',
  'indication',
] as const;
export type QualifierScope = (typeof qualifierScopes)[number];

/** A qualifier type declaration. */
export interface CimQualifierType {
  readonly name: string;
  readonly type: CimType;
  readonly isArray: boolean;
  readonly arraySize: number | null;
  readonly defaultValue: CimValue;
  readonly scopes: ReadonlySet<QualifierScope>;
  readonly flavor: QualifierFlavor;
}
