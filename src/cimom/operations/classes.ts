import { type CimClass, foldName, sameName } from '../../cim/model/index.js';
import {
  type ClassesResult,
  type ClassNamesResult,
  type ClassResult,
  type CreateClass,
  CimError,
  type DeleteClass,
  type EnumerateClasses,
  type EnumerateClassNames,
  type GetClass,
  type ModifyClass,
  type VoidResult,
} from '../../cim/operations/index.js';
import { cutClass } from '../../cim/schema/index.js';
import { type Call, inBatches, mapBatches } from '../calls/index.js';

const done: VoidResult = { kind: 'void' };

interface Variant {
  readonly localOnly: boolean;
  readonly includeQualifiers: boolean;
  readonly includeClassOrigin: boolean;
}

const variants = new WeakMap<CimClass, Map<number, CimClass>>();

/** The same object for the same cut of the same class, so that whoever encodes it may remember the bytes. */
function variantOf(cls: CimClass, variant: Variant): CimClass {
  const key = (variant.localOnly ? 1 : 0) | (variant.includeQualifiers ? 2 : 0) | (variant.includeClassOrigin ? 4 : 0);
  let cuts = variants.get(cls);
  if (cuts === undefined) {
    cuts = new Map();
    variants.set(cls, cuts);
  }
  let cut = cuts.get(key);
  if (cut === undefined) {
    const { localOnly, includeQualifiers, includeClassOrigin } = variant;
    cut = cutClass(cls, { localOnly, includeQualifiers, includeClassOrigin, propertyList: null });
    cuts.set(key, cut);
  }
  return cut;
}

const batchesOf = new WeakMap<CimClass, readonly CimClass[]>();

/** The same frozen array while the classes in it are the same, so that whoever encodes it may remember the bytes. */
function lasting(batch: readonly CimClass[]): readonly CimClass[] {
  const [first] = batch;
  if (first === undefined) return batch;
  const known = batchesOf.get(first);
  if (known?.length === batch.length && known.every((cls, at) => cls === batch[at])) return known;
  const frozen = Object.freeze(batch);
  batchesOf.set(first, frozen);
  return frozen;
}

export async function getClass(call: Call, request: GetClass): Promise<ClassResult> {
  await call.authorize({ access: 'read', className: request.className });
  const cls = call.classOf(request.className, 6);
  const cut = request.propertyList === null ? variantOf(cls, request) : cutClass(cls, request);
  return { kind: 'class', class: cut };
}

async function classNames(call: Call, className: string | null, deep: boolean): Promise<readonly string[]> {
  await call.authorize({ access: 'read', className });
  if (className !== null) call.classOf(className, 5);
  return call.home.space.schema.subclasses(className, { deep });
}

export async function enumerateClasses(call: Call, request: EnumerateClasses): Promise<ClassesResult> {
  const names = await classNames(call, request.className, request.deepInheritance);
  const { schema } = call.home.space;
  function* classes(): Generator<CimClass> {
    for (const name of names) {
      const cls = schema.get(name);
      if (cls !== undefined) yield variantOf(cls, request);
    }
  }
  return { kind: 'classes', batches: mapBatches(inBatches(classes(), 16), lasting) };
}

export async function enumerateClassNames(call: Call, request: EnumerateClassNames): Promise<ClassNamesResult> {
  return { kind: 'class-names', names: await classNames(call, request.className, request.deepInheritance) };
}

export async function createClass(call: Call, request: CreateClass): Promise<VoidResult> {
  await call.authorize({ access: 'schema', className: request.newClass.name });
  const { space } = call.home;
  await space.createClass(request.newClass, call.engine.work(call.caller));
  call.engine.associations.invalidate(space.schema);
  return done;
}

/** @throws CimError 9 */
function refuseServed(call: Call, className: string): void {
  const { schema, name } = call.home.space;
  const served = call.engine.registry.classNames(name).find((other) => {
    return sameName(other, className) || schema.isSubclass(other, className);
  });
  if (served === undefined) return;
  const which = foldName(served) === foldName(className) ? 'it' : `its subclass ${served}`;
  throw new CimError(9, `${className} cannot change: ${which} is served by a provider`);
}

export async function modifyClass(call: Call, request: ModifyClass): Promise<VoidResult> {
  const { name } = request.modifiedClass;
  await call.authorize({ access: 'schema', className: name });
  call.classOf(name, 6);
  refuseServed(call, name);
  const { space } = call.home;
  await space.modifyClass(request.modifiedClass, call.engine.work(call.caller));
  call.engine.associations.invalidate(space.schema);
  return done;
}

export async function deleteClass(call: Call, request: DeleteClass): Promise<VoidResult> {
  await call.authorize({ access: 'schema', className: request.className });
  const { space } = call.home;
  const cls = call.classOf(request.className, 6);
  if (space.schema.subclasses(cls.name).length === 0) refuseServed(call, cls.name);
  await space.deleteClass(request.className, call.engine.work(call.caller));
  call.engine.associations.invalidate(space.schema);
  return done;
}
