// The syntax tree of MOF, DSP0004 Annex A. `at` is the offset in the source.

/** A real literal: `1.0` is not the integer 1. */
export interface MofReal {
  readonly kind: 'real';
  readonly value: number;
}

/** A character literal. */
export interface MofCharacter {
  readonly kind: 'character';
  readonly value: string;
}

/** `$Name`: another instance or class of the compilation, declared before or after. */
export interface MofAlias {
  readonly kind: 'alias';
  readonly name: string;
  readonly at: number;
}

/** A value as it stands in the text: integers are numbers where they are safe, else bigint. */
export type MofLiteral =
  | string
  | number
  | bigint
  | boolean
  | null
  | MofReal
  | MofCharacter
  | MofAlias
  | MofInstanceDeclaration
  | readonly MofLiteral[];

export interface MofQualifier {
  readonly name: string;
  /** Undefined: no parameter. */
  readonly value: MofLiteral | undefined;
  readonly flavors: readonly string[];
  readonly at: number;
}

export interface MofType {
  /** Folded type name, or `reference`. */
  readonly name: string;
  readonly referenceClass: string | null;
}

export interface MofParameter {
  readonly name: string;
  readonly type: MofType;
  readonly isArray: boolean;
  readonly arraySize: number | null;
  readonly qualifiers: readonly MofQualifier[];
  readonly at: number;
}

export interface MofProperty extends MofParameter {
  readonly value: MofLiteral | undefined;
  readonly valueAt: number;
}

export interface MofMethod {
  readonly name: string;
  readonly returnType: MofType;
  readonly qualifiers: readonly MofQualifier[];
  readonly parameters: readonly MofParameter[];
  readonly at: number;
}

export interface MofClassDeclaration {
  readonly kind: 'class';
  readonly name: string;
  readonly superclass: string | null;
  readonly alias: string | null;
  readonly qualifiers: readonly MofQualifier[];
  readonly properties: readonly MofProperty[];
  readonly methods: readonly MofMethod[];
  readonly at: number;
}

export interface MofPropertyValue {
  readonly name: string;
  readonly value: MofLiteral;
  readonly at: number;
  readonly valueAt: number;
}

export interface MofInstanceDeclaration {
  readonly kind: 'instance';
  readonly className: string;
  readonly alias: string | null;
  readonly properties: readonly MofPropertyValue[];
  readonly at: number;
}

export interface MofQualifierTypeDeclaration {
  readonly kind: 'qualifier-type';
  readonly name: string;
  readonly type: MofType;
  readonly isArray: boolean;
  readonly arraySize: number | null;
  readonly value: MofLiteral | undefined;
  readonly scopes: readonly string[];
  readonly flavors: readonly string[];
  readonly at: number;
}

export interface MofPragma {
  readonly kind: 'pragma';
  /** Folded: `include`, `namespace`, `locale` … */
  readonly name: string;
  readonly parameter: string | null;
  readonly at: number;
}

export type MofDeclaration = MofClassDeclaration | MofInstanceDeclaration | MofQualifierTypeDeclaration | MofPragma;
