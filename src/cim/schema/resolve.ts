// Inheritance of classes: DSP0004 5.1.2.3 (qualifier flavors) and 5.6 (Override, EmbeddedInstance, EmbeddedObject).
import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type EmbeddedKind,
  foldName,
} from '../model/index.js';
import type { QualifierTypes } from './source.js';

interface Qualified {
  readonly name: string;
  readonly qualifiers: readonly CimQualifier[];
}

// What a subclass sees of an element is the same object for all subclasses: a large schema has tens of thousands of them.
const inheritedElements = new WeakMap<object, object>();

function remember<T extends object>(element: T, make: (element: T) => T): T {
  let inherited = inheritedElements.get(element) as T | undefined;
  if (inherited === undefined) {
    inherited = make(element);
    inheritedElements.set(element, inherited);
    inheritedElements.set(inherited, inherited);
  }
  return inherited;
}

const inheritedLists = new WeakMap<readonly CimQualifier[], readonly CimQualifier[]>();

function inheritQualifiers(qualifiers: readonly CimQualifier[]): readonly CimQualifier[] {
  let inherited = inheritedLists.get(qualifiers);
  if (inherited === undefined) {
    const all = qualifiers.every((qualifier) => qualifier.propagated && qualifier.flavor.toSubclass);
    inherited = all
      ? qualifiers
      : qualifiers
          .filter((qualifier) => qualifier.flavor.toSubclass)
          .map((qualifier) =>
            qualifier.propagated ? qualifier : remember(qualifier, (own) => ({ ...own, propagated: true })),
          );
    inheritedLists.set(qualifiers, inherited);
  }
  return inherited;
}

function inheritProperty(property: CimPropertyDeclaration): CimPropertyDeclaration {
  return remember(property, (own) => ({ ...own, propagated: true, qualifiers: inheritQualifiers(own.qualifiers) }));
}

function inheritMethod(method: CimMethod): CimMethod {
  return remember(method, (own) => ({
    ...own,
    propagated: true,
    qualifiers: inheritQualifiers(own.qualifiers),
    parameters: own.parameters.map((parameter) => ({
      ...parameter,
      qualifiers: inheritQualifiers(parameter.qualifiers),
    })),
  }));
}

function withFlavor(qualifier: CimQualifier, types: QualifierTypes): CimQualifier {
  const flavor = types(qualifier.name)?.flavor;
  if (flavor === undefined) return qualifier;
  const own = qualifier.flavor;
  const overridable = flavor.overridable && own.overridable;
  const toSubclass = flavor.toSubclass && own.toSubclass;
  const translatable = flavor.translatable;
  if (own.overridable === overridable && own.toSubclass === toSubclass && own.translatable === translatable) {
    return qualifier;
  }
  return { ...qualifier, flavor: { overridable, toSubclass, translatable } };
}

function mergeQualifiers(element: Qualified, inherited: Qualified | undefined, types: QualifierTypes): CimQualifier[] {
  const out: CimQualifier[] = [];
  for (const qualifier of element.qualifiers) if (!qualifier.propagated) out.push(withFlavor(qualifier, types));
  if (inherited === undefined) return out;
  const own = out.length;
  for (const qualifier of inheritQualifiers(inherited.qualifiers)) {
    const folded = foldName(qualifier.name);
    let redeclared = false;
    for (let at = 0; at < own && !redeclared; at++) redeclared = foldName((out[at] as CimQualifier).name) === folded;
    if (!redeclared) out.push(qualifier);
  }
  return out;
}

/** What a string carries, by the qualifiers that stand on it or are inherited; else as the declaration says itself. */
export function embeddedKind(element: Pick<CimParameter, 'type' | 'embedded' | 'qualifiers'>): EmbeddedKind | null {
  if (element.type !== 'string') return null;
  let kind = element.embedded;
  for (const { name, value } of element.qualifiers) {
    // The length first: this is asked for every string of a schema.
    if (name.length === 16 && typeof value === 'string' && foldName(name) === 'embeddedinstance') return 'instance';
    if (name.length === 14 && value === true && foldName(name) === 'embeddedobject') kind = 'object';
  }
  return kind;
}

function resolveProperty(
  property: CimPropertyDeclaration,
  inherited: CimPropertyDeclaration | undefined,
  className: string,
  types: QualifierTypes,
): CimPropertyDeclaration {
  const qualifiers = mergeQualifiers(property, inherited, types);
  return {
    ...property,
    name: inherited?.name ?? property.name,
    defaultValue: property.defaultValue ?? inherited?.defaultValue ?? null,
    qualifiers,
    embedded: embeddedKind({ ...property, qualifiers }),
    classOrigin: inherited === undefined ? className : inherited.classOrigin,
    propagated: false,
  };
}

function resolveParameter(
  parameter: CimParameter,
  inherited: CimParameter | undefined,
  types: QualifierTypes,
): CimParameter {
  const qualifiers = mergeQualifiers(parameter, inherited, types);
  return { ...parameter, qualifiers, embedded: embeddedKind({ ...parameter, qualifiers }) };
}

function resolveMethod(
  method: CimMethod,
  inherited: CimMethod | undefined,
  className: string,
  types: QualifierTypes,
): CimMethod {
  const before = new Map(inherited?.parameters.map((parameter) => [foldName(parameter.name), parameter]));
  return {
    ...method,
    name: inherited?.name ?? method.name,
    qualifiers: mergeQualifiers(method, inherited, types),
    parameters: method.parameters.map((parameter) =>
      resolveParameter(parameter, before.get(foldName(parameter.name)), types),
    ),
    classOrigin: inherited === undefined ? className : inherited.classOrigin,
    propagated: false,
  };
}

/** Inherited elements in their place, overridden ones too; then the class's own in the order of declaration. */
function resolveElements<T extends { readonly name: string; readonly propagated: boolean }>(
  declared: readonly T[],
  inherited: readonly T[],
  inherit: (element: T) => T,
  resolve: (element: T, overridden: T | undefined) => T,
): T[] {
  const own = new Map<string, T>();
  for (const element of declared) if (!element.propagated) own.set(foldName(element.name), element);
  if (own.size === 0) return inherited.map(inherit);
  const out: T[] = [];
  for (const element of inherited) {
    const folded = foldName(element.name);
    const overriding = own.get(folded);
    if (overriding === undefined) {
      out.push(inherit(element));
    } else {
      out.push(resolve(overriding, element));
      own.delete(folded);
    }
  }
  for (const element of own.values()) out.push(resolve(element, undefined));
  return out;
}

/**
 * A class with everything that it inherits: elements in the order in which they were first declared, qualifiers by flavor,
 * CLASSORIGIN (the class that introduced the element) and PROPAGATED filled in. Total: it checks nothing, `checkCreateClass`
 * does. Elements and qualifiers of `declared` that are marked as propagated are ignored.
 *
 * @param superclass resolved; null for a top-level class
 */
export function resolveClass(
  declared: CimClass,
  superclass: CimClass | null,
  qualifierTypes: QualifierTypes,
): CimClass {
  return {
    ...declared,
    superclass: superclass?.name ?? declared.superclass,
    qualifiers: mergeQualifiers(declared, superclass ?? undefined, qualifierTypes),
    properties: resolveElements(
      declared.properties,
      superclass?.properties ?? [],
      inheritProperty,
      (property, overridden) => resolveProperty(property, overridden, declared.name, qualifierTypes),
    ),
    methods: resolveElements(declared.methods, superclass?.methods ?? [], inheritMethod, (method, overridden) =>
      resolveMethod(method, overridden, declared.name, qualifierTypes),
    ),
  };
}
