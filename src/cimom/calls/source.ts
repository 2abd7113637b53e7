import { createTimeSlice } from '../../base/index.js';
import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  instanceIdentity,
  pathFromValues,
  relocate,
  sameName,
  shapeOf,
} from '../../cim/model/index.js';
import { type Batches, CimError } from '../../cim/operations/index.js';
import { checkInstance, normalizePath } from '../../cim/schema/index.js';
import type { ResolvedNamespace } from '../namespaces.js';
import type { ProviderQuery } from '../provider/index.js';
import type { RegisteredProvider } from '../registry/index.js';
import type { Call } from './call.js';
import { blameProvider, References } from './references.js';

/** The instances of exactly one class, whoever serves them: a provider, else the repository. */
export class ClassSource {
  readonly call: Call;
  readonly place: ResolvedNamespace;
  readonly cls: CimClass;
  readonly registered: RegisteredProvider | undefined;
  readonly #references: References;

  constructor(call: Call, place: ResolvedNamespace, cls: CimClass) {
    this.call = call;
    this.place = place;
    this.cls = cls;
    this.#references = place === call.home ? call.references : new References(call.engine.namespaces, place);
    this.registered = call.engine.registry.find(place.space.name, cls.name);
  }

  /** Whether there may be any: repository classes without instances and providers that cannot enumerate have none. */
  get mayHaveInstances(): boolean {
    if (this.registered !== undefined) return this.registered.provider.enumerate !== undefined;
    return this.place.space.hasInstances(this.cls.name);
  }

  /** Whether a single instance can be asked for. */
  get readable(): boolean {
    const provider = this.registered?.provider;
    return provider === undefined || provider.get !== undefined || provider.enumerate !== undefined;
  }

  /** @throws CimError 7 the provider does not enumerate */
  enumerate(propertyList: readonly string[] | null): Batches<CimInstance> {
    const { call, registered } = this;
    if (registered === undefined) return this.place.space.instances(this.cls.name);
    const { provider } = registered;
    if (provider.enumerate === undefined) throw this.unsupported('enumeration');
    return call.engine.guard.stream(
      registered,
      'enumerate',
      () => (provider.enumerate as NonNullable<typeof provider.enumerate>)(call.context(this.place, propertyList)),
      (batch) => this.checked(batch),
      call.signal,
    );
  }

  /**
   * Instances that may meet a query: what the provider finds for it, else all.
   * @throws CimError 7 the provider does not enumerate; 1 it failed
   */
  query(query: ProviderQuery): Batches<CimInstance> {
    const { call, registered } = this;
    const provider = registered?.provider;
    if (registered === undefined || provider?.query === undefined) return this.enumerate(null);
    const { guard } = call.engine;
    let found: Batches<CimInstance> | null;
    try {
      found = provider.query(call.context(this.place, null), query);
    } catch (error) {
      throw guard.failure(registered, 'query', error);
    }
    if (found === null) return this.enumerate(null);
    const batches = found;
    return guard.stream(
      registered,
      'query',
      () => batches,
      (batch) => this.checked(batch),
      call.signal,
    );
  }

  /** Association instances that a provider knows for an object; undefined: it does not offer that. */
  references(object: CimInstancePath, role: string | null): Batches<CimInstance> | undefined {
    const { call, registered } = this;
    const provider = registered?.provider;
    if (registered === undefined || provider?.references === undefined) return undefined;
    const references = provider.references.bind(provider);
    return call.engine.guard.stream(
      registered,
      'references',
      () => references(call.context(this.place, null), object, role),
      (batch) => this.checked(batch),
      call.signal,
    );
  }

  /**
   * @param path normalized, without host and namespace
   * @returns null: there is none
   * @throws CimError 7 the provider can neither get nor enumerate; 1 what it gave is wrong
   */
  async get(path: CimInstancePath, propertyList: readonly string[] | null): Promise<CimInstance | null> {
    const { call, registered } = this;
    if (registered === undefined) return this.place.space.getInstance(path) ?? null;
    const { provider } = registered;
    if (provider.get === undefined) return this.#find(path, propertyList);
    const get = provider.get.bind(provider);
    const instance = await call.engine.guard.call(registered, 'get', () =>
      get(call.context(this.place, propertyList), path),
    );
    if (instance === null) return null;
    try {
      const checked = this.check(instance);
      if (checked.path === null || instanceIdentity(checked.path) !== instanceIdentity(path)) {
        throw new CimError(1, `the provider of ${this.cls.name} gave another instance than the one asked for`);
      }
      registered.counters.objects++;
      return checked;
    } catch (error) {
      throw call.engine.guard.failure(registered, 'get', error);
    }
  }

  async #find(path: CimInstancePath, propertyList: readonly string[] | null): Promise<CimInstance | null> {
    if (this.registered?.provider.enumerate === undefined) throw this.unsupported('reading');
    const wanted = instanceIdentity(path);
    const slice = createTimeSlice();
    for await (const batch of this.enumerate(propertyList)) {
      const found = batch.find((instance) => instance.path !== null && instanceIdentity(instance.path) === wanted);
      if (found !== undefined) return found;
      await slice.pause();
    }
    return null;
  }

  unsupported(what: string): CimError {
    return new CimError(7, `the provider of ${this.cls.name} does not support ${what}`);
  }

  /** @throws CimError 1 */
  checked(batch: readonly CimInstance[]): readonly CimInstance[] {
    let out: CimInstance[] | null = null;
    for (let at = 0; at < batch.length; at++) {
      const given = batch[at] as CimInstance;
      const checked = this.check(given);
      if (checked !== given && out === null) out = batch.slice(0, at);
      out?.push(checked);
    }
    return out ?? batch;
  }

  /** A provider's instance on the class's shape, with its path. @throws CimError 1 */
  check(given: CimInstance): CimInstance {
    const { cls, place } = this;
    if (!sameName(given.className, cls.name)) {
      throw new CimError(1, `the provider of ${cls.name} gave an instance of ${given.className}`);
    }
    const checked = checkInstance(place.space.schema, cls, this.#withPath(given), 'provider');
    const path = checked.path;
    if (path === null || path.namespace !== null) return checked;
    return checked.withPath(relocate(path, { namespace: place.space.name }));
  }

  #withPath(given: CimInstance): CimInstance {
    const { cls, place } = this;
    const { path } = given;
    if (path === null) {
      if (given.shape !== shapeOf(cls)) return given;
      const made = pathFromValues(given.shape, given.values, { namespace: place.space.name });
      return made === null ? given : given.withPath(this.#references.keys(made));
    }
    const normal = this.#normal(path);
    if (normal === path && path.namespace === place.space.name && path.host === null) return given;
    return given.withPath(relocate(normal, { namespace: place.space.name }));
  }

  /** A path made by a provider. @throws CimError 1 */
  checkPath(path: CimInstancePath): CimInstancePath {
    if (!sameName(path.className, this.cls.name)) {
      throw new CimError(1, `the provider of ${this.cls.name} named an instance of ${path.className}`);
    }
    return relocate(this.#normal(path), { namespace: this.place.space.name });
  }

  #normal(path: CimInstancePath): CimInstancePath {
    return this.#references.keys(blameProvider(() => normalizePath(this.cls, path, this.place.space.schema)));
  }
}
