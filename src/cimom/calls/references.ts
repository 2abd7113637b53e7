import {
  CimInstance,
  type CimInstancePath,
  type CimObjectPath,
  type CimScalar,
  type CimValue,
  isCimArray,
} from '../../cim/model/index.js';
import { CimError } from '../../cim/operations/index.js';
import { normalizePath } from '../../cim/schema/index.js';
import type { Namespaces, ResolvedNamespace } from '../namespaces.js';

/** Brings references to one form: no host; the namespace only where it is not the one that the reference stands in. */
export class References {
  readonly #namespaces: Namespaces;
  readonly #home: ResolvedNamespace;

  constructor(namespaces: Namespaces, home: ResolvedNamespace) {
    this.#namespaces = namespaces;
    this.#home = home;
  }

  path<P extends CimObjectPath>(path: P): P {
    const place = this.#namespaces.ofPath(path, this.#home);
    const namespace = place === undefined ? path.namespace : place.space === this.#home.space ? null : place.space.name;
    const bare: CimObjectPath =
      path.kind === 'instance-path'
        ? { ...this.keys(path), host: null, namespace }
        : { ...path, host: null, namespace };
    if (bare.kind === 'class-path' || place === undefined) return bare as P;
    const { schema } = place.space;
    const cls = schema.get(bare.className);
    return (cls === undefined ? bare : normalizePath(cls, bare, schema)) as P;
  }

  /** The references among the keys of a path; the same path where there are none. */
  keys(path: CimInstancePath): CimInstancePath {
    if (!path.keys.some((key) => typeof key.value === 'object')) return path;
    const keys = path.keys.map((key) =>
      typeof key.value === 'object' ? { ...key, value: this.path(key.value) } : key,
    );
    return { ...path, keys };
  }

  #scalar(value: CimScalar): CimScalar {
    if (typeof value !== 'object') return value;
    if (value.kind === 'instance-path' || value.kind === 'class-path') return this.path(value);
    return value.kind === 'instance' ? this.instance(value) : value;
  }

  /** @throws CimError 4 impossible keys */
  value(value: CimValue): CimValue {
    if (value === null || typeof value !== 'object') return value;
    if (!isCimArray(value)) return this.#scalar(value);
    return typeof value[0] === 'object' ? value.map((item) => (item === null ? null : this.#scalar(item))) : value;
  }

  /** All references in an instance, embedded ones too; the same instance where there are none. @throws CimError 4 */
  instance(instance: CimInstance): CimInstance {
    let values: (CimValue | undefined)[] | null = null;
    for (let at = 0; at < instance.values.length; at++) {
      const value = instance.values[at];
      if (value === undefined || value === null || typeof value !== 'object') continue;
      const replaced = this.value(value);
      if (replaced === value) continue;
      values ??= [...instance.values];
      values[at] = replaced;
    }
    return values === null ? instance : new CimInstance(instance.shape, values, instance.path);
  }
}

/** A provider's mistake is not the caller's invalid parameter. */
export function blameProvider<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw cause instanceof CimError && cause.status !== 1 ? new CimError(1, cause.description, { cause }) : cause;
  }
}
