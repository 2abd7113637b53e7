import {
  type CimQualifier,
  type CimQualifierType,
  type CimValue,
  isCimArray,
  isCimName,
  type QualifierScope,
  sameName,
} from '../model/index.js';
import { CimError } from '../operations/index.js';
import { describeType, describeValue, isValueOf } from './scalar.js';
import { ClassViolation } from './violation.js';

/** Whether two qualifier values are the same. */
export function sameQualifierValue(a: CimValue, b: CimValue): boolean {
  if (isCimArray(a)) {
    return isCimArray(b) && a.length === b.length && a.every((item, at) => sameQualifierValue(item, b[at] ?? null));
  }
  if (isCimArray(b) || a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.kind === 'datetime' && b.kind === 'datetime' && a.text === b.text;
}

/**
 * Checks a qualifier type declaration (DSP0004 5.6): name, a type that is no reference, at least one scope, default value.
 * @throws CimError 4
 */
export function checkQualifierType(type: CimQualifierType): void {
  const place = `qualifier type ${type.name}`;
  if (!isCimName(type.name)) throw new CimError(4, `${place}: not a CIM name`);
  if (type.type === 'reference') throw new CimError(4, `${place}: a qualifier cannot be a reference`);
  if (type.scopes.size === 0) throw new CimError(4, `${place}: no scope, so it could stand nowhere`);
  if (!isValueOf(type.type, type.isArray, type.defaultValue)) {
    throw new CimError(4, `${place}: expected ${describeType(type)}, got ${describeValue(type.defaultValue)}`);
  }
}

/** What knows the qualifier types. */
interface TypedSchema {
  qualifierType(name: string): CimQualifierType | undefined;
}

/** An element that bears qualifiers, and what it is. */
export interface QualifiedPlace {
  /** As it is named in sentences: `CIM_Foo.Bar`. */
  readonly place: string;
  readonly scopes: readonly QualifierScope[];
  readonly qualifiers: readonly CimQualifier[];
  /** The same element of the superclass. */
  readonly inherited?: { readonly qualifiers: readonly CimQualifier[] } | undefined;
}

/** The qualifier of that name as it is inherited, if it may not be overridden. */
function fixedAbove(element: QualifiedPlace, name: string): CimQualifier | undefined {
  // Few qualifiers are fixed: names are compared for those alone.
  return element.inherited?.qualifiers.find(
    ({ flavor, name: other }) => flavor.toSubclass && !flavor.overridable && sameName(other, name),
  );
}

/** What is wrong with a qualifier; null where nothing is. */
function faultOf(qualifier: CimQualifier, type: CimQualifierType, element: QualifiedPlace): string | null {
  if (!element.scopes.some((scope) => type.scopes.has(scope))) {
    return `cannot stand on a ${element.scopes[0] ?? ''}, only on ${[...type.scopes].join(', ')}`;
  }
  if (type.type !== qualifier.type || type.isArray !== qualifier.isArray) {
    return `expected ${describeType(type)}, got ${describeType(qualifier)}`;
  }
  if (!isValueOf(type.type, type.isArray, qualifier.value)) {
    return `expected ${describeType(type)}, got ${describeValue(qualifier.value)}`;
  }
  const above = fixedAbove(element, qualifier.name);
  if (above === undefined) return null;
  if (sameQualifierValue(above.value, qualifier.value)) return null;
  return `inherited as ${describeValue(above.value)} and may not be overridden`;
}

/**
 * Checks the qualifiers that an element declares: known, not twice, scope, type, value, flavor of the inherited one.
 * @throws CimError 4
 */
export function checkQualifiers(element: QualifiedPlace, schema: TypedSchema): void {
  const types: CimQualifierType[] = [];
  for (const qualifier of element.qualifiers) {
    if (qualifier.propagated) continue;
    const type = schema.qualifierType(qualifier.name);
    const fault =
      type === undefined
        ? 'there is no qualifier type of that name'
        : types.includes(type)
          ? 'stands twice'
          : faultOf(qualifier, type, element);
    if (fault !== null) throw new ClassViolation(element.place, fault, qualifier.name);
    if (type !== undefined) types.push(type);
  }
}
