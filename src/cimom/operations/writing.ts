import {
  type CimClass,
  CimInstance,
  type CimInstancePath,
  type CimValue,
  isKey,
  type PropertyShape,
  sameName,
  shapeOf,
} from '../../cim/model/index.js';
import {
  CimError,
  type CreateInstance,
  type DeleteInstance,
  type InstanceNameResult,
  type ModifyInstance,
  type SetProperty,
  type VoidResult,
} from '../../cim/operations/index.js';
import { decodeEmbedded } from '../../cim/codec/index.js';
import { checkInstance, coerceValue } from '../../cim/schema/index.js';
import { type Call, ClassSource } from '../calls/index.js';
import { allowedPath, existingInstance } from './reading.js';

const done: VoidResult = { kind: 'void' };

function valuesOf({ shape, values }: CimInstance): Readonly<Record<string, CimValue>> {
  const named: [string, CimValue][] = [];
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value !== undefined) named.push([(shape.properties[at] as PropertyShape).name, value]);
  }
  return Object.fromEntries(named);
}

/** Class and checked instance for a CreateInstance. @throws CimError 4, 5 */
function prepareCreate(call: Call, given: CimInstance): { source: ClassSource; instance: CimInstance } {
  const source = new ClassSource(call, call.home, call.classOf(given.className));
  const bare = call.references.instance(given.withPath(null));
  const instance = checkInstance(call.home.space.schema, source.cls, bare, 'create', {
    keysOptional: source.registered !== undefined,
    decodeEmbedded,
  });
  return { source, instance };
}

export async function createInstance(call: Call, request: CreateInstance): Promise<InstanceNameResult> {
  const given = request.newInstance;
  const { className } = given;
  let prepared: { source: ClassSource; instance: CimInstance };
  try {
    prepared = prepareCreate(call, given);
  } catch (error) {
    await call.authorize({ access: 'write', className, parameters: valuesOf(given) });
    throw error;
  }
  const { source, instance } = prepared;
  await call.authorize({
    access: 'write',
    className: source.cls.name,
    parameters: valuesOf(instance),
  });
  return { kind: 'instance-name', path: await create(call, source, instance) };
}

async function create(call: Call, source: ClassSource, instance: CimInstance): Promise<CimInstancePath> {
  const { registered } = source;
  if (registered === undefined) return call.home.space.createInstance(instance, call.engine.work(call.caller));
  const { provider } = registered;
  if (provider.create === undefined) throw source.unsupported('creation');
  const make = provider.create.bind(provider);
  const { guard } = call.engine;
  const path = await guard.call(registered, 'create', () => make(call.context(call.home, null), instance));
  try {
    return source.checkPath(path);
  } catch (error) {
    throw guard.failure(registered, 'create', error);
  }
}

/** The checked change: an instance whose missing listed properties take the class's defaults. @throws CimError 4, 12 */
function prepareModify(
  call: Call,
  cls: CimClass,
  given: CimInstance,
  path: CimInstancePath,
  propertyList: readonly string[] | null,
): { instance: CimInstance; propertyList: readonly string[] | null } {
  if (!sameName(given.className, path.className)) {
    throw new CimError(4, `an instance of ${given.className} cannot replace one of ${path.className}`);
  }
  const change = call.references.instance(given).withPath(path);
  const checked = checkInstance(call.home.space.schema, cls, change, 'modify', { decodeEmbedded });
  if (propertyList === null) return { instance: checked, propertyList };
  const shape = shapeOf(cls);
  const values = [...checked.values];
  const names = new Set<string>();
  for (const name of propertyList) {
    const at = shape.indexOf(name);
    if (at < 0) throw new CimError(12, `${cls.name} has no property ${name}`);
    const property = shape.properties[at] as PropertyShape;
    if (property.isKey) continue;
    names.add(property.name);
    if (values[at] === undefined) values[at] = cls.properties[at]?.defaultValue ?? null;
  }
  return { instance: new CimInstance(shape, values, path), propertyList: [...names] };
}

async function applyModify(
  call: Call,
  path: CimInstancePath,
  change: { readonly instance: CimInstance; readonly propertyList: readonly string[] | null },
): Promise<void> {
  const source = new ClassSource(call, call.home, call.classOf(path.className));
  const { registered } = source;
  if (registered !== undefined && registered.provider.modify === undefined) throw source.unsupported('modification');
  if (source.readable) await existingInstance(call, path, null);
  if (registered === undefined) {
    await call.home.space.modifyInstance(change.instance, change.propertyList, call.engine.work(call.caller));
    return;
  }
  const { provider } = registered;
  await call.engine.guard.call(registered, 'modify', async () =>
    provider.modify?.(call.context(call.home, null), change.instance, change.propertyList),
  );
}

export async function modifyInstance(call: Call, request: ModifyInstance): Promise<VoidResult> {
  const given = request.modifiedInstance;
  if (given.path === null) throw new CimError(4, 'the instance to modify has no name');
  const path = await allowedPath(call, given.path, (object) =>
    call.authorize({ access: 'write', className: object.className, object, parameters: valuesOf(given) }),
  );
  const cls = call.classOf(path.className);
  await applyModify(call, path, prepareModify(call, cls, given, path, request.propertyList));
  return done;
}

export async function setProperty(call: Call, request: SetProperty): Promise<VoidResult> {
  const { propertyName, newValue } = request;
  const path = await allowedPath(call, request.instanceName, (object) =>
    call.authorize({
      access: 'write',
      className: object.className,
      object,
      parameters: { [propertyName]: newValue },
    }),
  );
  const cls = call.classOf(path.className);
  const shape = shapeOf(cls);
  const at = shape.indexOf(propertyName);
  const property = cls.properties[at];
  if (property === undefined) throw new CimError(12, `${cls.name} has no property ${propertyName}`);
  if (isKey(property)) throw new CimError(4, `${property.name} is a key of ${cls.name}: keys do not change`);
  const values = new Array<CimValue | undefined>(shape.properties.length).fill(undefined);
  values[at] = coerceValue(property, null, newValue, { failure: 13, decodeEmbedded });
  const instance = new CimInstance(shape, values, path);
  await applyModify(call, path, prepareModify(call, cls, instance, path, [property.name]));
  return done;
}

export async function deleteInstance(call: Call, request: DeleteInstance): Promise<VoidResult> {
  const path = await allowedPath(call, request.instanceName, (object) =>
    call.authorize({ access: 'write', className: object.className, object }),
  );
  const source = new ClassSource(call, call.home, call.classOf(path.className));
  const { registered } = source;
  if (registered !== undefined && registered.provider.delete === undefined) throw source.unsupported('deletion');
  if (source.readable) await existingInstance(call, path, null);
  if (registered === undefined) {
    await call.home.space.deleteInstance(path, call.engine.work(call.caller));
    return done;
  }
  const { provider } = registered;
  await call.engine.guard.call(registered, 'delete', async () =>
    provider.delete?.(call.context(call.home, null), path),
  );
  return done;
}
