import type { CimInstance, CimInstancePath } from '../../cim/model/index.js';
import {
  type CloseEnumeration,
  type CountResult,
  type EnumerationCount,
  type OpenAssociatorInstancePaths,
  type OpenAssociatorInstances,
  type OpenEnumerateInstancePaths,
  type OpenEnumerateInstances,
  type OpenReferenceInstancePaths,
  type OpenReferenceInstances,
  type PulledInstancesResult,
  type PulledPathsResult,
  type PullInstancePaths,
  type PullInstances,
  type PullInstancesWithPath,
  type VoidResult,
} from '../../cim/operations/index.js';
import { type Call, countObjects, mapBatches, pick, Selection } from '../calls/index.js';
import type { Pulled, PullKind, Segment } from '../pulls/index.js';
import { associatorSegments, checkFilterClasses } from '../traversal/index.js';
import {
  cutter,
  fullAssociatorPaths,
  fullReferencePaths,
  fullReferenceSegments,
  referenceFilter,
  startingObject,
} from './associations.js';
import { filterOf, type OpenFilter } from './filter.js';
import { cutBatch, instanceSegments, pathSegments, propertiesSeen, sourcesBelow } from './reading.js';

interface OpenParameters {
  readonly operationTimeout: number | null;
  readonly continueOnError: boolean;
  readonly maxObjectCount: number;
}

/**
 * Opens an enumeration over segments.
 * @param make makes them afresh each time: to enumerate, and to count
 * @throws CimError 22, 27
 */
export async function open<T>(
  call: Call,
  request: OpenParameters,
  kind: PullKind,
  make: () => readonly Segment<T>[],
): Promise<Pulled<T>> {
  const { contexts, limits } = call.engine;
  return contexts.open<T>({
    caller: call.caller,
    namespace: call.home.space.name,
    kind,
    operationTimeout: request.operationTimeout,
    continueOnError: request.continueOnError,
    maxObjectCount: request.maxObjectCount,
    controller: call.detach(),
    segments: make(),
    count: (signal) => countObjects(make(), limits.counted, signal),
  });
}

function pulledInstances(pulled: Pulled<CimInstance>, withPath: boolean): PulledInstancesResult {
  return {
    kind: 'pulled-instances',
    withPath,
    instances: pulled.objects,
    endOfSequence: pulled.end,
    enumerationContext: pulled.context,
    queryResultClass: null,
  };
}

function pulledPaths(pulled: Pulled<CimInstancePath>): PulledPathsResult {
  return {
    kind: 'pulled-paths',
    paths: pulled.objects,
    endOfSequence: pulled.end,
    enumerationContext: pulled.context,
  };
}

/** Paths with the namespace under which the caller asked, where that is an alias. */
function renamed(call: Call, segments: readonly Segment<CimInstance>[]): readonly Segment<CimInstance>[] {
  const { home } = call;
  if (home.name === home.space.name) return segments;
  return segments.map(
    (segment) => () =>
      mapBatches(segment(), (batch) =>
        batch.map((instance) =>
          instance.path === null ? instance : instance.withPath({ ...instance.path, namespace: home.name }),
        ),
      ),
  );
}

function pathsOf(segments: readonly Segment<CimInstance>[]): readonly Segment<CimInstancePath>[] {
  return segments.map(
    (segment) => () => mapBatches(segment(), (batch) => batch.flatMap(({ path }) => (path === null ? [] : [path]))),
  );
}

const same = (instance: CimInstance): CimInstance => instance;

function filtered(
  segments: readonly Segment<CimInstance>[],
  filter: OpenFilter | null,
): readonly Segment<CimInstance>[] {
  if (filter === null) return segments;
  return segments.map(
    (segment) => () =>
      mapBatches(segment(), (batch) => pick(batch, (instance) => (filter.test(instance) ? instance : undefined))),
  );
}

export async function openEnumerateInstances(
  call: Call,
  request: OpenEnumerateInstances,
): Promise<PulledInstancesResult> {
  const { className, deepInheritance, propertyList } = request;
  await call.authorize({ access: 'read', className });
  call.classOf(className);
  const filter = filterOf(call, request, className);
  const seen = propertiesSeen(call.classOf(className), deepInheritance, propertyList);
  const cut = cutBatch(call, seen === null ? null : new Selection(seen), filter?.test);
  // What a filter looks at need not be what the client wants to see.
  const sources = sourcesBelow(call, className);
  const wanted = filter === null ? propertyList : null;
  const make = () => renamed(call, instanceSegments(sources, wanted, cut, filter?.query));
  return pulledInstances(await open(call, request, 'instances-with-path', make), true);
}

