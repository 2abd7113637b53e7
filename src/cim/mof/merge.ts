import {
  type CimClass,
  type CimMethod,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimValue,
  CimDateTime,
  foldName,
  isCimArray,
  sameName,
} from '../model/index.js';

function mergeElements<T extends { readonly name: string }>(
  existing: readonly T[],
  added: readonly T[],
  both: (before: T, after: T) => T,
): T[] {
  const after = new Map(added.map((element) => [foldName(element.name), element]));
  const out: T[] = [];
  for (const before of existing) {
    const folded = foldName(before.name);
    const now = after.get(folded);
    out.push(now === undefined ? before : both(before, now));
    after.delete(folded);
  }
  return [...out, ...after.values()];
}

function mergeQualifiers(before: readonly CimQualifier[], after: readonly CimQualifier[]): CimQualifier[] {
  return mergeElements(before, after, (_before, now) => now);
}

function mergeProperty(before: CimPropertyDeclaration, after: CimPropertyDeclaration): CimPropertyDeclaration {
  return { ...after, qualifiers: mergeQualifiers(before.qualifiers, after.qualifiers) };
}

function mergeMethod(before: CimMethod, after: CimMethod): CimMethod {
  return { ...after, qualifiers: mergeQualifiers(before.qualifiers, after.qualifiers) };
}

/**
 * A declared class with what another declaration of it adds: elements and qualifiers of both, those of `added` where both
 * have them. Nothing disappears, so subclasses and instances keep fitting.
 */
export function mergeClass(existing: CimClass, added: CimClass): CimClass {
  return {
    ...added,
    qualifiers: mergeQualifiers(existing.qualifiers, added.qualifiers),
    properties: mergeElements(existing.properties, added.properties, mergeProperty),
    methods: mergeElements(existing.methods, added.methods, mergeMethod),
  };
}

export function sameValue(a: CimValue, b: CimValue): boolean {
  if (isCimArray(a)) {
    return isCimArray(b) && a.length === b.length && a.every((item, at) => sameValue(item, b[at] ?? null));
  }
  if (a instanceof CimDateTime) return b instanceof CimDateTime && a.text === b.text;
  return a === b;
}

/** Equal lists by name, whatever the order. */
function sameList<T extends { readonly name: string }>(
  a: readonly T[],
  b: readonly T[],
  same: (a: T, b: T) => boolean,
): boolean {
  if (a.length !== b.length) return false;
  const other = new Map(b.map((element) => [foldName(element.name), element]));
  return a.every((element) => {
    const found = other.get(foldName(element.name));
    return found !== undefined && same(element, found);
  });
}

function sameQualifiers(a: readonly CimQualifier[], b: readonly CimQualifier[]): boolean {
  const own = (list: readonly CimQualifier[]): CimQualifier[] => list.filter((qualifier) => !qualifier.propagated);
  return sameList(
    own(a),
    own(b),
    (x, y) => x.type === y.type && x.isArray === y.isArray && sameValue(x.value, y.value),
  );
}

type Typed = Pick<CimPropertyDeclaration, 'type' | 'isArray' | 'arraySize' | 'referenceClass' | 'qualifiers'>;

function sameTyped(a: Typed, b: Typed): boolean {
  return (
    a.type === b.type &&
    a.isArray === b.isArray &&
    a.arraySize === b.arraySize &&
    sameName(a.referenceClass ?? '', b.referenceClass ?? '') &&
    sameQualifiers(a.qualifiers, b.qualifiers)
  );
}

/** Whether two declarations say the same, whatever the order and spelling of names. */
export function sameDeclaration(a: CimClass, b: CimClass): boolean {
  return (
    sameName(a.superclass ?? '', b.superclass ?? '') &&
    sameQualifiers(a.qualifiers, b.qualifiers) &&
    sameList(a.properties, b.properties, (x, y) => sameTyped(x, y) && sameValue(x.defaultValue, y.defaultValue)) &&
    sameList(
      a.methods,
      b.methods,
      (x, y) =>
        x.returnType === y.returnType &&
        sameQualifiers(x.qualifiers, y.qualifiers) &&
        sameList(x.parameters, y.parameters, sameTyped),
    )
  );
}

export function sameQualifierType(a: CimQualifierType, b: CimQualifierType): boolean {
  return (
    a.type === b.type &&
    a.isArray === b.isArray &&
    a.arraySize === b.arraySize &&
    sameValue(a.defaultValue, b.defaultValue) &&
    a.scopes.size === b.scopes.size &&
    [...a.scopes].every((scope) => b.scopes.has(scope)) &&
    a.flavor.overridable === b.flavor.overridable &&
    a.flavor.toSubclass === b.flavor.toSubclass &&
    a.flavor.translatable === b.flavor.translatable
  );
}
