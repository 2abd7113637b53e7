import {
  type CimClass,
  CimInstance,
  type CimInstancePath,
  type CimValue,
  foldName,
  type InstanceShape,
  type KeyBinding,
  pathFromValues,
} from '../../cim/model/index.js';
import { normalizePath, type Schema } from '../../cim/schema/index.js';
import { endOf } from './keys.js';

/** A namespace as references see it. */
export interface Neighbour {
  readonly name: string;
  readonly schema: Schema;
}

/** Finds a namespace of this repository. */
export type Neighbours = (namespace: string) => Neighbour | undefined;

const referencePlaces = new WeakMap<InstanceShape, readonly number[]>();

/** Places of the scalar references among the values. */
export function placesOfReferences(shape: InstanceShape): readonly number[] {
  let places = referencePlaces.get(shape);
  if (places === undefined) {
    places = shape.properties.flatMap(({ type, isArray }, at) => (type === 'reference' && !isArray ? [at] : []));
    referencePlaces.set(shape, places);
  }
  return places;
}

/** Brings paths to one spelling, whichever namespace they lead to. */
export class References {
  readonly #namespace: string;
  readonly #neighbours: Neighbours;

  constructor(namespace: string, neighbours: Neighbours) {
    this.#namespace = namespace;
    this.#neighbours = neighbours;
  }

  /**
   * With its namespace; where that is one of ours without host, and where its class is known with names and key types of the
   * class. @throws CimError 4 the keys are not those of the class
   */
  normalize(path: CimInstancePath): CimInstancePath {
    const target = this.#neighbours(path.namespace ?? this.#namespace);
    const within = path.namespace === null ? { ...path, namespace: this.#namespace } : path;
    if (target === undefined) return within;
    const placed = { ...within, namespace: target.name, host: null };
    const cls = target.schema.get(path.className);
    return cls === undefined ? placed : this.within(cls, placed);
  }

  /** The same for a path whose class is known. */
  within(cls: CimClass, path: CimInstancePath): CimInstancePath {
    if (!path.keys.some((key) => typeof key.value === 'object')) return normalizePath(cls, path);
    const keys = path.keys.map(
      (key): KeyBinding => (typeof key.value === 'object' ? { ...key, value: this.normalize(key.value) } : key),
    );
    return normalizePath(cls, { ...path, keys });
  }

  /** The instance with all its references normal, and its path made of them. */
  normalizeInstance(instance: CimInstance): CimInstance {
    const { shape } = instance;
    let { values } = instance;
    const places = placesOfReferences(shape);
    if (places.length > 0) {
      const changed: (CimValue | undefined)[] = [...values];
      for (const at of places) {
        const value = changed[at];
        if (isInstancePath(value)) changed[at] = this.normalize(value);
      }
      values = changed;
    }
    return new CimInstance(shape, values, pathFromValues(shape, values, { namespace: this.#namespace }));
  }

  /** Short names of the objects that an instance refers to, each once. */
  ends(instance: CimInstance): ReadonlySet<string> {
    const ends = new Set<string>();
    for (const at of placesOfReferences(instance.shape)) {
      const value = instance.values[at];
      if (isInstancePath(value)) ends.add(this.end(value));
    }
    return ends;
  }

  /** @param path normal */
  end(path: CimInstancePath): string {
    return endOf(path, foldName(this.#namespace));
  }
}

function isInstancePath(value: CimValue | undefined): value is CimInstancePath {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance-path';
}
