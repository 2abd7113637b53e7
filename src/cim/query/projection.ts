import {
  type CimInstance,
  CimInstance as Instance,
  type CimScalar,
  type CimValue,
  isCimArray,
} from '../model/index.js';
import type { PathStep, Query } from './syntax.js';

/**
 * Only what the query selects: of properties within embedded objects, the embedded objects with these properties. Class,
 * path and order stay; what the object does not have is left out.
 */
export function project(query: Query, instance: CimInstance): CimInstance {
  if (query.projection === null) return instance;
  return select(
    instance,
    query.projection.map((path) => path.steps),
  );
}

function select(instance: CimInstance, paths: readonly (readonly PathStep[])[]): CimInstance {
  const wanted = new Map<number, (readonly PathStep[])[]>();
  for (const [first, ...rest] of paths) {
    const at = first === undefined ? -1 : instance.shape.indexOf(first.name);
    if (at < 0) continue;
    const known = wanted.get(at);
    if (known === undefined) wanted.set(at, [rest]);
    else known.push(rest);
  }
  const values = instance.values.map((value, at) => {
    const within = wanted.get(at);
    if (within === undefined) return undefined;
    return within.some((steps) => steps.length === 0) ? value : prune(value, within);
  });
  return new Instance(instance.shape, values, instance.path);
}

function prune(value: CimValue | undefined, paths: readonly (readonly PathStep[])[]): CimValue | undefined {
  if (isCimArray(value)) return value.map((item) => (item === null ? null : pruneItem(item, paths)));
  return value === null || value === undefined ? value : pruneItem(value, paths);
}

function pruneItem(item: CimScalar, paths: readonly (readonly PathStep[])[]): CimScalar {
  return typeof item === 'object' && item.kind === 'instance' ? select(item, paths) : item;
}
