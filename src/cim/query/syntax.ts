import type { QueryDialect } from './language.js';

/** One step of a property path: `Scope::Name[index]`. */
export interface PathStep {
  /** Class that the object must be of; null: any. */
  readonly scope: string | null;
  readonly name: string;
  readonly index: number | null;
  readonly column: number;
}

/** A property, maybe within embedded objects; without steps: the object itself. */
export interface PathOperand {
  readonly kind: 'path';
  readonly steps: readonly PathStep[];
  readonly column: number;
}

/** A constant: integers are bigint, reals are number. */
export interface LiteralOperand {
  readonly kind: 'literal';
  readonly value: string | bigint | number | boolean;
  readonly column: number;
}

export interface CallOperand {
  readonly kind: 'call';
  /** As it was written. */
  readonly name: string;
  readonly parameters: readonly Operand[];
  readonly column: number;
}

export type Operand = PathOperand | LiteralOperand | CallOperand;

/** Which items of an array must meet the condition. */
export type Quantifier = 'any' | 'every';

export const comparisonOperators = ['=', '<>', '<', '<=', '>', '>='] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly left: Operand;
      readonly right: Operand;
      /** Applies to the left operand. */
      readonly quantifier: Quantifier | null;
      readonly column: number;
    }
  | {
      readonly kind: 'like';
      readonly operand: Operand;
      readonly pattern: string;
      readonly quantifier: Quantifier | null;
      readonly column: number;
    }
  | { readonly kind: 'null'; readonly operand: Operand }
  | { readonly kind: 'isa'; readonly operand: Operand; readonly className: string; readonly column: number }
  | { readonly kind: 'test'; readonly operand: Operand };

/** A parsed query. */
export interface Query {
  readonly dialect: QueryDialect;
  readonly text: string;
  /** null: the language has no FROM (DMTF:FQL). */
  readonly fromClass: string | null;
  /** null: all properties. */
  readonly projection: readonly PathOperand[] | null;
  readonly where: Condition | null;
}
