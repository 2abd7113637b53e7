import { createTimeSlice } from '../../base/index.js';
import { type CimInstance, type CimInstancePath, foldName, instanceIdentity } from '../../cim/model/index.js';
import { type Call, ClassSource } from '../calls/index.js';
import type { ResolvedNamespace } from '../namespaces.js';

/** An object somewhere in our namespaces: its path is normalized. */
export interface Located {
  readonly place: ResolvedNamespace;
  readonly path: CimInstancePath;
}

/** Reads the objects at the ends of associations, each from where it lives. Made for one traversal. */
export class Fetcher {
  readonly #call: Call;
  readonly #propertyList: readonly string[] | null;
  readonly #sources = new Map<string, ClassSource | null>();
  readonly #enumerated = new Map<ClassSource, Promise<ReadonlyMap<string, CimInstance>>>();

  constructor(call: Call, propertyList: readonly string[] | null) {
    this.#call = call;
    this.#propertyList = propertyList;
  }

  #sourceOf(place: ResolvedNamespace, className: string): ClassSource | null {
    const key = `${place.name}:${foldName(className)}`;
    let source = this.#sources.get(key);
    if (source === undefined) {
      const cls = place.space.schema.get(className);
      source = cls === undefined ? null : new ClassSource(this.#call, place, cls);
      this.#sources.set(key, source);
    }
    return source;
  }

  /** null: there is no such object, or it cannot be read. */
  async get({ place, path }: Located): Promise<CimInstance | null> {
    const source = this.#sourceOf(place, path.className);
    if (source === null || !source.readable) return null;
    const provider = source.registered?.provider;
    if (provider === undefined || provider.get !== undefined) return source.get(path, this.#propertyList);
    // Without `get` each object would cost an enumeration: one for all is enough.
    let all = this.#enumerated.get(source);
    if (all === undefined) {
      all = this.#enumerate(source);
      this.#enumerated.set(source, all);
    }
    return (await all).get(instanceIdentity(path)) ?? null;
  }

  async #enumerate(source: ClassSource): Promise<ReadonlyMap<string, CimInstance>> {
    const found = new Map<string, CimInstance>();
    const slice = createTimeSlice();
    for await (const batch of source.enumerate(this.#propertyList)) {
      for (const instance of batch) if (instance.path !== null) found.set(instanceIdentity(instance.path), instance);
      await slice.pause();
    }
    return found;
  }
}
