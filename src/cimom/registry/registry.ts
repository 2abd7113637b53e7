import { TvdcError } from '../../base/index.js';
import { type CimClass, findByName, foldName } from '../../cim/model/index.js';
import type { MethodFunction, Provider } from '../provider/index.js';
import { ProviderCounters, type ProviderStatistics } from './statistics.js';

export type RegistrationErrorCode = 'unknown_namespace' | 'unknown_class' | 'unknown_method' | 'provider_exists';

export class RegistrationError extends TvdcError<RegistrationErrorCode> {}

/** A provider in place: what the object manager looks up for each request. */
export interface RegisteredProvider {
  readonly provider: Provider;
  readonly counters: ProviderCounters;
  /** Method by name without case. */
  method(name: string): MethodFunction | undefined;
}

/** Where classes are looked up; canonical names come back. */
export interface RegistrySchema {
  /** Canonical spelling of a namespace; undefined where it does not exist. */
  namespace(name: string): string | undefined;
  class(namespace: string, name: string): CimClass | undefined;
}

/** Statistics of one provider. */
export interface ProviderReport extends ProviderStatistics {
  readonly className: string;
  readonly namespaces: readonly string[];
}

/** Which provider serves which class of which namespace. */
export interface ProviderRegistry {
  /**
   * Puts a provider in place in all its namespaces, or in none.
   * @returns takes it away again
   * @throws RegistrationError `unknown_namespace`, `unknown_class`, `unknown_method` (a method that the class does not
   *   have), `provider_exists` (for that class in that namespace)
   */
  register(provider: Provider): () => void;
  /** Whether it was registered. Requests in progress end as they began. */
  unregister(provider: Provider): boolean;
  /** @param namespace canonical */
  find(namespace: string, className: string): RegisteredProvider | undefined;
  /** Names of the provider-backed classes of a namespace. */
  classNames(namespace: string): readonly string[];
  statistics(): readonly ProviderReport[];
  /** Changes with every registration, for whoever keeps what was derived from it. */
  readonly version: number;
}

class Registered implements RegisteredProvider {
  readonly provider: Provider;
  readonly counters = new ProviderCounters();
  readonly #methods = new Map<string, MethodFunction>();

  constructor(provider: Provider) {
    this.provider = provider;
    for (const [name, method] of Object.entries(provider.methods ?? {})) this.#methods.set(foldName(name), method);
  }

  method(name: string): MethodFunction | undefined {
    return this.#methods.get(foldName(name));
  }
}

class Registry implements ProviderRegistry {
  readonly #schema: RegistrySchema;
  readonly #byNamespace = new Map<string, Map<string, Registered>>();
  readonly #registered = new Map<Provider, Registered>();
  #version = 0;

  constructor(schema: RegistrySchema) {
    this.#schema = schema;
  }

  get version(): number {
    return this.#version;
  }

  register(provider: Provider): () => void {
    const places = provider.namespaces.map((namespace) => this.#place(provider, namespace));
    const registered = new Registered(provider);
    for (const place of places) place.set(foldName(provider.className), registered);
    this.#registered.set(provider, registered);
    this.#version++;
    return () => this.unregister(provider);
  }

  #place(provider: Provider, name: string): Map<string, Registered> {
    const { className } = provider;
    const namespace = this.#schema.namespace(name);
    if (namespace === undefined) throw new RegistrationError('unknown_namespace', `there is no namespace ${name}`);
    const cls = this.#schema.class(namespace, className);
    if (cls === undefined) throw new RegistrationError('unknown_class', `${namespace} has no class ${className}`);
    for (const method of Object.keys(provider.methods ?? {})) {
      if (findByName(cls.methods, method) === undefined) {
        throw new RegistrationError('unknown_method', `${className} in ${namespace} has no method ${method}`);
      }
    }
    const folded = foldName(namespace);
    let place = this.#byNamespace.get(folded);
    if (place === undefined) {
      place = new Map();
      this.#byNamespace.set(folded, place);
    }
    if (place.has(foldName(className))) {
      throw new RegistrationError('provider_exists', `${className} in ${namespace} has a provider already`);
    }
    return place;
  }

  unregister(provider: Provider): boolean {
    const registered = this.#registered.get(provider);
    if (registered === undefined) return false;
    const className = foldName(provider.className);
    for (const place of this.#byNamespace.values()) if (place.get(className) === registered) place.delete(className);
    this.#registered.delete(provider);
    this.#version++;
    return true;
  }

  find(namespace: string, className: string): RegisteredProvider | undefined {
    return this.#byNamespace.get(foldName(namespace))?.get(foldName(className));
  }

  classNames(namespace: string): readonly string[] {
    const place = this.#byNamespace.get(foldName(namespace));
    return place === undefined ? [] : [...place.values()].map((registered) => registered.provider.className);
  }

  statistics(): readonly ProviderReport[] {
    return [...this.#registered.values()].map(({ provider, counters }) => ({
      className: provider.className,
      namespaces: provider.namespaces,
      ...counters.snapshot(),
    }));
  }
}

export function createProviderRegistry(schema: RegistrySchema): ProviderRegistry {
  return new Registry(schema);
}
