import {
  createKeyedLock,
  type Clock,
  type Log,
  messageOf,
  type Randomness,
  silentLog,
  systemClock,
  systemRandomness,
  TvdcError,
} from '../../../base/index.js';
import { CimDateTime, type CimInstance, type CimInstancePath, type CimValue } from '../../../cim/model/index.js';
import type { Store, StoreTransaction } from '../../../store/index.js';
import { Namespaces } from '../../namespaces.js';
import type { Provider } from '../../provider/index.js';
import type { ChangeWork, NamespaceRepository } from '../../repository/index.js';
import { type Authorizer, systemCaller } from '../../security/index.js';
import { createRepositoryWork } from '../repository-work.js';
import { destinationClass, destinationClassNames } from './destinations.js';
import { filterClass, filterClassName } from './filters.js';
import { shortName } from './keys.js';
import { LiveSubscriptions, type Route } from './live.js';
import {
  defaultSubscriptionLimits,
  type DestinationReport,
  type SubscriptionLimits,
  type Subscriptions,
  type SubscriptionsOptions,
} from './options.js';
import type { SubscriptionParts } from './parts.js';
import { Outbox, type QueuedIndication } from './outbox.js';
import { type IndicationService, StoredSettings } from './settings.js';
import { storedProvider, type StoredProviderParts } from './stored-provider.js';
import { failurePolicy, servicePolicy, subscriptionStates } from './subscription-facts.js';
import { subscriptionClass, subscriptionClassName } from './subscription-class.js';
import { type DeliveryOutcome, DestinationWorker } from './worker.js';

class StoredSubscriptions implements Subscriptions {
  readonly providers: readonly Provider[];
  readonly service: IndicationService;
  readonly #store: Store;
  readonly #authorizer: Authorizer;
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #log: Log;
  readonly #deliver: SubscriptionsOptions['deliver'];
  readonly #limits: SubscriptionLimits;
  readonly #settings: StoredSettings;
  readonly #outbox: Outbox;
  readonly #live: LiveSubscriptions;
  readonly #space: NamespaceRepository;
  readonly #parts: SubscriptionParts;
  readonly #exclusively: StoredProviderParts['exclusively'];
  /** Writes that nobody waits for but `close()`. */
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;
  #sweeping = false;

  constructor(options: SubscriptionsOptions) {
    const { repository, store } = options;
    this.#store = store;
    this.#authorizer = options.authorizer;
    this.#deliver = options.deliver;
    this.#clock = options.clock ?? systemClock;
    this.#randomness = options.randomness ?? systemRandomness;
    this.#log = options.log ?? silentLog;
    this.#limits = { ...defaultSubscriptionLimits, ...options.limits };
    this.#settings = new StoredSettings(store, options.settings ?? {});
    this.#outbox = new Outbox(store, this.#limits.queueLength);
    const namespaces = new Namespaces(repository, []);
    const home = namespaces.find('root/interop');
    if (home === undefined) throw new TvdcError('no_interop_namespace', 'there is no namespace root/interop');
    this.#space = home.space;
    this.#live = new LiveSubscriptions(namespaces, this.#log, () => this.#clock.now());
    const lock = createKeyedLock();
    this.#exclusively = (work) => lock.run('subscriptions', work);
    this.#parts = {
      systemName: options.systemName,
      space: this.#space,
      namespaces,
      live: this.#live,
      outbox: this.#outbox,
      limits: this.#limits,
      clock: this.#clock,
      randomness: this.#randomness,
      allowDestination: options.allowDestination,
      settings: this.#settings,
      recorded: createRepositoryWork({
        repository,
        sink: this,
        journal: options.journal ?? null,
        clock: this.#clock,
        randomness: this.#randomness,
        host: options.systemName,
      }),
      openWorker: (path, destination) => this.#openWorker(path, destination),
    };
    const provider = { space: this.#space, exclusively: this.#exclusively };
    this.providers = [
      filterClass(this.#parts),
      ...destinationClassNames.map((className) => destinationClass(className, this.#parts)),
      subscriptionClass(this.#parts),
    ].map((stored) => storedProvider(stored, provider));
    this.service = {
      settings: () => this.#settings.current,
      change: (settings) => this.#settings.change(settings),
      maxDestinations: this.#limits.destinations,
      maxSubscriptions: this.#limits.subscriptions,
    };
  }

  /** Brings up what was there when the process ended. */
  async load(): Promise<void> {
    await this.#each(filterClassName, (path, filter) => this.#live.putFilter(path, filter));
    const waiting: (() => void)[] = [];
    for (const className of destinationClassNames) {
      await this.#each(className, (path, destination) => {
        const worker = this.#openWorker(path, destination);
        this.#live.putDestination(path, worker);
        waiting.push(() => this.#resume(shortName(path), worker));
      });
    }
    await this.#each(subscriptionClassName, (path, subscription) => {
      const record = this.#outbox.subscription(this.#store, shortName(path));
      if (record === undefined) this.#log.warn('a subscription without an owner is not served', { path: path.keys });
      else this.#live.putSubscription(path, subscription, record);
    });
    for (const start of waiting) start();
  }

  #resume(key: string, worker: DestinationWorker): void {
    const { items, damaged } = this.#outbox.waiting(key);
    for (const sequence of damaged) {
      this.#log.error('indication lost: its entry is damaged', { destination: worker.name, sequence });
      this.#later(this.#outbox.remove(key, sequence, { failedAt: null }));
    }
    worker.push(...items);
  }

