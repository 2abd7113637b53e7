import type { CimInstance } from '../../cim/model/index.js';
import { type CimClass, type CimInstancePath, type CimObjectPath, createClassPath } from '../../cim/model/index.js';
import {
  type AssociatorNames,
  type Associators,
  CimError,
  type ObjectPathsResult,
  type ObjectsResult,
  type ReferenceNames,
  type References,
} from '../../cim/operations/index.js';
import { cutClass } from '../../cim/schema/index.js';
import { type Call, ClassSource, flatten, inBatches, mapBatches, Selection } from '../calls/index.js';
import type { Segment } from '../pulls/index.js';
import {
  associatedClasses,
  type AssociatorFilter,
  associatorSegments,
  checkFilterClasses,
  namedDestinationSegments,
  type ReferenceFilter,
  referenceSegments,
  referencingClasses,
} from '../traversal/index.js';
import { allowedPath } from './reading.js';

interface ClassView {
  readonly includeQualifiers: boolean;
  readonly includeClassOrigin: boolean;
  readonly propertyList: readonly string[] | null;
}

/** The filter of References in our terms: there ResultClass names the association. */
export function referenceFilter(request: {
  readonly resultClass: string | null;
  readonly role: string | null;
}): ReferenceFilter {
  return { assocClass: request.resultClass, role: request.role };
}

/** Normalized path of the object to start from. @throws CimError 2, 4 (no such class), 6 (no such instance) */
export async function startingObject(call: Call, path: CimInstancePath): Promise<CimInstancePath> {
  const local = await allowedPath(
    call,
    path,
    (object) => call.authorize({ access: 'read', className: object.className, object }),
    4,
  );
  const source = new ClassSource(call, call.home, call.classOf(local.className, 4));
  if (!source.readable) return local;
  const instance = await source.get(local, null);
  if (instance === null) throw new CimError(6, `there is no such instance of ${source.cls.name}`);
  call.requireVisible(instance, call.home.space.name);
  return local;
}

async function startingClass(call: Call, className: string): Promise<CimClass> {
  await call.authorize({ access: 'read', className });
  return call.classOf(className, 4);
}

/** Association instances with full paths, cut to size. */
export function fullReferenceSegments(
  call: Call,
  object: CimInstancePath,
  filter: ReferenceFilter,
  cut: (instance: CimInstance) => CimInstance,
): readonly Segment<CimInstance>[] {
  return referenceSegments(call, object, filter).map(
    (segment) => () =>
      mapBatches(segment(), (batch) =>
        batch.map((association) => {
          const shown = cut(association);
          return shown.path === null ? shown : shown.withPath(call.fullPath(shown.path, call.home));
        }),
      ),
  );
}

/** Names of association instances, full. */
export function fullReferencePaths(
  call: Call,
  object: CimInstancePath,
  filter: ReferenceFilter,
): readonly Segment<CimInstancePath>[] {
  return referenceSegments(call, object, filter).map(
    (segment) => () =>
      mapBatches(segment(), (batch) =>
        batch.flatMap(({ path }) => (path === null ? [] : [call.fullPath(path, call.home)])),
      ),
  );
}

/** Names of associated objects, full. */
export function fullAssociatorPaths(
  call: Call,
  object: CimInstancePath,
  filter: AssociatorFilter,
): readonly Segment<CimInstancePath>[] {
  return namedDestinationSegments(call, object, filter).map(
    (segment) => () =>
      mapBatches(segment(), (batch) =>
        batch.map(({ place, path }) => {
          if (place === null) return { ...path, host: path.host ?? call.host };
          return call.fullPath(path, place);
        }),
      ),
  );
}

/** Cuts single instances to a property list. */
export function cutter(propertyList: readonly string[] | null): (instance: CimInstance) => CimInstance {
  if (propertyList === null) return (instance) => instance;
  const selection = new Selection(propertyList);
  return (instance) => selection.apply(instance);
}

function classPath(call: Call, cls: CimClass): CimObjectPath {
  return createClassPath(cls.name, { host: call.host, namespace: call.home.name });
}

function classObjects(call: Call, classes: readonly CimClass[], view: ClassView): ObjectsResult {
  const { includeQualifiers, includeClassOrigin, propertyList } = view;
  const path = (cls: CimClass) => createClassPath(cls.name, { host: call.host, namespace: call.home.name });
  const shown = classes.map((cls) => ({
    ...cutClass(cls, { localOnly: false, includeQualifiers, includeClassOrigin, propertyList }),
    path: path(cls),
  }));
  return { kind: 'objects', batches: inBatches(shown, 16) };
}

function classNames(call: Call, classes: readonly CimClass[]): ObjectPathsResult {
  const paths = classes.map((cls) => classPath(call, cls));
  return { kind: 'object-paths', batches: inBatches(paths, call.engine.limits.batchSize) };
}

export async function associators(call: Call, request: Associators): Promise<ObjectsResult> {
  const { objectName, propertyList } = request;
  if (objectName.kind === 'class-path') {
    const cls = await startingClass(call, objectName.className);
    checkFilterClasses(call, request.assocClass, request.resultClass);
    return classObjects(call, associatedClasses(call, cls.name, request), request);
  }
  const object = await startingObject(call, objectName);
  checkFilterClasses(call, request.assocClass, request.resultClass);
  const cut = cutter(propertyList);
  const segments = associatorSegments(call, object, request, propertyList);
  const batches = propertyList === null ? flatten(segments) : mapBatches(flatten(segments), (batch) => batch.map(cut));
  return { kind: 'objects', batches };
}

export async function associatorNames(call: Call, request: AssociatorNames): Promise<ObjectPathsResult> {
  const { objectName } = request;
  if (objectName.kind === 'class-path') {
    const cls = await startingClass(call, objectName.className);
    checkFilterClasses(call, request.assocClass, request.resultClass);
    return classNames(call, associatedClasses(call, cls.name, request));
  }
  const object = await startingObject(call, objectName);
  checkFilterClasses(call, request.assocClass, request.resultClass);
  return { kind: 'object-paths', batches: flatten(fullAssociatorPaths(call, object, request)) };
}

export async function references(call: Call, request: References): Promise<ObjectsResult> {
  const { objectName } = request;
  const filter = referenceFilter(request);
  if (objectName.kind === 'class-path') {
    const cls = await startingClass(call, objectName.className);
    checkFilterClasses(call, request.resultClass);
    return classObjects(call, referencingClasses(call, cls.name, filter), request);
  }
  const object = await startingObject(call, objectName);
  checkFilterClasses(call, request.resultClass);
  const segments = fullReferenceSegments(call, object, filter, cutter(request.propertyList));
  return { kind: 'objects', batches: flatten(segments) };
}

export async function referenceNames(call: Call, request: ReferenceNames): Promise<ObjectPathsResult> {
  const { objectName } = request;
  const filter = referenceFilter(request);
  if (objectName.kind === 'class-path') {
    const cls = await startingClass(call, objectName.className);
    checkFilterClasses(call, request.resultClass);
    return classNames(call, referencingClasses(call, cls.name, filter));
  }
  const object = await startingObject(call, objectName);
  checkFilterClasses(call, request.resultClass);
  return { kind: 'object-paths', batches: flatten(fullReferencePaths(call, object, filter)) };
}
