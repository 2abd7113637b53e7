import { type CimObjectPath, foldName } from '../cim/model/index.js';
import type { NamespaceRepository, Repository } from './repository/index.js';

/** A namespace as a request named it. */
export interface ResolvedNamespace {
  readonly space: NamespaceRepository;
  /** As it was asked for where that is an alias, else as it was created. */
  readonly name: string;
}

const interopNames: readonly string[] = ['root/interop', 'interop'];

/** Finds namespaces by any of their names, and knows which hosts are this one. */
export class Namespaces {
  readonly #repository: Repository;
  readonly #hosts: ReadonlySet<string>;
  /** What stands in full paths unless the caller asked for another name of ours. */
  readonly defaultHost: string;

  /** @param hostNames names and addresses of this host, with or without port; the first is the configured one */
  constructor(repository: Repository, hostNames: readonly string[]) {
    this.#repository = repository;
    this.#hosts = new Set(hostNames.map(foldName));
    this.defaultHost = hostNames[0] ?? 'localhost';
  }

  all(): readonly string[] {
    return this.#repository.namespaces();
  }

  find(asked: string): ResolvedNamespace | undefined {
    const space = this.#repository.space(asked);
    if (space !== undefined) return { space, name: space.name };
    if (!interopNames.includes(foldName(asked))) return undefined;
    for (const name of interopNames) {
      const alias = this.#repository.space(name);
      if (alias !== undefined) return { space: alias, name: asked };
    }
    return undefined;
  }

  /** @param host a name or address, with its port or without */
  isOurs(host: string): boolean {
    const folded = foldName(host);
    return this.#hosts.has(folded) || this.#hosts.has(folded.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''));
  }

  hostFor(asked: string | undefined): string {
    return asked !== undefined && this.isOurs(asked) ? asked : this.defaultHost;
  }

  /**
   * Namespace that a path means. Some clients split `root/tvdc` into host `root` and namespace `tvdc`: where that makes
   * one of our namespaces it is taken so; other hosts are ignored.
   * @returns undefined where the path names a namespace that does not exist
   */
  ofPath(path: CimObjectPath, home: ResolvedNamespace): ResolvedNamespace | undefined {
    if (path.namespace === null) return home;
    if (path.host !== null && !this.isOurs(path.host)) {
      const split = this.find(`${path.host}/${path.namespace}`);
      if (split !== undefined) return split;
    }
    return this.find(path.namespace);
  }
}
