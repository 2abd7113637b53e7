import {
  type CimClass,
  type CimMethod,
  type CimPropertyDeclaration,
  type CimQualifier,
  foldName,
  freezeDeep,
} from '../model/index.js';

/** What a client wants to see of a class: the parameters of GetClass (DSP0200 5.4.2.1). */
export interface ClassCut {
  /** Only what the class itself declares. */
  readonly localOnly: boolean;
  readonly includeQualifiers: boolean;
  readonly includeClassOrigin: boolean;
  /** Null: all; empty: none; unknown names are ignored. */
  readonly propertyList: readonly string[] | null;
}

function cutQualifiers(qualifiers: readonly CimQualifier[], cut: ClassCut): readonly CimQualifier[] {
  if (!cut.includeQualifiers) return [];
  return cut.localOnly ? qualifiers.filter((qualifier) => !qualifier.propagated) : qualifiers;
}

function cutElement<T extends CimPropertyDeclaration | CimMethod>(element: T, cut: ClassCut): T {
  return {
    ...element,
    qualifiers: cutQualifiers(element.qualifiers, cut),
    classOrigin: cut.includeClassOrigin ? element.classOrigin : null,
  };
}

/** A resolved class, cut to what was asked for. */
export function cutClass(cls: CimClass, cut: ClassCut): CimClass {
  if (!cut.localOnly && cut.includeQualifiers && cut.includeClassOrigin && cut.propertyList === null) return cls;
  const wanted = cut.propertyList === null ? null : new Set(cut.propertyList.map(foldName));
  const shown = (element: { readonly propagated: boolean }): boolean => !(cut.localOnly && element.propagated);
  return freezeDeep({
    ...cls,
    qualifiers: cutQualifiers(cls.qualifiers, cut),
    properties: cls.properties
      .filter((property) => shown(property) && (wanted === null || wanted.has(foldName(property.name))))
      .map((property) => cutElement(property, cut)),
    methods: cls.methods.filter(shown).map((method) => ({
      ...cutElement(method, cut),
      parameters: method.parameters.map((parameter) => ({
        ...parameter,
        qualifiers: cutQualifiers(parameter.qualifiers, cut),
      })),
    })),
  });
}
