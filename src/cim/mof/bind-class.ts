import {
  type CimClass,
  type CimMethod,
  type CimParameter,
  type CimPropertyDeclaration,
  type CimQualifier,
  type CimQualifierType,
  type CimType,
  defaultFlavor,
  type QualifierFlavor,
  type QualifierScope,
  qualifierScopes,
} from '../model/index.js';
import { embeddedKind, type QualifierTypes } from '../schema/index.js';
import { bindValue, type Surroundings } from './bind-value.js';
import { MofFault } from './diagnostic.js';
import type {
  MofClassDeclaration,
  MofMethod,
  MofParameter,
  MofProperty,
  MofQualifier,
  MofQualifierTypeDeclaration,
} from './syntax.js';

/** Told of each fault; binding goes on without the element. */
export type FaultReport = (offset: number, message: string) => void;

const noQualifiers: readonly CimQualifier[] = [];

// `toinstance` is of the first versions of CIM and means nothing today.
const flavorWords: Readonly<Record<string, Partial<QualifierFlavor>>> = {
  enableoverride: { overridable: true },
  disableoverride: { overridable: false },
  tosubclass: { toSubclass: true },
  restricted: { toSubclass: false },
  translatable: { translatable: true },
  toinstance: {},
};

function flavorOf(base: QualifierFlavor, words: readonly string[], at: number, report: FaultReport): QualifierFlavor {
  let flavor = base;
  for (const word of words) {
    const change = flavorWords[word];
    if (change === undefined) report(at, `unknown flavor ${word}`);
    flavor = { ...flavor, ...change };
  }
  return flavor;
}

// Scopes of DSP0004 that no element of ours has.
const unusedScopes: ReadonlySet<string> = new Set(['schema', 'qualifier']);

function scopesOf(declaration: MofQualifierTypeDeclaration, report: FaultReport): Set<QualifierScope> {
  const scopes = new Set<QualifierScope>();
  for (const word of declaration.scopes) {
    const scope = qualifierScopes.find((known) => known === word);
    if (scope !== undefined) scopes.add(scope);
    else if (word === 'any') for (const known of qualifierScopes) scopes.add(known);
    else if (!unusedScopes.has(word)) report(declaration.at, `unknown scope ${word}`);
  }
  return scopes;
}

/** A qualifier type of the model; null where its default is no value of its type. */
export function bindQualifierType(
  declaration: MofQualifierTypeDeclaration,
  report: FaultReport,
): CimQualifierType | null {
  const { name, isArray, arraySize, at } = declaration;
  const type = declaration.type.name as CimType;
  try {
    const target = { type, isArray, embedded: null, referenceClass: null };
    const defaultValue = bindValue(target, declaration.value ?? null, null, at);
    const flavor = flavorOf(defaultFlavor, declaration.flavors, at, report);
    return { name, type, isArray, arraySize, defaultValue, scopes: scopesOf(declaration, report), flavor };
  } catch (fault) {
    if (!(fault instanceof MofFault)) throw fault;
    report(fault.offset, `qualifier type ${name}: ${fault.message}`);
    return null;
  }
}

/** Makes classes of the model from declarations of one namespace. Equal boolean qualifiers are one object. */
export class ClassBinder {
  readonly #types: QualifierTypes;
  readonly #known = new Map<string, CimQualifierType | null>();
  readonly #set = new Map<CimQualifierType, CimQualifier>();
  readonly #around: Surroundings | null;

  /** @param around for default values that name other declarations */
  constructor(types: QualifierTypes, around: Surroundings | null) {
    this.#types = types;
    this.#around = around;
  }

  bind(declaration: MofClassDeclaration, report: FaultReport): CimClass {
    return {
      kind: 'class',
      name: declaration.name,
      superclass: declaration.superclass,
      qualifiers: this.#qualifiers(declaration.qualifiers, report),
      properties: declaration.properties.map((property) => this.#property(property, report)),
      methods: declaration.methods.map((method) => this.#method(method, report)),
      path: null,
    };
  }

  #qualifierType(name: string): CimQualifierType | null {
    let type = this.#known.get(name);
    if (type === undefined) {
      type = this.#types(name) ?? null;
      this.#known.set(name, type);
    }
    return type;
  }

  #qualifiers(given: readonly MofQualifier[], report: FaultReport): readonly CimQualifier[] {
    if (given.length === 0) return noQualifiers;
    const out: CimQualifier[] = [];
    for (const qualifier of given) {
      const type = this.#qualifierType(qualifier.name);
      if (type === null) {
        report(qualifier.at, `qualifier ${qualifier.name} has no declaration`);
        continue;
      }
      try {
        out.push(this.#qualifier(qualifier, type, report));
      } catch (fault) {
        if (!(fault instanceof MofFault)) throw fault;
        report(fault.offset, `qualifier ${type.name}: ${fault.message}`);
      }
    }
    return out;
  }

  #qualifier(given: MofQualifier, type: CimQualifierType, report: FaultReport): CimQualifier {
    // Without a parameter a boolean qualifier is TRUE, any other NULL.
    const literal = given.value === undefined ? (type.type === 'boolean' && !type.isArray ? true : null) : given.value;
    const plain = literal === true && type.type === 'boolean' && !type.isArray && given.flavors.length === 0;
    const shared = plain ? this.#set.get(type) : undefined;
    if (shared !== undefined) return shared;
    const target = { type: type.type, isArray: type.isArray, embedded: null, referenceClass: null };
    const qualifier: CimQualifier = {
      name: type.name,
      type: type.type,
      isArray: type.isArray,
      value: bindValue(target, literal, null, given.at),
      flavor: flavorOf(type.flavor, given.flavors, given.at, report),
      propagated: false,
    };
    if (plain) this.#set.set(type, qualifier);
    return qualifier;
  }

  #parameter(parameter: MofParameter, report: FaultReport): CimParameter {
    const qualifiers = this.#qualifiers(parameter.qualifiers, report);
    const type = parameter.type.name as CimType;
    return {
      name: parameter.name,
      type,
      isArray: parameter.isArray,
      arraySize: parameter.arraySize,
      referenceClass: parameter.type.referenceClass,
      embedded: embeddedKind({ type, embedded: null, qualifiers }),
      qualifiers,
    };
  }

  #property(property: MofProperty, report: FaultReport): CimPropertyDeclaration {
    const bound = this.#parameter(property, report);
    let defaultValue: CimPropertyDeclaration['defaultValue'] = null;
    if (property.value !== undefined) {
      try {
        defaultValue = bindValue(bound, property.value, this.#around, property.valueAt);
      } catch (fault) {
        if (!(fault instanceof MofFault)) throw fault;
        report(fault.offset, `default of ${property.name}: ${fault.message}`);
      }
    }
    return {
      name: bound.name,
      type: bound.type,
      isArray: bound.isArray,
      arraySize: bound.arraySize,
      defaultValue,
      referenceClass: bound.referenceClass,
      embedded: bound.embedded,
      classOrigin: null,
      propagated: false,
      qualifiers: bound.qualifiers,
    };
  }

  #method(method: MofMethod, report: FaultReport): CimMethod {
    return {
      name: method.name,
      returnType: method.returnType.name as CimType,
      parameters: method.parameters.map((parameter) => this.#parameter(parameter, report)),
      classOrigin: null,
      propagated: false,
      qualifiers: this.#qualifiers(method.qualifiers, report),
    };
  }
}