  async #each(className: string, visit: (path: CimInstancePath, instance: CimInstance) => void): Promise<void> {
    for await (const batch of this.#space.instances(className)) {
      for (const instance of batch) if (instance.path !== null) visit(instance.path, instance);
    }
  }

  #openWorker(path: CimInstancePath, destination: CimInstance): DestinationWorker {
    const key = shortName(path);
    return new DestinationWorker(destination.getString('Name') ?? '', destination.getString('Destination') ?? '', {
      deliver: this.#deliver,
      log: this.#log,
      timeout: this.#limits.deliveryTimeout,
      retry: () => {
        const { deliveryRetryAttempts: attempts, deliveryRetryInterval: interval } = this.#settings.current;
        return { attempts, interval: interval * 1000 };
      },
      wanted: (subscription) => this.#live.isActive(subscription),
      settled: (item, outcome) => this.#settled(key, item, outcome),
    });
  }

  wants(namespace: string, className: string): boolean {
    return !this.#closed && this.#live.routes(namespace, className).length > 0;
  }

  publish(namespace: string, indication: CimInstance, tx: StoreTransaction | null): void {
    try {
      if (this.#closed) return;
      const candidates = this.#live.routes(namespace, indication.className);
      if (candidates.length === 0) return;
      const complete = this.#complete(indication);
      const routes = candidates.filter((route) => this.#passes(route, complete));
      if (routes.length === 0) return;
      if (tx === null) this.#later(this.#store.transaction((own) => this.#enqueue(own, routes, complete)));
      else this.#enqueue(tx, routes, complete);
    } catch (error) {
      this.#log.error('indication lost', { class: indication.className, error: messageOf(error) });
    }
  }

  #complete(indication: CimInstance): CimInstance {
    const facts: Record<string, CimValue> = {};
    const lacks = (name: string): boolean =>
      indication.shape.indexOf(name) >= 0 && (indication.get(name) ?? null) === null;
    if (lacks('IndicationIdentifier')) facts['IndicationIdentifier'] = `TVDC:${this.#randomness.uuid()}`;
    if (lacks('IndicationTime')) facts['IndicationTime'] = CimDateTime.fromUnix(this.#clock.now());
    return indication.with(facts);
  }

  #passes(route: Route, indication: CimInstance): boolean {
    const { id, owner } = route.subscription;
    if (!this.#live.isActive(id)) {
      this.#removeExpired();
      return false;
    }
    return route.test(indication) && this.#authorizer.deliver(owner, indication);
  }

  #enqueue(tx: StoreTransaction, routes: readonly Route[], indication: CimInstance): void {
    for (const { subscription, filterName, destination, cut } of routes) {
      const queued = this.#outbox.put(tx, destination.key, { id: subscription.id, filterName }, cut(indication));
      if (queued === null) {
        destination.worker.lost++;
        this.#log.warn('indication dropped: the queue is full', { destination: destination.worker.name });
      } else {
        tx.afterCommit(() => destination.worker.push(queued));
      }
    }
  }

  #later(write: Promise<unknown>): void {
    const watched = write
      .catch((error: unknown) => this.#log.error('the outbox failed', { error: messageOf(error) }))
      .finally(() => this.#pending.delete(watched));
    this.#pending.add(watched);
  }

  #settled(key: string, item: QueuedIndication, outcome: DeliveryOutcome): void {
    const failedAt = outcome === 'failed' ? this.#clock.now() : null;
    const removed = this.#outbox.remove(key, item.sequence, { failedAt });
    this.#later(outcome === 'failed' ? removed.then(() => this.#applyFailurePolicy(key)) : removed);
  }

  /** What the subscriptions of a destination that fails, or the service, say about that. */
  async #applyFailurePolicy(key: string): Promise<void> {
    const since = this.#outbox.failingSince(key);
    if (since === null) return;
    const failing = this.#clock.now() - since;
    const { subscriptionRemovalAction, subscriptionRemovalTimeInterval } = this.#settings.current;
    for (const live of this.#live.ofDestination(key)) {
      await this.#exclusively(async () => {
        const subscription = this.#space.getInstance(live.path);
        if (subscription === undefined) return;
        const own = failurePolicy(subscription);
        const { policy, after } = own ?? servicePolicy(subscriptionRemovalAction, subscriptionRemovalTimeInterval);
        if (policy === 'ignore' || failing < after) return;
        this.#log.warn(`subscription ${policy}d: its destination fails`, { owner: live.owner, id: live.id });
        if (policy === 'remove') await this.#remove(live.path);
        else await this.#disable(subscription);
      });
    }
  }

  #work(): ChangeWork {
    return subscriptionClass(this.#parts).work(systemCaller);
  }

  async #remove(path: CimInstancePath): Promise<void> {
    await this.#space.deleteInstance(path, this.#work());
  }

  async #disable(subscription: CimInstance): Promise<void> {
    const changed = subscription.with({
      SubscriptionState: subscriptionStates.disabled,
      TimeOfLastStateChange: CimDateTime.fromUnix(this.#clock.now()),
    });
    await this.#space.modifyInstance(changed, ['SubscriptionState', 'TimeOfLastStateChange'], this.#work());
  }

  #removeExpired(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    const sweep = this.#exclusively(async () => {
      for (const { path } of this.#live.expired()) await this.#remove(path);
    });
    this.#later(sweep.finally(() => (this.#sweeping = false)));
  }

  ownerOf(path: CimInstancePath): string | undefined {
    // The references in the keys of a subscription stand in the repository as they were written.
    const known = this.#space.getInstance({ ...path, namespace: null })?.path;
    return known === undefined || known === null ? undefined : this.#outbox.owner(shortName(known));
  }

  statistics(): readonly DestinationReport[] {
    return this.#live.destinations.map(({ worker }) => ({
      name: worker.name,
      url: worker.url,
      waiting: worker.waiting,
      delivered: worker.delivered,
      failures: worker.failures,
      lost: worker.lost,
    }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#live.destinations.map(({ worker }) => worker.close()));
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }
}

/**
 * Opens the subscriptions of a host and goes on with what waited in its outbox (DSP1054).
 * @throws TvdcError `no_interop_namespace` @throws StoreError
 */
export async function createSubscriptions(options: SubscriptionsOptions): Promise<Subscriptions> {
  const subscriptions = new StoredSubscriptions(options);
  await subscriptions.load();
  return subscriptions;
}
