import { type CimClass, createInstancePath, formatObjectPath, relocate } from '../../cim/index.js';
import { type WbemClient, WbemServerView } from '../../client/index.js';

const mostPaths = 200;
const keptFor = 30_000;

interface Known<T> {
  readonly value: Promise<readonly T[]>;
  readonly since: number;
}

/** What a server has at the moment, for completion: what cannot be read is not there. */
export class LiveModel {
  readonly #connect: () => Promise<WbemClient>;
  readonly #known = new Map<string, Known<string>>();

  constructor(connect: () => Promise<WbemClient>) {
    this.#connect = connect;
  }

  #read(key: string, read: (client: WbemClient) => Promise<readonly string[]>): Promise<readonly string[]> {
    const known = this.#known.get(key);
    if (known !== undefined && performance.now() - known.since < keptFor) return known.value;
    const value = this.#connect()
      .then(read)
      .catch(() => {
        this.#known.delete(key);
        return [];
      });
    this.#known.set(key, { value, since: performance.now() });
    return value;
  }

  /** After something was changed. */
  forget(): void {
    this.#known.clear();
  }

  namespaces(): Promise<readonly string[]> {
    return this.#read('namespaces', (client) => new WbemServerView(client).namespaces());
  }

  classNames(namespace: string): Promise<readonly string[]> {
    return this.#read(`classes ${namespace}`, (client) =>
      client.enumerateClassNames({ namespace, deepInheritance: true }),
    );
  }

  /** Paths of the first instances, as they are typed. */
  paths(namespace: string, className: string): Promise<readonly string[]> {
    return this.#read(`paths ${namespace} ${className}`, async (client) => {
      const found = await client.instancePaths(className, { namespace, maxObjectCount: mostPaths }).toArray(mostPaths);
      return found.map((path) => formatObjectPath(relocate(createInstancePath(path.className, path.keys), {})));
    });
  }

  async #class(namespace: string, className: string): Promise<CimClass | null> {
    return (await this.#connect()).classOf(className, { namespace }).catch(() => null);
  }

  async properties(namespace: string, className: string): Promise<readonly string[]> {
    return (await this.#class(namespace, className))?.properties.map(({ name }) => name) ?? [];
  }

  async methods(namespace: string, className: string): Promise<readonly string[]> {
    return (await this.#class(namespace, className))?.methods.map(({ name }) => name) ?? [];
  }

  async parameters(namespace: string, className: string, method: string): Promise<readonly string[]> {
    const found = (await this.#class(namespace, className))?.methods.find(
      ({ name }) => name.toLowerCase() === method.toLowerCase(),
    );
    return found?.parameters.map(({ name }) => name) ?? [];
  }
}
