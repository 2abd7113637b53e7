import { type Log, messageOf } from '../../../base/index.js';
import {
  type CimClass,
  type CimInstance,
  type CimInstancePath,
  foldName,
  instanceIdentity,
} from '../../../cim/model/index.js';
import { compileFilter, project, type Query } from '../../../cim/query/index.js';
import type { Namespaces } from '../../namespaces.js';
import { queryOf } from './filter-rules.js';
import { shortName } from './keys.js';
import type { SubscriptionRecord } from './outbox.js';
import { sourceNames } from './source-namespaces.js';
import { endOf, expiryOf, isEnabled } from './subscription-facts.js';
import type { DestinationWorker } from './worker.js';

interface LiveFilter {
  readonly name: string;
  /** null: it cannot be served any more. */
  readonly query: (Query & { readonly fromClass: string }) | null;
  /** Folded; null: all. */
  readonly namespaces: ReadonlySet<string> | null;
}

interface LiveDestination {
  readonly key: string;
  readonly worker: DestinationWorker;
}

/** A subscription in use. */
export interface LiveSubscription {
  readonly id: string;
  readonly owner: string;
  readonly path: CimInstancePath;
  /** Identities of its ends. */
  readonly filter: string;
  readonly destination: string;
  readonly enabled: boolean;
  /** Milliseconds since 1970; null: never. */
  readonly expires: number | null;
}

/** A way of an indication to a destination. */
export interface Route {
  readonly subscription: LiveSubscription;
  readonly filterName: string;
  readonly destination: LiveDestination;
  readonly test: (indication: CimInstance) => boolean;
  /** What the query selects of it. */
  readonly cut: (indication: CimInstance) => CimInstance;
}

interface KnownRoutes {
  readonly cls: CimClass;
  readonly routes: readonly Route[];
}

/** Filters, destinations and subscriptions as they are at present, ready to be matched. */
export class LiveSubscriptions {
  readonly #namespaces: Namespaces;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #filters = new Map<string, LiveFilter>();
  readonly #destinations = new Map<string, LiveDestination>();
  readonly #subscriptions = new Map<string, LiveSubscription>();
  readonly #byId = new Map<string, LiveSubscription>();
  readonly #routes = new Map<string, KnownRoutes>();

  constructor(namespaces: Namespaces, log: Log, now: () => number) {
    this.#namespaces = namespaces;
    this.#log = log;
    this.#now = now;
  }

  putFilter(path: CimInstancePath, filter: CimInstance): void {
    let query: LiveFilter['query'] = null;
    try {
      query = queryOf(filter);
    } catch (error) {
      this.#log.error('filter cannot be served', { filter: filter.getString('Name'), error: messageOf(error) });
    }
    const namespaces = sourceNames(filter, this.#namespaces);
    this.#filters.set(instanceIdentity(path), { name: filter.getString('Name') ?? '', query, namespaces });
    this.#routes.clear();
  }

  deleteFilter(path: CimInstancePath): void {
    this.#filters.delete(instanceIdentity(path));
    this.#routes.clear();
  }

  putDestination(path: CimInstancePath, worker: DestinationWorker): void {
    this.#destinations.set(instanceIdentity(path), { key: shortName(path), worker });
    this.#routes.clear();
  }

  destination(path: CimInstancePath): LiveDestination | undefined {
    return this.#destinations.get(instanceIdentity(path));
  }

  deleteDestination(path: CimInstancePath): void {
    this.#destinations.delete(instanceIdentity(path));
    this.#routes.clear();
  }

  putSubscription(path: CimInstancePath, subscription: CimInstance, { id, owner }: SubscriptionRecord): void {
    const filter = endOf(subscription, 'Filter');
    const destination = endOf(subscription, 'Handler');
    if (filter === null || destination === null) return;
    const live: LiveSubscription = {
      id,
      owner,
      path,
      filter: instanceIdentity(filter),
      destination: instanceIdentity(destination),
      enabled: isEnabled(subscription),
      expires: expiryOf(subscription),
    };
    this.#subscriptions.set(instanceIdentity(path), live);
    this.#byId.set(id, live);
    this.#routes.clear();
  }

  deleteSubscription(path: CimInstancePath): void {
    const identity = instanceIdentity(path);
    const live = this.#subscriptions.get(identity);
    if (live === undefined) return;
    this.#subscriptions.delete(identity);
    this.#byId.delete(live.id);
    this.#routes.clear();
  }

  get destinations(): readonly LiveDestination[] {
    return [...this.#destinations.values()];
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  /** Whether indications of a subscription still go out. */
  isActive(id: string): boolean {
    const live = this.#byId.get(id);
    return live !== undefined && live.enabled && !this.#isOver(live);
  }

  #isOver({ expires }: LiveSubscription): boolean {
    return expires !== null && expires <= this.#now();
  }

  /** Subscriptions whose time is over. */
  expired(): readonly LiveSubscription[] {
    return [...this.#subscriptions.values()].filter((live) => this.#isOver(live));
  }

  /** A subscription at which a filter or destination stands; undefined: nobody uses it. */
  userOf(path: CimInstancePath): LiveSubscription | undefined {
    const identity = instanceIdentity(path);
    for (const live of this.#subscriptions.values()) {
      if (live.filter === identity || live.destination === identity) return live;
    }
    return undefined;
  }

  /** The subscriptions that a destination serves. */
  ofDestination(key: string): readonly LiveSubscription[] {
    return [...this.#subscriptions.values()].filter((live) => this.#destinations.get(live.destination)?.key === key);
  }

  /** Where indications of a class may go; expired subscriptions are still among them. */
  routes(namespace: string, className: string): readonly Route[] {
    if (this.#subscriptions.size === 0) return [];
    const space = this.#namespaces.find(namespace)?.space;
    const cls = space?.schema.get(className);
    if (space === undefined || cls === undefined) return [];
    const key = `${foldName(space.name)}:${foldName(className)}`;
    const known = this.#routes.get(key);
    if (known?.cls === cls) return known.routes;
    const routes = [...this.#subscriptions.values()].flatMap((live) => this.#route(live, space, className) ?? []);
    this.#routes.set(key, { cls, routes });
    return routes;
  }

  #route(
    subscription: LiveSubscription,
    space: NonNullable<ReturnType<Namespaces['find']>>['space'],
    className: string,
  ): Route | null {
    const filter = this.#filters.get(subscription.filter);
    const destination = this.#destinations.get(subscription.destination);
    if (!subscription.enabled || filter === undefined || destination === undefined) return null;
    const { query, namespaces, name } = filter;
    if (query === null || (namespaces !== null && !namespaces.has(foldName(space.name)))) return null;
    if (!space.schema.isSubclass(className, query.fromClass)) return null;
    try {
      const test = compileFilter(query, space.schema, { now: this.#now });
      return { subscription, filterName: name, destination, test, cut: (indication) => project(query, indication) };
    } catch (error) {
      this.#log.error('filter cannot be served', { filter: name, namespace: space.name, error: messageOf(error) });
      return null;
    }
  }
}
