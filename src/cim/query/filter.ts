import { type CimInstance, type CimScalar, type CimValue, isCimArray } from '../model/index.js';
import { compareScalars, compareValues, not, toDateTime, toPath, type Truth } from './compare.js';
import { invalidQuery } from './errors.js';
import { compileOperand, type CompileContext, type CompiledOperand, type QuerySchema } from './operand.js';
import { compilePattern, PatternError } from './pattern.js';
import type { Condition, Quantifier, Query } from './syntax.js';

export interface FilterOptions {
  /** Class of the instances where the language has no FROM (DMTF:FQL); left out: names are not checked. */
  readonly className?: string;
  /** Milliseconds since 1970, for CurrentDateTime(). */
  readonly now?: () => number;
}

type Test = (instance: CimInstance) => Truth;

/**
 * Makes the test that the WHERE of a query stands for. Instances for which it is unknown (NULL) do not pass.
 *
 * @throws CimError 15 a class or property does not exist or cannot be compared so; 29
 */
export function compileFilter(
  query: Query,
  schema: QuerySchema,
  options: FilterOptions = {},
): (instance: CimInstance) => boolean {
  const className = query.fromClass ?? options.className;
  const cls = className === undefined ? null : (schema.get(className) ?? null);
  if (className !== undefined && cls === null) throw invalidQuery(`class ${className} does not exist`, 1);
  const context: CompileContext = { schema, cls, now: options.now ?? Date.now };
  for (const path of query.projection ?? []) compileOperand(path, { ...context, throughArrays: true });
  if (query.where === null) return () => true;
  const test = compileCondition(query.where, context, query.dialect === 'wql' ? 'wildcards' : 'expression');
  return (instance) => test(instance) === true;
}

function compileCondition(condition: Condition, context: CompileContext, form: 'wildcards' | 'expression'): Test {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const parts = condition.parts.map((part) => compileCondition(part, context, form));
      return condition.kind === 'and' ? allOf(parts) : anyOf(parts);
    }
    case 'not': {
      const part = compileCondition(condition.part, context, form);
      return (instance) => not(part(instance));
    }
    case 'compare':
      return compileComparison(condition, context);
    case 'like':
      return compileLike(condition, context, form);
    case 'null': {
      const { read } = compileOperand(condition.operand, context);
      return (instance) => (read(instance) ?? null) === null;
    }
    case 'isa':
      return compileIsa(condition, context);
    case 'test': {
      const operand = compileOperand(condition.operand, context);
      if (operand.isArray === true || (operand.kind !== null && operand.kind !== 'boolean')) {
        throw invalidQuery('expected a comparison', operand.column);
      }
      return (instance) => {
        const value = operand.read(instance);
        return typeof value === 'boolean' ? value : null;
      };
    }
  }
}

function allOf(parts: readonly Test[]): Test {
  return (instance) => {
    let result: Truth = true;
    for (const part of parts) {
      const truth = part(instance);
      if (truth === false) return false;
      if (truth === null) result = null;
    }
    return result;
  };
}

function anyOf(parts: readonly Test[]): Test {
  return (instance) => {
    let result: Truth = false;
    for (const part of parts) {
      const truth = part(instance);
      if (truth === true) return true;
      if (truth === null) result = null;
    }
    return result;
  };
}

/** Applies a test to the items of an array; NULL items are unknown, a NULL array is too. */
function quantified(quantifier: Quantifier, value: CimValue | undefined, test: (item: CimScalar) => Truth): Truth {
  if (!isCimArray(value)) return null;
  const decisive = quantifier === 'any';
  let result: Truth = !decisive;
  for (const item of value) {
    const truth = item === null ? null : test(item);
    if (truth === decisive) return decisive;
    if (truth === null) result = null;
  }
  return result;
}

function checkArray(operand: CompiledOperand, quantifier: Quantifier | null): void {
  if (quantifier === null && operand.isArray === true) {
    throw invalidQuery('an array is compared by ANY, EVERY or an index', operand.column);
  }
  if (quantifier !== null && operand.isArray === false) {
    throw invalidQuery(`${quantifier.toUpperCase()} applies to arrays`, operand.column);
  }
}