export async function openEnumerateInstancePaths(
  call: Call,
  request: OpenEnumerateInstancePaths,
): Promise<PulledPathsResult> {
  await call.authorize({ access: 'read', className: request.className });
  call.classOf(request.className);
  const filter = filterOf(call, request, request.className);
  const sources = sourcesBelow(call, request.className);
  const { home } = call;
  if (filter === null && home.name === home.space.name) {
    return pulledPaths(await open(call, request, 'instance-paths', () => pathSegments(call, sources)));
  }
  const cut = cutBatch(call, null, filter?.test);
  const make = () => pathsOf(renamed(call, instanceSegments(sources, null, cut, filter?.query)));
  return pulledPaths(await open(call, request, 'instance-paths', make));
}

export async function openAssociatorInstances(
  call: Call,
  request: OpenAssociatorInstances,
): Promise<PulledInstancesResult> {
  const object = await startingObject(call, request.instanceName);
  const filter = filterOf(call, request);
  checkFilterClasses(call, request.assocClass, request.resultClass);
  const wanted = filter === null ? request.propertyList : null;
  const cut = cutter(request.propertyList);
  const make = () =>
    filtered(associatorSegments(call, object, request, wanted), filter).map(
      (segment) => () => mapBatches(segment(), (batch) => batch.map(cut)),
    );
  return pulledInstances(await open(call, request, 'instances-with-path', make), true);
}

export async function openAssociatorInstancePaths(
  call: Call,
  request: OpenAssociatorInstancePaths,
): Promise<PulledPathsResult> {
  const object = await startingObject(call, request.instanceName);
  const filter = filterOf(call, request);
  checkFilterClasses(call, request.assocClass, request.resultClass);
  const make = () =>
    filter === null
      ? fullAssociatorPaths(call, object, request)
      : pathsOf(filtered(associatorSegments(call, object, request, null), filter));
  return pulledPaths(await open(call, request, 'instance-paths', make));
}

export async function openReferenceInstances(
  call: Call,
  request: OpenReferenceInstances,
): Promise<PulledInstancesResult> {
  const object = await startingObject(call, request.instanceName);
  const filter = filterOf(call, request);
  checkFilterClasses(call, request.resultClass);
  const cut = cutter(request.propertyList);
  const reference = referenceFilter(request);
  const make = () =>
    filtered(fullReferenceSegments(call, object, reference, filter === null ? cut : same), filter).map(
      (segment) => () => mapBatches(segment(), (batch) => (filter === null ? batch : batch.map(cut))),
    );
  return pulledInstances(await open(call, request, 'instances-with-path', make), true);
}

export async function openReferenceInstancePaths(
  call: Call,
  request: OpenReferenceInstancePaths,
): Promise<PulledPathsResult> {
  const object = await startingObject(call, request.instanceName);
  const filter = filterOf(call, request);
  checkFilterClasses(call, request.resultClass);
  const reference = referenceFilter(request);
  const make = () =>
    filter === null
      ? fullReferencePaths(call, object, reference)
      : pathsOf(filtered(fullReferenceSegments(call, object, reference, same), filter));
  return pulledPaths(await open(call, request, 'instance-paths', make));
}

interface PullRequest {
  readonly enumerationContext: string;
  readonly maxObjectCount: number;
}

function pull<T>(call: Call, kind: PullKind, request: PullRequest): Promise<Pulled<T>> {
  const { caller, home, engine } = call;
  return engine.contexts.pull<T>(caller, home.space.name, kind, request.enumerationContext, request.maxObjectCount);
}

export async function pullInstancesWithPath(
  call: Call,
  request: PullInstancesWithPath,
): Promise<PulledInstancesResult> {
  return pulledInstances(await pull<CimInstance>(call, 'instances-with-path', request), true);
}

export async function pullInstancePaths(call: Call, request: PullInstancePaths): Promise<PulledPathsResult> {
  return pulledPaths(await pull<CimInstancePath>(call, 'instance-paths', request));
}

export async function pullInstances(call: Call, request: PullInstances): Promise<PulledInstancesResult> {
  return pulledInstances(await pull<CimInstance>(call, 'instances', request), false);
}

export async function closeEnumeration(call: Call, request: CloseEnumeration): Promise<VoidResult> {
  call.engine.contexts.close(call.caller, call.home.space.name, request.enumerationContext);
  return { kind: 'void' };
}

export async function enumerationCount(call: Call, request: EnumerationCount): Promise<CountResult> {
  const { caller, home, engine } = call;
  const count = await engine.contexts.count(caller, home.space.name, request.enumerationContext);
  return { kind: 'count', count: count === null ? null : BigInt(count) };
}
