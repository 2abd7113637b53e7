import type { TokenCursor } from './cursor.js';
import { invalidQuery, unsupportedFeature } from './errors.js';
import {
  type ComparisonOperator,
  comparisonOperators,
  type Condition,
  type Operand,
  type PathOperand,
  type PathStep,
  type Quantifier,
} from './syntax.js';

const deepestNesting = 100;
const mostParts = 5_000;
const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '||']);

/** Reads conditions: OR below AND below NOT below predicates. */
export class ConditionParser {
  readonly #cursor: TokenCursor;
  #depth = 0;
  #parts = 0;

  constructor(cursor: TokenCursor) {
    this.#cursor = cursor;
  }

  condition(): Condition {
    const column = this.#cursor.column;
    if (++this.#depth > deepestNesting) throw invalidQuery('conditions are nested too deep', column);
    const parts = [this.#conjunction()];
    while (this.#cursor.takeWord('OR')) parts.push(this.#conjunction());
    this.#depth--;
    return parts.length === 1 ? (parts[0] as Condition) : { kind: 'or', parts };
  }

  #conjunction(): Condition {
    const parts = [this.#negation()];
    while (this.#cursor.takeWord('AND')) parts.push(this.#negation());
    return parts.length === 1 ? (parts[0] as Condition) : { kind: 'and', parts };
  }

  #negation(): Condition {
    let negated = false;
    while (this.#cursor.isWord('NOT')) {
      this.#count();
      this.#cursor.next();
      negated = !negated;
    }
    const part = this.#predicate();
    return negated ? { kind: 'not', part } : part;
  }

  #count(): void {
    if (++this.#parts > mostParts) throw invalidQuery('the condition has too many parts', this.#cursor.column);
  }

  #predicate(): Condition {
    this.#count();
    if (this.#cursor.takeSymbol('(')) {
      const inner = this.condition();
      this.#cursor.expectSymbol(')');
      return inner;
    }
    if (this.#cursor.isWord('EXISTS')) throw unsupportedFeature('EXISTS', this.#cursor.column);
    const quantifier = this.#quantifier();
    const left = this.operand();
    return this.#rest(left, quantifier);
  }

  #quantifier(): Quantifier | null {
    const cursor = this.#cursor;
    for (const word of ['ANY', 'EVERY', 'SATISFIES'] as const) {
      // A property may have the keyword's name: then an operator follows it.
      if (!cursor.isWord(word) || cursor.following.kind !== 'name' || isPredicateWord(cursor.following.text)) continue;
      if (word === 'SATISFIES') throw unsupportedFeature(word, cursor.column);
      cursor.next();
      return word === 'ANY' ? 'any' : 'every';
    }
    return null;
  }

  #rest(left: Operand, quantifier: Quantifier | null): Condition {
    const cursor = this.#cursor;
    const { column } = cursor;
    const operator = this.#operator();
    if (operator !== null) return this.#comparison(operator, left, quantifier, column);
    const negated = cursor.isWord('NOT') && cursor.isWord('LIKE', cursor.following) && cursor.takeWord('NOT');
    if (cursor.takeWord('LIKE')) {
      if (cursor.token.kind !== 'string') cursor.fail('a pattern in quotes');
      const pattern = String(cursor.next().value);
      const like: Condition = { kind: 'like', operand: left, pattern, quantifier, column };
      return negated ? { kind: 'not', part: like } : like;
    }
    if (quantifier !== null) cursor.fail('a comparison');
    if (cursor.takeWord('IS')) return this.#isNull(left);
    if (cursor.takeWord('ISA') || cursor.takeWord('INSTANCEOF')) {
      if (cursor.token.kind !== 'string' && cursor.token.kind !== 'name') cursor.fail('a class name');
      return { kind: 'isa', operand: left, className: String(cursor.next().value), column };
    }
    for (const word of ['IN', 'BETWEEN']) if (cursor.isWord(word)) throw unsupportedFeature(word, column);
    if (left.kind === 'literal' && typeof left.value !== 'boolean') cursor.fail('a comparison');
    return { kind: 'test', operand: left };
  }

  #isNull(operand: Operand): Condition {
    const negated = this.#cursor.takeWord('NOT');
    this.#cursor.expectWord('NULL');
    const test: Condition = { kind: 'null', operand };
    return negated ? { kind: 'not', part: test } : test;
  }

