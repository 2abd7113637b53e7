import {
  type CimInstance,
  type CimInstancePath,
  findByName,
  foldName,
  instanceIdentity,
} from '../../cim/model/index.js';
import { type Batches, CimError } from '../../cim/operations/index.js';
import { normalizePath } from '../../cim/schema/index.js';
import { type Call, ClassSource, mapBatches } from '../calls/index.js';
import type { Segment } from '../pulls/index.js';
import type { AssociationClass } from '../association-index.js';
import { EndMatcher } from './ends.js';
import { Fetcher, type Located } from './fetch.js';

export interface ReferenceFilter {
  /** Association class, with its subclasses. */
  readonly assocClass: string | null;
  /** End at which the object stands. */
  readonly role: string | null;
}

export interface AssociatorFilter extends ReferenceFilter {
  /** Class of the results, with its subclasses. */
  readonly resultClass: string | null;
  /** End at which the results stand. */
  readonly resultRole: string | null;
}

/** @throws CimError 4 a class to filter by does not exist in any namespace */
export function checkFilterClasses(call: Call, ...names: readonly (string | null)[]): void {
  const { namespaces } = call.engine;
  for (const name of names) {
    if (name === null || call.home.space.schema.superclassOf(name) !== undefined) continue;
    const somewhere = namespaces.all().some((space) => {
      return namespaces.find(space)?.space.schema.superclassOf(name) !== undefined;
    });
    if (!somewhere) throw new CimError(4, `${call.home.name} has no class ${name} to filter by`);
  }
}

/** The association classes that can join an object of the class with others under the filter. */
export function candidates(call: Call, className: string, filter: ReferenceFilter): readonly AssociationClass[] {
  const { schema } = call.home.space;
  return call.engine.associations.forClass(schema, className).filter(({ cls, ends }) => {
    if (filter.assocClass !== null && !schema.isSubclass(cls.name, filter.assocClass)) return false;
    if (filter.role === null) return true;
    const end = findByName(ends, filter.role);
    return end !== undefined && (end.className === null || schema.isSubclass(className, end.className));
  });
}

function repositorySegment(
  call: Call,
  object: CimInstancePath,
  classes: readonly AssociationClass[],
): Segment<CimInstance> {
  const { space } = call.home;
  const only = classes.length === 1 ? classes[0] : undefined;
  if (only !== undefined) return () => space.referencing(object, only.cls.name);
  const wanted = new Set(classes.map(({ cls }) => foldName(cls.name)));
  return () =>
    mapBatches(space.referencing(object), (batch) => {
      const fitting = batch.filter((association) => wanted.has(foldName(association.className)));
      return fitting.length === batch.length ? batch : fitting;
    });
}

/**
 * Association instances in which an object takes part, in segments: those of the repository by its index, those of each
 * provider by `references` or by enumeration. Paths as their sources give them.
 * @param object normalized path of an object of the request's namespace
 */
export function referenceSegments(
  call: Call,
  object: CimInstancePath,
  filter: ReferenceFilter,
): readonly Segment<CimInstance>[] {
  const { engine, home } = call;
  const matcher = new EndMatcher(object, filter.role, engine.namespaces, home);
  const stored: AssociationClass[] = [];
  const segments: Segment<CimInstance>[] = [];
  const matching = (source: Batches<CimInstance>): Batches<CimInstance> =>
    mapBatches(source, (batch) => {
      const fitting = batch.filter((association) => matcher.takesPart(association));
      return call.visible(fitting, home.space.name);
    });
  for (const candidate of candidates(call, object.className, filter)) {
    if (!candidate.concrete) continue;
    const source = new ClassSource(call, home, candidate.cls);
    if (source.registered === undefined) {
      stored.push(candidate);
    } else if (source.registered.provider.references !== undefined || source.mayHaveInstances) {
      segments.push(() => matching(source.references(object, filter.role) ?? source.enumerate(null)));
    }
  }
  if (stored.length > 0) {
    const segment = repositorySegment(call, object, stored);
    segments.unshift(() => matching(segment()));
  }
  return segments;
}

/** Where a path found in an association leads. */
type Destination = Located | { readonly place: null; readonly path: CimInstancePath };