function checkConstant(operand: CompiledOperand, constant: string): void {
  if (operand.kind === 'datetime' && toDateTime(constant) === null) {
    throw invalidQuery(`"${constant.slice(0, 40)}" is not a datetime`, operand.column);
  }
  if (operand.kind === 'reference' && toPath(constant) === null) {
    throw invalidQuery(`"${constant.slice(0, 40)}" is not an object path`, operand.column);
  }
}

function checkKinds(left: CompiledOperand, right: CompiledOperand, ordered: boolean, column: number): void {
  if (left.kind === 'object' || right.kind === 'object') {
    throw invalidQuery('objects cannot be compared; compare ObjectPath() or a property', column);
  }
  const constant = right.constant ?? left.constant;
  const other = right.constant === undefined ? right : left;
  if (typeof constant === 'string' && (other.kind === 'datetime' || other.kind === 'reference')) {
    checkConstant(other, constant);
  } else if (left.kind !== null && right.kind !== null && left.kind !== right.kind) {
    throw invalidQuery(`${left.kind} cannot be compared with ${right.kind}`, column);
  }
  const kind = other.kind ?? left.kind;
  if (ordered && (kind === 'boolean' || kind === 'reference')) {
    throw invalidQuery(`${kind} values have no order; use = or <>`, column);
  }
}

function compileComparison(condition: Extract<Condition, { kind: 'compare' }>, context: CompileContext): Test {
  const { operator, quantifier, column } = condition;
  const left = compileOperand(condition.left, context);
  const right = compileOperand(condition.right, context);
  checkArray(left, quantifier);
  checkArray(right, null);
  checkKinds(left, right, operator !== '=' && operator !== '<>', column);
  if (quantifier !== null) {
    return (instance) => {
      const value = right.read(instance);
      if (value === null || value === undefined || isCimArray(value)) return null;
      return quantified(quantifier, left.read(instance), (item) => compareScalars(operator, item, value));
    };
  }
  const { constant } = right;
  const { read } = left;
  // The most frequent filters: a text or a flag equals a constant.
  if (operator === '=' && left.kind === 'string' && typeof constant === 'string') {
    return (instance) => {
      const value = read(instance);
      return value === null || value === undefined ? null : value === constant;
    };
  }
  return (instance) => compareValues(operator, read(instance), right.read(instance));
}

function compileLike(
  condition: Extract<Condition, { kind: 'like' }>,
  context: CompileContext,
  form: 'wildcards' | 'expression',
): Test {
  const { quantifier, column } = condition;
  const operand = compileOperand(condition.operand, context);
  checkArray(operand, quantifier);
  if (operand.kind !== null && operand.kind !== 'string') {
    throw invalidQuery(`LIKE applies to strings, got ${operand.kind}`, column);
  }
  const matches = patternOf(condition.pattern, form, column);
  const test = (value: CimValue | undefined): Truth => (typeof value === 'string' ? matches(value) : null);
  if (quantifier === null) return (instance) => test(operand.read(instance));
  return (instance) => quantified(quantifier, operand.read(instance), test);
}

function patternOf(pattern: string, form: 'wildcards' | 'expression', column: number): (text: string) => boolean {
  try {
    return compilePattern(pattern, form);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw invalidQuery(error.message, column);
  }
}

function compileIsa(condition: Extract<Condition, { kind: 'isa' }>, context: CompileContext): Test {
  const { className, column } = condition;
  const operand = compileOperand(condition.operand, context);
  if (
    operand.isArray === true ||
    (operand.kind !== null && operand.kind !== 'object' && operand.kind !== 'reference')
  ) {
    throw invalidQuery('ISA applies to objects', column);
  }
  // The class may come later, or be known only where the embedded object comes from: then nothing is of it.
  const answers = new Map<string, boolean>();
  const isOf = (name: string): boolean => {
    let answer = answers.get(name);
    if (answer === undefined) {
      answer = context.schema.isSubclass(name, className);
      if (answers.size < 1_000) answers.set(name, answer);
    }
    return answer;
  };
  return (instance) => {
    const value = operand.read(instance);
    if (typeof value !== 'object' || value === null || isCimArray(value)) return null;
    if (value.kind === 'datetime') return null;
    return isOf(value.kind === 'class' ? value.name : value.className);
  };
}
