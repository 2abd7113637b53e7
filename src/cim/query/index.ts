export { compileFilter, type FilterOptions } from './filter.js';
export { queryFunctionNames } from './functions.js';
export { keyConstraint } from './key-constraint.js';
export { queryLanguages } from './language.js';
export type { QueryDialect } from './language.js';
export type { QuerySchema } from './operand.js';
export { parseQuery } from './parse.js';
export { project } from './projection.js';
export type {
  ComparisonOperator,
  Condition,
  Operand,
  PathOperand,
  PathStep,
  Quantifier,
  Query,
} from './syntax.js';
