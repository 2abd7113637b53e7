import {
  type CimClass,
  type CimInstancePath,
  createInstancePath,
  foldName,
  type KeyBinding,
  keyProperties,
} from '../model/index.js';
import { CimError } from '../operations/index.js';
import { normalizePath } from '../schema/index.js';
import { toPath } from './compare.js';
import type { Condition, LiteralOperand, Operand, Query } from './syntax.js';

/**
 * The only instance of a class that can satisfy the query, where its WHERE demands a value for every key; null where more
 * than one could. The instance must still be tested.
 *
 * @param isPlaced whether a reference says which object it means: one without a namespace matches those of every namespace
 */
export function keyConstraint(
  query: Query,
  cls: CimClass,
  isPlaced: (reference: CimInstancePath) => boolean,
): CimInstancePath | null {
  const keys = keyProperties(cls);
  if (query.where === null || keys.length === 0) return null;
  const demanded = new Map<string, LiteralOperand['value']>();
  collect(query.where, demanded);
  const bindings: KeyBinding[] = [];
  for (const { name, type } of keys) {
    const value = demanded.get(foldName(name));
    // Equal datetimes may be spelt in several ways.
    if (value === undefined || type === 'datetime') return null;
    if (type !== 'reference') {
      bindings.push({ name, type: null, value });
      continue;
    }
    const path = typeof value === 'string' ? toPath(value) : null;
    if (path?.kind !== 'instance-path' || !isPlaced(path)) return null;
    bindings.push({ name, type: null, value: path });
  }
  try {
    return normalizePath(cls, createInstancePath(cls.name, bindings));
  } catch (error) {
    if (error instanceof CimError) return null;
    throw error;
  }
}

/** Constants that properties must equal, by folded name. */
function collect(condition: Condition, demanded: Map<string, LiteralOperand['value']>): void {
  if (condition.kind === 'and') {
    for (const part of condition.parts) collect(part, demanded);
    return;
  }
  if (condition.kind !== 'compare' || condition.operator !== '=' || condition.quantifier !== null) return;
  demand(condition.left, condition.right, demanded);
  demand(condition.right, condition.left, demanded);
}

function demand(operand: Operand, value: Operand, demanded: Map<string, LiteralOperand['value']>): void {
  if (operand.kind !== 'path' || value.kind !== 'literal' || operand.steps.length !== 1) return;
  const step = operand.steps[0];
  if (step?.scope !== null || step.index !== null) return;
  demanded.set(foldName(step.name), value.value);
}
