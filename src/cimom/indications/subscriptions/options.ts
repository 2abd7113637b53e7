import type { Clock, Log, Randomness } from '../../../base/index.js';
import type { CimInstance, CimInstancePath } from '../../../cim/model/index.js';
import type { Journal, Store } from '../../../store/index.js';
import type { Provider } from '../../provider/index.js';
import type { Repository } from '../../repository/index.js';
import type { Authorizer } from '../../security/index.js';
import type { IndicationSink } from '../sink.js';
import type { IndicationService, IndicationSettings } from './settings.js';

/**
 * Brings one indication to a listener: resolves when the listener has taken it, rejects when it has not.
 * @param destinationUrl `http` or `https`, as the destination says
 * @param signal ends with the time for the delivery and with `close()`
 */
export type DeliveryPort = (destinationUrl: string, indication: CimInstance, signal: AbortSignal) => Promise<void>;

/** What is bounded; times in milliseconds. */
export interface SubscriptionLimits {
  /** Time for one attempt to deliver. */
  readonly deliveryTimeout: number;
  /** Indications that wait for one destination; what comes beyond is dropped, and the gap in SequenceNumber tells. */
  readonly queueLength: number;
  readonly destinations: number;
  readonly subscriptions: number;
}

export const defaultSubscriptionLimits: SubscriptionLimits = {
  deliveryTimeout: 15_000,
  queueLength: 5_000,
  destinations: 1_000,
  subscriptions: 5_000,
};

export interface SubscriptionsOptions {
  /** Has the namespace `root/interop` with the indication classes. */
  readonly repository: Repository;
  /** The store under the repository; the outbox lives in its area `outbox`. */
  readonly store: Store;
  readonly authorizer: Authorizer;
  readonly deliver: DeliveryPort;
  /** SystemName of what clients create without one: the same as CIM_ObjectManager.SystemName. */
  readonly systemName: string;
  /** Whether indications of that user may go there; left out: anywhere. */
  readonly allowDestination?: (url: string, user: string) => boolean;
  /** Gets an entry for every filter, destination and subscription that is created, changed or deleted. */
  readonly journal?: Journal;
  /** Settings of the service until somebody changes them. */
  readonly settings?: Partial<IndicationSettings>;
  readonly limits?: Partial<SubscriptionLimits>;
  readonly clock?: Clock;
  readonly randomness?: Randomness;
  readonly log?: Log;
}

/** What became of the indications for one destination since the start. */
export interface DestinationReport {
  readonly name: string;
  readonly url: string;
  readonly waiting: number;
  readonly delivered: number;
  /** Attempts that failed. */
  readonly failures: number;
  /** Given up after the last attempt, or dropped because the queue was full or the subscription gone. */
  readonly lost: number;
}

/** The subscriptions of an object manager: a sink for its indications, and the providers that clients manage it by. */
export interface Subscriptions extends IndicationSink {
  /** For `root/interop`: filters, destinations, subscriptions. */
  readonly providers: readonly Provider[];
  /** For `interopProviders`. */
  readonly service: IndicationService;
  /** Who made a filter, destination or subscription; undefined: not known. */
  ownerOf(path: CimInstancePath): string | undefined;
  statistics(): readonly DestinationReport[];
  /** Stops delivering; what waits stays in the store. */
  close(): Promise<void>;
}