function destinationOf(call: Call, path: CimInstancePath): Destination | null {
  const { engine, home } = call;
  const place = engine.namespaces.ofPath(path, home);
  if (place === undefined) return { place: null, path };
  const bare = { ...path, host: null, namespace: null };
  const cls = place.space.schema.get(path.className);
  if (cls === undefined) return { place, path: bare };
  try {
    return { place, path: normalizePath(cls, bare, place.space.schema) };
  } catch (error) {
    if (!(error instanceof CimError)) throw error;
    engine.log.warn('an association names an impossible path', { class: path.className, error: error.description });
    return null;
  }
}

function isOfClass(call: Call, destination: Destination, resultClass: string): boolean {
  const { schema } = (destination.place ?? call.home).space;
  const { className } = destination.path;
  return schema.isSubclass(className, resultClass) || foldName(className) === foldName(resultClass);
}

/** Whether an object can be there: what providers serve is theirs to know, what is stored or has no class is ours. */
function mayExist(call: Call, { place, path }: Destination): boolean {
  if (place === null) return true;
  const { space } = place;
  const cls = space.schema.get(path.className);
  if (cls === undefined) return false;
  return call.engine.registry.find(space.name, cls.name) !== undefined || space.getInstance(path) !== undefined;
}

/** Where associations lead, without names of stored objects that are gone. */
export function namedDestinationSegments(
  call: Call,
  object: CimInstancePath,
  filter: AssociatorFilter,
): readonly Segment<Destination>[] {
  return destinationSegments(call, object, filter).map(
    (segment) => () => mapBatches(segment(), (batch) => batch.filter((destination) => mayExist(call, destination))),
  );
}

/** What stands at the other ends, each once, as far as the caller may see it. */
function destinationSegments(
  call: Call,
  object: CimInstancePath,
  filter: AssociatorFilter,
): readonly Segment<Destination>[] {
  const { engine, home } = call;
  const matcher = new EndMatcher(object, filter.role, engine.namespaces, home);
  const met = new Set<string>();
  const isNew = ({ place, path }: Destination): boolean => {
    const where = place?.space.name ?? path.namespace ?? '';
    const identity = `${foldName(where)}:${instanceIdentity(path)}`;
    if (met.has(identity)) return false;
    if (met.size >= engine.limits.traversed) {
      throw new CimError(27, `more than ${engine.limits.traversed} associated objects`);
    }
    met.add(identity);
    return true;
  };
  const follow = (associations: readonly CimInstance[]): readonly Destination[] => {
    const out: Destination[] = [];
    const test = call.visibility();
    for (const association of associations) {
      for (const path of matcher.others(association, filter.resultRole)) {
        const destination = destinationOf(call, path);
        if (destination === null) continue;
        if (filter.resultClass !== null && !isOfClass(call, destination, filter.resultClass)) continue;
        const namespace = destination.place?.space.name ?? path.namespace ?? '';
        if ((test === null || test(destination.path, namespace)) && isNew(destination)) out.push(destination);
      }
    }
    return out;
  };
  return referenceSegments(call, object, filter).map((segment) => () => mapBatches(segment(), follow));
}

/** The objects at the other ends, read from their sources; those that do not exist are left out. */
export function associatorSegments(
  call: Call,
  object: CimInstancePath,
  filter: AssociatorFilter,
  propertyList: readonly string[] | null,
): readonly Segment<CimInstance>[] {
  const fetcher = new Fetcher(call, propertyList);
  const read = async (destinations: readonly Destination[]): Promise<readonly CimInstance[]> => {
    const found = await Promise.all(
      destinations.map(async (destination) => (destination.place === null ? null : fetcher.get(destination))),
    );
    const out: CimInstance[] = [];
    const test = call.visibility();
    found.forEach((instance, at) => {
      const place = destinations[at]?.place;
      if (instance === null || place === null || place === undefined) return;
      if (test !== null && !test(instance, place.space.name)) return;
      out.push(instance.withPath(call.fullPath(instance.path ?? (destinations[at] as Located).path, place)));
    });
    return out;
  };
  return destinationSegments(call, object, filter).map((segment) => () => mapBatches(segment(), read));
}
