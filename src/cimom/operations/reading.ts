import { type CimClass, type CimInstance, type CimInstancePath, foldName, isAbstract } from '../../cim/model/index.js';
import {
  CimError,
  type EnumerateInstanceNames,
  type EnumerateInstances,
  type GetInstance,
  type GetProperty,
  type InstanceNamesResult,
  type InstanceResult,
  type NamedInstancesResult,
  type ValueResult,
} from '../../cim/operations/index.js';
import { keysOfClass } from '../../cim/schema/index.js';
import { type Call, ClassSource, flatten, mapBatches, pick, Selection } from '../calls/index.js';
import type { ProviderQuery } from '../provider/index.js';
import type { Segment } from '../pulls/index.js';

/** Sources of a class and all its subclasses that may have instances. @throws CimError 5, 7 */
export function sourcesBelow(call: Call, className: string): readonly ClassSource[] {
  const cls = call.classOf(className);
  const { schema } = call.home.space;
  const own = new ClassSource(call, call.home, cls);
  const out: ClassSource[] = [];
  if (own.registered !== undefined && !own.mayHaveInstances) throw own.unsupported('enumeration');
  for (const name of [cls.name, ...schema.subclasses(cls.name, { deep: true })]) {
    const below = schema.get(name);
    if (below === undefined || isAbstract(below)) continue;
    const source = new ClassSource(call, call.home, below);
    if (source.mayHaveInstances) out.push(source);
  }
  return out;
}

/** What a client sees of the instances of a class and its subclasses; null: everything. */
export function propertiesSeen(
  cls: CimClass,
  deepInheritance: boolean,
  propertyList: readonly string[] | null,
): readonly string[] | null {
  if (deepInheritance) return propertyList;
  if (propertyList === null) return cls.properties.map((property) => property.name);
  const known = new Set(cls.properties.map((property) => foldName(property.name)));
  return propertyList.filter((name) => known.has(foldName(name)));
}

/** What is left of a batch. */
type CutBatch = (batch: readonly CimInstance[]) => readonly CimInstance[] | Promise<readonly CimInstance[]>;

/** Cuts what may be seen of each batch to the properties that are wanted. */
export function cutBatch(call: Call, selection: Selection | null, keep?: (instance: CimInstance) => boolean): CutBatch {
  const namespace = call.home.space.name;
  return (batch) => {
    const seen = call.visible(batch, namespace);
    if (keep === undefined) return selection === null ? seen : selection.batch(seen);
    return pick(seen, (instance) => {
      if (!keep(instance)) return undefined;
      return selection === null ? instance : selection.apply(instance);
    });
  };
}

/** Instances of a class and its subclasses, a segment for each class, through `cut`, which also sorts out what a query does not want. */
export function instanceSegments(
  sources: readonly ClassSource[],
  propertyList: readonly string[] | null,
  cut: CutBatch,
  query: ProviderQuery | undefined = undefined,
): readonly Segment<CimInstance>[] {
  return sources.map(
    (source) => () => mapBatches(query === undefined ? source.enumerate(propertyList) : source.query(query), cut),
  );
}

/** Their names alone; repository classes are not even read. */
export function pathSegments(call: Call, sources: readonly ClassSource[]): readonly Segment<CimInstancePath>[] {
  const namespace = call.home.space.name;
  return sources.map((source) => () => {
    if (source.registered === undefined) {
      return mapBatches(source.place.space.instancePaths(source.cls.name), (batch) => call.visible(batch, namespace));
    }
    const keys = keysOfClass(source.cls).map((key) => key.name);
    return mapBatches(source.enumerate(keys), (batch) =>
      call.visible(batch, namespace).flatMap((instance) => (instance.path === null ? [] : [instance.path])),
    );
  });
}

export async function enumerateInstances(call: Call, request: EnumerateInstances): Promise<NamedInstancesResult> {
  const { className, deepInheritance } = request;
  await call.authorize({ access: 'read', className });
  const seen = propertiesSeen(call.classOf(className), deepInheritance, request.propertyList);
  const cut = cutBatch(call, seen === null ? null : new Selection(seen));
  const segments = instanceSegments(sourcesBelow(call, className), request.propertyList, cut);
  return { kind: 'named-instances', batches: flatten(segments) };
}

export async function enumerateInstanceNames(
  call: Call,
  request: EnumerateInstanceNames,
): Promise<InstanceNamesResult> {
  await call.authorize({ access: 'read', className: request.className });
  const segments = pathSegments(call, sourcesBelow(call, request.className));
  return { kind: 'instance-names', batches: flatten(segments) };
}

/**
 * Path and class of an existing or missing instance, allowed for the access. What is wrong with the path itself counts
 * only after the caller was found to have the right: out of scope nobody learns whether keys are well-formed.
 * @throws CimError 2, 4, 5
 */
export async function allowedPath(
  call: Call,
  path: CimInstancePath,
  authorize: (path: CimInstancePath) => Promise<void>,
  missing: 4 | 5 | 6 = 5,
): Promise<CimInstancePath> {
  let local: CimInstancePath;
  try {
    local = call.localPath(path, missing);
  } catch (error) {
    await authorize({ ...path, host: null, namespace: null });
    throw error;
  }
  await authorize(local);
  return local;
}

/** @throws CimError 6 there is none, 2 the caller may not see it, 7 it cannot be read */
export async function existingInstance(
  call: Call,
  path: CimInstancePath,
  propertyList: readonly string[] | null,
): Promise<CimInstance> {
  const source = new ClassSource(call, call.home, call.classOf(path.className));
  const instance = await source.get(path, propertyList);
  if (instance === null) throw new CimError(6, `there is no such instance of ${source.cls.name}`);
  call.requireVisible(instance, call.home.space.name);
  return instance;
}

function readable(call: Call, path: CimInstancePath): Promise<CimInstancePath> {
  return allowedPath(call, path, (object) => call.authorize({ access: 'read', className: object.className, object }));
}

export async function getInstance(call: Call, request: GetInstance): Promise<InstanceResult> {
  const path = await readable(call, request.instanceName);
  const instance = await existingInstance(call, path, request.propertyList);
  const cut = request.propertyList === null ? instance : new Selection(request.propertyList).apply(instance);
  return { kind: 'instance', instance: cut };
}

export async function getProperty(call: Call, request: GetProperty): Promise<ValueResult> {
  const path = await readable(call, request.instanceName);
  const cls = call.classOf(path.className);
  const wanted = foldName(request.propertyName);
  const property = cls.properties.find((candidate) => foldName(candidate.name) === wanted);
  if (property === undefined) throw new CimError(12, `${cls.name} has no property ${request.propertyName}`);
  const instance = await existingInstance(call, path, [property.name]);
  return { kind: 'value', type: property.type, value: instance.get(property.name) ?? null };
}
