import {
  type CimInstance,
  type CimInstancePath,
  foldName,
  instanceIdentity,
  type InstanceShape,
  sameName,
} from '../../cim/model/index.js';
import type { Namespaces, ResolvedNamespace } from '../namespaces.js';

interface EndPlace {
  readonly name: string;
  readonly at: number;
}

const placesOf = new WeakMap<InstanceShape, readonly EndPlace[]>();

function endPlaces(shape: InstanceShape): readonly EndPlace[] {
  let places = placesOf.get(shape);
  if (places === undefined) {
    places = shape.properties.flatMap((property, at) =>
      property.type === 'reference' ? [{ name: foldName(property.name), at }] : [],
    );
    placesOf.set(shape, places);
  }
  return places;
}

function pathAt(association: CimInstance, place: EndPlace): CimInstancePath | null {
  const value = association.values[place.at];
  if (value === undefined || value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const path = value as { readonly kind?: unknown };
  return path.kind === 'instance-path' ? (value as CimInstancePath) : null;
}

/** Finds one object among the ends of association instances. */
export class EndMatcher {
  readonly #object: CimInstancePath;
  readonly #identity: string;
  readonly #namespaces: Namespaces;
  readonly #home: ResolvedNamespace;
  readonly #role: string | null;

  /** @param object normalized path of an object of the namespace `home`; @param role name of its end; null: any */
  constructor(object: CimInstancePath, role: string | null, namespaces: Namespaces, home: ResolvedNamespace) {
    this.#object = object;
    this.#identity = instanceIdentity(object);
    this.#role = role === null ? null : foldName(role);
    this.#namespaces = namespaces;
    this.#home = home;
  }

  #isObject(path: CimInstancePath | null): boolean {
    if (path === null || !sameName(path.className, this.#object.className)) return false;
    if (path.namespace !== null && this.#namespaces.ofPath(path, this.#home)?.space !== this.#home.space) return false;
    return instanceIdentity(path) === this.#identity;
  }

  #matches(association: CimInstance, place: EndPlace): boolean {
    return (this.#role === null || place.name === this.#role) && this.#isObject(pathAt(association, place));
  }

  /** Whether the object takes part in the association, in its role. */
  takesPart(association: CimInstance): boolean {
    return endPlaces(association.shape).some((place) => this.#matches(association, place));
  }

  /** What stands at the other ends. @param resultRole name of such an end; null: any */
  others(association: CimInstance, resultRole: string | null): CimInstancePath[] {
    const places = endPlaces(association.shape);
    const wanted = resultRole === null ? null : foldName(resultRole);
    const out: CimInstancePath[] = [];
    for (const other of places) {
      if (wanted !== null && other.name !== wanted) continue;
      if (!places.some((place) => place !== other && this.#matches(association, place))) continue;
      const path = pathAt(association, other);
      if (path !== null) out.push(path);
    }
    return out;
  }
}
