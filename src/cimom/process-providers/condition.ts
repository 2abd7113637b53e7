import type { Condition, Operand } from '../../cim/query/index.js';

/** A condition as JSON: literals say their type, for JSON knows only one kind of number; places in the text are left out. */
export function conditionToJson(condition: Condition): object {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, parts: condition.parts.map(conditionToJson) };
    case 'not':
      return { kind: 'not', part: conditionToJson(condition.part) };
    case 'compare': {
      const { kind, operator, left, right, quantifier } = condition;
      return { kind, operator, left: operandToJson(left), right: operandToJson(right), quantifier };
    }
    case 'like': {
      const { kind, operand, pattern, quantifier } = condition;
      return { kind, operand: operandToJson(operand), pattern, quantifier };
    }
    case 'isa':
      return { kind: 'isa', operand: operandToJson(condition.operand), class: condition.className };
    case 'null':
    case 'test':
      return { kind: condition.kind, operand: operandToJson(condition.operand) };
  }
}

function operandToJson(operand: Operand): object {
  switch (operand.kind) {
    case 'path':
      return { kind: 'path', steps: operand.steps.map(({ scope, name, index }) => ({ scope, name, index })) };
    case 'call':
      return { kind: 'call', name: operand.name, parameters: operand.parameters.map(operandToJson) };
    case 'literal': {
      const { value } = operand;
      if (typeof value === 'bigint') return { kind: 'literal', type: 'integer', value: String(value) };
      return { kind: 'literal', type: typeof value === 'number' ? 'real' : typeof value, value };
    }
  }
}
