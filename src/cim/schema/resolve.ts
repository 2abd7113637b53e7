// Inheritance of classes: DSP0004 5.1.2.3 (qualifier flavors) and 5.6 (Override, EmbeddedInstance, EmbeddedObject).
import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type EmbeddedKind,
  foldName,
  sameName,
  freezeDeep,
} from '../model/index.js';
import type { QualifierTypes } from './source.js';

interface Qualified {
  readonly qualifiers: readonly CimQualifier[];
}

/** What the subclasses of a class see of it, made once: a large schema has tens of thousands of inherited elements. */
interface Inheritance {
  readonly qualifiers: readonly CimQualifier[];
  readonly properties: readonly CimPropertyDeclaration[];
  readonly methods: readonly CimMethod[];
  /** Places of elements by folded name. */
  readonly propertyAt: ReadonlyMap<string, number>;
  readonly methodAt: ReadonlyMap<string, number>;
}

const inheritances = new WeakMap<CimClass, Inheritance>();

function inheritanceOf(cls: CimClass): Inheritance {
  let inheritance = inheritances.get(cls);
  if (inheritance === undefined) {
    inheritance = {
      qualifiers: inheritQualifiers(cls.qualifiers),
      properties: cls.properties.map(inheritProperty),
      methods: cls.methods.map(inheritMethod),
      propertyAt: new Map(cls.properties.map(({ name }, at) => [foldName(name), at])),
      methodAt: new Map(cls.methods.map(({ name }, at) => [foldName(name), at])),
    };
    inheritances.set(cls, inheritance);
  }
  return inheritance;
}

function inheritQualifiers(qualifiers: readonly CimQualifier[]): readonly CimQualifier[] {
  if (qualifiers.every((qualifier) => qualifier.propagated && qualifier.flavor.toSubclass)) return qualifiers;
  return qualifiers
    .filter((qualifier) => qualifier.flavor.toSubclass)
    .map((qualifier) => (qualifier.propagated ? qualifier : { ...qualifier, propagated: true }));
}

function inheritProperty(property: CimPropertyDeclaration): CimPropertyDeclaration {
  const qualifiers = inheritQualifiers(property.qualifiers);
  if (property.propagated && qualifiers === property.qualifiers) return property;
  return { ...property, propagated: true, qualifiers };
}

function inheritParameter(parameter: CimParameter): CimParameter {
  const qualifiers = inheritQualifiers(parameter.qualifiers);
  return qualifiers === parameter.qualifiers ? parameter : { ...parameter, qualifiers };
}

function inheritMethod(method: CimMethod): CimMethod {
  const qualifiers = inheritQualifiers(method.qualifiers);
  const parameters = method.parameters.map(inheritParameter);
  const same = qualifiers === method.qualifiers && parameters.every((item, at) => item === method.parameters[at]);
  return method.propagated && same ? method : { ...method, propagated: true, qualifiers, parameters };
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

/** @param inherited in the form that subclasses see */
function mergeQualifiers(element: Qualified, inherited: Qualified | undefined, types: QualifierTypes): CimQualifier[] {
  const out: CimQualifier[] = [];
  for (const qualifier of element.qualifiers) if (!qualifier.propagated) out.push(withFlavor(qualifier, types));
  if (inherited === undefined || inherited.qualifiers.length === 0) return out;
  const own = out.map(({ name }) => foldName(name));
  for (const qualifier of inherited.qualifiers) if (!own.includes(foldName(qualifier.name))) out.push(qualifier);
  return out;
}

/** What a string carries, by the qualifiers that stand on it or are inherited; else as the declaration says itself. */
export function embeddedKind(
  element: Pick<CimParameter, 'type' | 'embedded' | 'qualifiers'>,
  qualifiers = element.qualifiers,
): EmbeddedKind | null {
  if (element.type !== 'string') return null;
  let kind = element.embedded;
  for (const { name, value } of qualifiers) {
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
    embedded: embeddedKind(property, qualifiers),
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
  return { ...parameter, qualifiers, embedded: embeddedKind(parameter, qualifiers) };
}

function resolveMethod(
  method: CimMethod,
  inherited: CimMethod | undefined,
  className: string,
  types: QualifierTypes,
): CimMethod {
  const before = (name: string): CimParameter | undefined =>
    inherited?.parameters.find((parameter) => sameName(parameter.name, name));
  return {
    ...method,
    name: inherited?.name ?? method.name,
    qualifiers: mergeQualifiers(method, inherited, types),
    parameters: method.parameters.map((parameter) => resolveParameter(parameter, before(parameter.name), types)),
    classOrigin: inherited === undefined ? className : inherited.classOrigin,
    propagated: false,
  };
}

/** Inherited elements in their place, overridden ones too; then the class's own in the order of declaration. */
function resolveElements<T extends { readonly name: string; readonly propagated: boolean }>(
  declared: readonly T[],
  inherited: readonly T[],
  placeOf: ReadonlyMap<string, number>,
  resolve: (element: T, overridden: T | undefined) => T,
): readonly T[] {
  if (declared.length === 0) return inherited;
  const out = [...inherited];
  for (const element of declared) {
    if (element.propagated) continue;
    const at = placeOf.get(foldName(element.name));
    if (at === undefined) out.push(resolve(element, undefined));
    else out[at] = resolve(element, inherited[at]);
  }
  return out;
}

const nothingInherited: Inheritance = {
  qualifiers: [],
  properties: [],
  methods: [],
  propertyAt: new Map(),
  methodAt: new Map(),
};

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
  const above = superclass === null ? nothingInherited : inheritanceOf(superclass);
  return freezeDeep({
    ...declared,
    superclass: superclass?.name ?? declared.superclass,
    qualifiers: mergeQualifiers(declared, above, qualifierTypes),
    properties: resolveElements(declared.properties, above.properties, above.propertyAt, (property, overridden) =>
      resolveProperty(property, overridden, declared.name, qualifierTypes),
    ),
    methods: resolveElements(declared.methods, above.methods, above.methodAt, (method, overridden) =>
      resolveMethod(method, overridden, declared.name, qualifierTypes),
    ),
  });
}
