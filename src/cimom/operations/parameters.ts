import {
  type CimMethod,
  type CimParameter,
  type CimScalar,
  type CimValue,
  foldName,
  hasQualifier,
  isCimArray,
  qualifierValue,
} from '../../cim/model/index.js';
import { decodeEmbedded } from '../../cim/codec/index.js';
import { CimError, type MethodResult, type ParameterValue } from '../../cim/operations/index.js';
import {
  checkInstance,
  coerceValue,
  describeType,
  describeValue,
  isValueOf,
  type Schema,
} from '../../cim/schema/index.js';
import { blameProvider, type References } from '../calls/index.js';
import type { MethodOutcome } from '../provider/index.js';

/** IN is TRUE where it is not said otherwise (DSP0004 5.6.3.24). */
function isInput(parameter: CimParameter): boolean {
  return qualifierValue(parameter, 'In') !== false;
}

function isOutput(parameter: CimParameter): boolean {
  return hasQualifier(parameter, 'Out');
}

/** Embedded objects and references of one parameter against what its declaration allows. */
class ValueRules {
  readonly #schema: Schema;
  readonly #references: References;

  constructor(schema: Schema, references: References) {
    this.#schema = schema;
    this.#references = references;
  }

  /** @throws CimError 4 */
  apply(parameter: CimParameter, value: CimValue): CimValue {
    if (value === null || (parameter.embedded === null && parameter.type !== 'reference')) return value;
    if (!isCimArray(value)) return this.#scalar(parameter, value);
    return value.map((item) => (item === null ? null : this.#scalar(parameter, item)));
  }

  #scalar(parameter: CimParameter, value: CimScalar): CimScalar {
    if (typeof value !== 'object') return value;
    if (value.kind === 'instance-path' || value.kind === 'class-path') {
      const path = this.#references.path(value);
      const wanted = parameter.referenceClass;
      if (wanted !== null && path.namespace === null && !this.#schema.isSubclass(path.className, wanted)) {
        throw new CimError(4, `${parameter.name}: expected a reference to ${wanted}, got one to ${path.className}`);
      }
      return path;
    }
    if (value.kind !== 'instance') return value;
    const wanted = qualifierValue(parameter, 'EmbeddedInstance');
    if (typeof wanted === 'string' && !this.#schema.isSubclass(value.className, wanted)) {
      throw new CimError(4, `${parameter.name}: expected an instance of ${wanted}, got one of ${value.className}`);
    }
    const cls = this.#schema.get(value.className);
    if (cls === undefined) throw new CimError(4, `${parameter.name}: there is no class ${value.className}`);
    const instance = this.#references.instance(value);
    return checkInstance(this.#schema, cls, instance, 'embedded', { decodeEmbedded });
  }
}

function required(method: CimMethod, parameter: CimParameter, value: CimValue): CimValue {
  if (value === null && hasQualifier(parameter, 'Required')) {
    throw new CimError(4, `${method.name}: parameter ${parameter.name} is required`);
  }
  return value;
}

/**
 * Values for all IN parameters of a method by their declared names, in the class's types; what was not sent is NULL.
 * The order in which they were sent does not matter.
 * @throws CimError 4 unknown, doubled, missing or not of its type
 */
export function bindParameters(
  method: CimMethod,
  sent: readonly ParameterValue[],
  schema: Schema,
  references: References,
): Readonly<Record<string, CimValue>> {
  const given = new Map<string, ParameterValue>();
  for (const value of sent) {
    const folded = foldName(value.name);
    if (given.has(folded)) throw new CimError(4, `${method.name}: parameter ${value.name} stands twice`);
    given.set(folded, value);
  }
  const rules = new ValueRules(schema, references);
  const bound: Record<string, CimValue> = {};
  for (const parameter of method.parameters) {
    const folded = foldName(parameter.name);
    const value = given.get(folded);
    given.delete(folded);
    if (!isInput(parameter)) {
      // Some clients send a place holder for what they expect back.
      if (value !== undefined && value.value !== null) {
        throw new CimError(4, `${method.name}: ${parameter.name} is an output parameter`);
      }
      continue;
    }
    const typed = value === undefined ? null : coerceValue(parameter, value.type, value.value, { decodeEmbedded });
    bound[parameter.name] = required(method, parameter, rules.apply(parameter, typed));
  }
  for (const value of given.values()) throw new CimError(4, `${method.name} has no parameter ${value.name}`);
  return bound;
}

function outputOf(method: CimMethod, name: string): CimParameter {
  const folded = foldName(name);
  const parameter = method.parameters.find((candidate) => foldName(candidate.name) === folded);
  if (parameter === undefined || !isOutput(parameter)) {
    throw new CimError(1, `${method.name} has no output parameter ${name}`);
  }
  return parameter;
}

/** A provider's outcome, checked against the method; NULL outputs are left out. @throws CimError 1 */
export function checkOutcome(
  method: CimMethod,
  outcome: MethodOutcome,
  schema: Schema,
  references: References,
): MethodResult {
  const { returnValue, out } = outcome;
  if (!isValueOf(method.returnType, false, returnValue)) {
    const expected = describeType({ type: method.returnType });
    throw new CimError(1, `${method.name}: expected ${expected} as return value, got ${describeValue(returnValue)}`);
  }
  const rules = new ValueRules(schema, references);
  const outParameters: { name: string; type: CimParameter['type']; isArray: boolean; value: CimValue }[] = [];
  for (const [name, value] of Object.entries(out ?? {})) {
    const parameter = outputOf(method, name);
    if (value === null) continue;
    if (!isValueOf(parameter.type, parameter.isArray, value)) {
      const expected = describeType(parameter);
      throw new CimError(1, `${method.name}: ${name}: expected ${expected}, got ${describeValue(value)}`);
    }
    const { name: declared, type, isArray } = parameter;
    outParameters.push({ name: declared, type, isArray, value: blameProvider(() => rules.apply(parameter, value)) });
  }
  return { kind: 'method', returnType: method.returnType, returnValue, outParameters };
}
