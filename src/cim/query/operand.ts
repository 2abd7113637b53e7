// Operands as functions of an instance, checked against the class where it is known.
import {
  type CimClass,
  type CimInstance,
  type CimPropertyDeclaration,
  type CimScalar,
  type CimType,
  type CimValue,
  findByName,
  type InstanceShape,
  isCimArray,
  qualifierValue,
} from '../model/index.js';
import { invalidQuery, unsupportedFeature } from './errors.js';
import { findFunction, type QueryFunction, type ScalarKind } from './functions.js';
import type { CallOperand, Operand, PathOperand, PathStep } from './syntax.js';

/** What queries need to know of classes; a `Schema` has it. */
export interface QuerySchema {
  /** Resolved class. */
  get(name: string): CimClass | undefined;
  isSubclass(name: string, ancestor: string): boolean;
}

export type Reader = (instance: CimInstance) => CimValue | undefined;

/** An operand that can be evaluated. `kind` null: only the value itself will tell. */
export interface CompiledOperand {
  readonly kind: ScalarKind | null;
  /** null: only the value itself will tell. */
  readonly isArray: boolean | null;
  readonly read: Reader;
  /** Set for constants. */
  readonly constant?: string | bigint | number | boolean;
  readonly column: number;
}

export interface CompileContext {
  readonly schema: QuerySchema;
  /** Class that the instances are of; null: unknown. */
  readonly cls: CimClass | null;
  readonly now: () => number;
  /** For what is selected: a path may lead through all items of an array. */
  readonly throughArrays?: boolean;
}

const kinds: Readonly<Record<CimType, ScalarKind>> = {
  boolean: 'boolean',
  string: 'string',
  char16: 'string',
  uint8: 'number',
  sint8: 'number',
  uint16: 'number',
  sint16: 'number',
  uint32: 'number',
  sint32: 'number',
  uint64: 'number',
  sint64: 'number',
  real32: 'number',
  real64: 'number',
  datetime: 'datetime',
  reference: 'reference',
};

function kindOf(property: CimPropertyDeclaration): ScalarKind {
  return property.embedded === null ? kinds[property.type] : 'object';
}

function isInstance(value: CimValue | undefined): value is CimInstance {
  return typeof value === 'object' && value !== null && !isCimArray(value) && value.kind === 'instance';
}

function readStep(step: PathStep, schema: QuerySchema): (instance: CimInstance) => CimValue | undefined {
  const { name, scope, index } = step;
  let shape: InstanceShape | null = null;
  let at = -1;
  return (instance) => {
    if (instance.shape !== shape) {
      shape = instance.shape;
      at = scope === null || schema.isSubclass(shape.className, scope) ? shape.indexOf(name) : -1;
    }
    const value = at < 0 ? null : instance.values[at];
    if (index === null) return value;
    return isCimArray(value) ? value[index] : null;
  };
}

function declarationOf(step: PathStep, cls: CimClass | null, schema: QuerySchema): CimPropertyDeclaration | null {
  let owner = cls;
  if (step.scope !== null) {
    owner = schema.get(step.scope) ?? null;
    if (owner === null) throw invalidQuery(`class ${step.scope} does not exist`, step.column);
  }
  if (owner === null) return null;
  const property = findByName(owner.properties, step.name);
  if (property === undefined) throw invalidQuery(`${owner.name} has no property ${step.name}`, step.column);
  if (step.index !== null && !property.isArray) throw invalidQuery(`${step.name} is not an array`, step.column);
  return property;
}

function embeddedClass(property: CimPropertyDeclaration | null, schema: QuerySchema): CimClass | null {
  const name = property === null ? undefined : qualifierValue(property, 'EmbeddedInstance');
  return typeof name === 'string' ? (schema.get(name) ?? null) : null;
}

function compilePath(path: PathOperand, context: CompileContext): CompiledOperand {
  const { schema } = context;
  const last = path.steps.at(-1);
  if (last === undefined) return { kind: 'object', isArray: false, read: (instance) => instance, column: path.column };
  let { cls } = context;
  let property: CimPropertyDeclaration | null = null;
  const readers: ReturnType<typeof readStep>[] = [];
  let before: PathStep | null = null;
  for (const step of path.steps) {
    if (property?.isArray === true && before?.index === null && context.throughArrays !== true) {
      throw invalidQuery(`${property.name} is an array: choose an item by its index`, step.column);
    }
    before = step;
    if (property !== null && kindOf(property) === 'reference') {
      throw unsupportedFeature('following a reference', step.column);
    }
    if (property !== null && kindOf(property) !== 'object') {
      throw invalidQuery(`${property.name} is not an embedded object`, step.column);
    }
    property = declarationOf(step, cls, schema);
    readers.push(readStep(step, schema));
    cls = embeddedClass(property, schema);
  }
  const [only] = readers;
  const read: Reader =
    readers.length === 1 && only !== undefined
      ? only
      : (instance) => {
          let value: CimValue | undefined = instance;
          for (const reader of readers) value = isInstance(value) ? reader(value) : null;
          return value;
        };
  return {
    kind: property === null ? null : kindOf(property),
    isArray: last.index !== null ? false : property === null ? null : property.isArray,
    read,
    column: path.column,
  };
}

const rest: readonly Operand[] = [{ kind: 'path', steps: [], column: 0 }];

function compileCall(call: CallOperand, context: CompileContext): CompiledOperand {
  const called = findFunction(call.name);
  if (called === undefined) throw unsupportedFeature(`the function ${call.name}`, call.column);
  const missing = called.parameters.length - call.parameters.length;
  if (missing < 0 || missing > (called.optional ?? 0)) {
    throw invalidQuery(
      `${call.name} takes ${called.parameters.length} parameters, got ${call.parameters.length}`,
      call.column,
    );
  }
  const parameters = [...call.parameters, ...rest.slice(0, missing)].map((one) => compileOperand(one, context));
  parameters.forEach((parameter, at) => checkParameter(call, called, parameter, at));
  const read: Reader = (instance) => {
    const values: CimScalar[] = [];
    for (const parameter of parameters) {
      const value = parameter.read(instance);
      if (value === null || value === undefined || isCimArray(value)) return null;
      values.push(value);
    }
    return called.call(values, context.now());
  };
  return { kind: called.result, isArray: false, read, column: call.column };
}

function checkParameter(call: CallOperand, called: QueryFunction, parameter: CompiledOperand, at: number): void {
  const allowed = called.parameters[at] ?? [];
  if (parameter.isArray === true) throw invalidQuery(`${call.name} does not take an array`, parameter.column);
  if (parameter.kind !== null && !allowed.includes(parameter.kind)) {
    throw invalidQuery(`${call.name} takes ${allowed.join(' or ')}, got ${parameter.kind}`, parameter.column);
  }
}

/** @throws CimError 15 and 29 what the operand names does not exist or is of a wrong kind */
export function compileOperand(operand: Operand, context: CompileContext): CompiledOperand {
  if (operand.kind === 'path') return compilePath(operand, context);
  if (operand.kind === 'call') return compileCall(operand, context);
  const { value, column } = operand;
  const kind = typeof value === 'string' ? 'string' : typeof value === 'boolean' ? 'boolean' : 'number';
  return { kind, isArray: false, read: () => value, constant: value, column };
}
