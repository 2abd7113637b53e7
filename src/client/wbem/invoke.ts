import { TvdcError } from '../../base/index.js';
import {
  type CimClass,
  type CimMethod,
  type CimObjectPath,
  type CimType,
  type CimValue,
  findByName,
  isCimArray,
  sameName,
} from '../../cim/model/index.js';
import { CimError, type MethodResult, type ParameterValue } from '../../cim/operations/index.js';
import type { InvokeOptions, InvokeParameter, InvokeResult, TypedParameter } from './options.js';
import { PullOperations } from './pull-operations.js';
import { toTypedValue } from './values.js';

function isTyped(value: InvokeParameter): value is TypedParameter {
  return typeof value === 'object' && value !== null && 'type' in value && 'value' in value && !('kind' in value);
}

/** States the type of a method's parameter. */
export function typed(type: CimType, value: CimValue): TypedParameter {
  return { type, value };
}

function parameterOf(
  name: string,
  value: CimValue | TypedParameter,
  method: CimMethod | null,
  where: string,
): ParameterValue {
  if (isTyped(value)) {
    const isArray = isCimArray(value.value);
    return { name, type: value.type, isArray, value: toTypedValue({ name, type: value.type, isArray }, value.value) };
  }
  if (method === null) throw new TvdcError('bad_value', `${name}: expected a type, as ${where} is not known`);
  const declared = findByName(method.parameters, name);
  if (declared === undefined) throw new TvdcError('no_such_parameter', `${where} has no parameter ${name}`);
  return {
    name: declared.name,
    type: declared.type,
    isArray: declared.isArray,
    value: toTypedValue(declared, value),
  };
}

function outValue(parameter: ParameterValue, method: CimMethod | null): CimValue {
  if (parameter.type !== null || method === null) return parameter.value;
  const declared = findByName(method.parameters, parameter.name);
  return declared === undefined ? parameter.value : toTypedValue(declared, parameter.value);
}

function toInvokeResult(result: MethodResult, method: CimMethod | null): InvokeResult {
  const out: Record<string, CimValue> = {};
  for (const parameter of result.outParameters) out[parameter.name] = outValue(parameter, method);
  return { returnValue: result.returnValue, out };
}

/** Extrinsic methods. */
export class InvokeOperations extends PullOperations {
  async #methodOf(cls: CimClass | Promise<CimClass>, methodName: string): Promise<CimMethod> {
    const declaring = await cls;
    const method = declaring.methods.find((candidate) => sameName(candidate.name, methodName));
    if (method === undefined) throw new CimError(17, `class ${declaring.name} has no method ${methodName}`);
    return method;
  }

  /**
   * Calls a method on an instance, or on a class (a name without keys). Parameter types come from the class, which is read
   * once, unless every parameter is given with its type ({@link typed}) or there are none. Undefined ones are not sent.
   * @throws TvdcError `no_such_parameter`, `bad_value`; CimError 17 where the class has no such method
   */
  async invoke(
    target: CimObjectPath | string,
    methodName: string,
    parameters: Readonly<Record<string, InvokeParameter>> = {},
    options: InvokeOptions = {},
  ): Promise<InvokeResult> {
    const { namespace, path } = this.addressObject(target, options);
    const given = Object.entries(parameters).filter(
      (entry): entry is [string, CimValue | TypedParameter] => entry[1] !== undefined,
    );
    const known = options.class;
    const needed =
      known ??
      (given.every(([, value]) => isTyped(value)) ? null : this.classOf(path.className, { ...options, namespace }));
    const method = needed === null ? null : await this.#methodOf(needed, methodName);
    const where = `${path.className}.${methodName}`;
    const result = await this.call(
      {
        kind: 'InvokeMethod',
        namespace,
        objectName: path,
        methodName: method?.name ?? methodName,
        parameters: given.map(([name, value]) => parameterOf(name, value, method, where)),
      },
      options,
    );
    return toInvokeResult(result, method);
  }
}