  #operator(): ComparisonOperator | null {
    const { kind, text, column } = this.#cursor.token;
    if (kind !== 'symbol') return null;
    if (arithmetic.has(text)) throw unsupportedFeature(`the operator ${text}`, column);
    const operator = comparisonOperators.find((one) => one === (text === '!=' ? '<>' : text)) ?? null;
    if (operator !== null) this.#cursor.next();
    return operator;
  }

  #comparison(operator: ComparisonOperator, left: Operand, quantifier: Quantifier | null, column: number): Condition {
    const opposite = quantifier === null ? this.#quantifier() : null;
    const right = this.operand();
    if (this.#operatorFollows()) throw invalidQuery('comparisons cannot be chained', this.#cursor.column);
    return opposite === null
      ? { kind: 'compare', operator, left, right, quantifier, column }
      : { kind: 'compare', operator: mirrored[operator], left: right, right: left, quantifier: opposite, column };
  }

  #operatorFollows(): boolean {
    const { kind, text, column } = this.#cursor.token;
    if (kind !== 'symbol') return false;
    if (arithmetic.has(text)) throw unsupportedFeature(`the operator ${text}`, column);
    return (comparisonOperators as readonly string[]).includes(text);
  }

  operand(): Operand {
    const cursor = this.#cursor;
    const { kind, column } = cursor.token;
    if (kind === 'string' || kind === 'integer' || kind === 'real') {
      return { kind: 'literal', value: cursor.next().value, column };
    }
    if (cursor.isSymbol('-') || cursor.isSymbol('+')) return this.#signed(column);
    if (kind !== 'name') cursor.fail('a property or a constant');
    if (cursor.following.text === '(' && cursor.following.kind === 'symbol') return this.#call();
    const bare = !['.', '[', '::'].includes(cursor.following.text) || cursor.following.kind !== 'symbol';
    if (bare && cursor.isWord('TRUE')) return { kind: 'literal', value: cursor.next() !== undefined, column };
    if (bare && cursor.takeWord('FALSE')) return { kind: 'literal', value: false, column };
    if (bare && cursor.isWord('NULL')) throw invalidQuery('compare with NULL by IS NULL', column);
    return this.path();
  }

  #signed(column: number): Operand {
    const negative = this.#cursor.next().text === '-';
    const { kind } = this.#cursor.token;
    if (kind !== 'integer' && kind !== 'real') this.#cursor.fail('a number');
    const value = this.#cursor.next().value as bigint | number;
    return { kind: 'literal', value: negative ? -value : value, column };
  }

  #call(): Operand {
    const { text, column } = this.#cursor.next();
    this.#cursor.expectSymbol('(');
    if (++this.#depth > deepestNesting) throw invalidQuery('functions are nested too deep', column);
    const parameters: Operand[] = [];
    if (!this.#cursor.isSymbol(')')) {
      do {
        this.#count();
        if (this.#cursor.isSymbol('*')) throw unsupportedFeature(`${text}(*)`, column);
        parameters.push(this.operand());
      } while (this.#cursor.takeSymbol(','));
    }
    this.#cursor.expectSymbol(')');
    this.#depth--;
    return { kind: 'call', name: text, parameters, column };
  }

  /** @param star whether `*` may stand as the last step */
  path(star = false): PathOperand {
    const { column } = this.#cursor;
    const steps: PathStep[] = [];
    do {
      this.#count();
      if (star && steps.length > 0 && this.#cursor.isSymbol('*')) {
        steps.push({ scope: null, name: '*', index: null, column: this.#cursor.next().column });
        break;
      }
      steps.push(this.#step());
    } while (this.#cursor.takeSymbol('.'));
    return { kind: 'path', steps, column };
  }

  #step(): PathStep {
    const cursor = this.#cursor;
    const first = cursor.expectName('a property');
    const scope = cursor.takeSymbol('::') ? first.text : null;
    const name = scope === null ? first.text : cursor.expectName('a property').text;
    if (cursor.isSymbol('#')) throw unsupportedFeature('a symbolic constant', cursor.column);
    let index: number | null = null;
    if (cursor.takeSymbol('[')) {
      if (cursor.isSymbol('*')) throw unsupportedFeature('[*]', cursor.column);
      if (cursor.token.kind !== 'integer') cursor.fail('an array index');
      index = Number(cursor.next().value);
      if (cursor.isSymbol('..') || cursor.isSymbol(',')) throw unsupportedFeature('an array range', cursor.column);
      cursor.expectSymbol(']');
    }
    return { scope, name, index, column: first.column };
  }
}

const mirrored: Readonly<Record<ComparisonOperator, ComparisonOperator>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function isPredicateWord(text: string): boolean {
  return ['LIKE', 'IS', 'ISA', 'INSTANCEOF', 'AND', 'OR', 'NOT', 'IN', 'BETWEEN'].includes(text.toUpperCase());
}
