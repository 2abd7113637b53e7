import {
  type CimClass,
  type CimInstancePath,
  type CimMethod,
  type CimObjectPath,
  type CimValue,
  findByName,
  hasQualifier,
  isCimArray,
} from '../../cim/model/index.js';
import { CimError, type InvokeMethod, type MethodResult } from '../../cim/operations/index.js';
import { type Call, ClassSource } from '../calls/index.js';
import { existingInstance } from './reading.js';
import { bindParameters, checkOutcome } from './parameters.js';

interface Prepared {
  readonly source: ClassSource;
  readonly method: CimMethod;
  /** null: called on the class. */
  readonly self: CimInstancePath | null;
  readonly parameters: Readonly<Record<string, CimValue>>;
}

function methodOf(cls: CimClass, name: string): CimMethod {
  const method = findByName(cls.methods, name);
  if (method === undefined) throw new CimError(17, `${cls.name} has no method ${name}`);
  return method;
}

/** @throws CimError 4, 6, 17 */
function prepare(call: Call, request: InvokeMethod): Prepared {
  const { objectName } = request;
  const cls = call.classOf(objectName.className, 6);
  const method = methodOf(cls, request.methodName);
  const self = objectName.kind === 'instance-path' ? call.localPath(objectName, 6) : null;
  if (self === null && !hasQualifier(method, 'Static')) {
    throw new CimError(4, `${cls.name}.${method.name} is not static: it needs an instance`);
  }
  const { schema } = call.home.space;
  const parameters = bindParameters(method, request.parameters, schema, call.references);
  return { source: new ClassSource(call, call.home, cls), method, self, parameters };
}

function sentParameters(request: InvokeMethod): Readonly<Record<string, CimValue>> {
  return Object.fromEntries(request.parameters.map((parameter) => [parameter.name, parameter.value]));
}

function located(call: Call, value: CimValue): CimValue {
  if (isCimArray(value)) return value.map((item) => located(call, item) as typeof item);
  if (value === null || typeof value !== 'object') return value;
  if (value.kind !== 'instance-path' && value.kind !== 'class-path') return value;
  return call.fullPath<CimObjectPath>(value, call.home);
}

export async function invokeMethod(call: Call, request: InvokeMethod): Promise<MethodResult> {
  const { objectName, methodName } = request;
  let prepared: Prepared;
  try {
    prepared = prepare(call, request);
  } catch (error) {
    const object = { ...objectName, host: null, namespace: null };
    const parameters = sentParameters(request);
    await call.authorize({ access: 'invoke', className: objectName.className, object, methodName, parameters });
    throw error;
  }
  const { source, method, self, parameters } = prepared;
  await call.authorize({
    access: 'invoke',
    className: source.cls.name,
    object: self ?? { ...objectName, host: null, namespace: null },
    methodName: method.name,
    parameters,
  });
  const { registered } = source;
  const run = registered?.method(method.name);
  if (self !== null && source.readable) await existingInstance(call, self, null);
  if (registered === undefined || run === undefined) {
    throw new CimError(16, `${source.cls.name}.${method.name} cannot be executed here`);
  }
  const { guard, limits } = call.engine;
  const work = (): Promise<MethodResult> =>
    run(call.context(call.home, null), self, parameters).then((outcome) =>
      checkOutcome(method, outcome, call.home.space.schema, call.references),
    );
  const result = await guard.call(registered, method.name, work, limits.methodCall);
  return {
    ...result,
    outParameters: result.outParameters.map((parameter) => ({ ...parameter, value: located(call, parameter.value) })),
  };
}
