import type { Clock, Randomness } from '../../../base/index.js';
import type { CimInstance, CimInstancePath } from '../../../cim/model/index.js';
import type { Namespaces } from '../../namespaces.js';
import type { NamespaceRepository } from '../../repository/index.js';
import type { RepositoryWork } from '../repository-work.js';
import type { LiveSubscriptions } from './live.js';
import type { SubscriptionLimits, SubscriptionsOptions } from './options.js';
import type { Outbox } from './outbox.js';
import type { StoredSettings } from './settings.js';
import type { DestinationWorker } from './worker.js';

/** What the rules of filters, destinations and subscriptions work with. */
export interface SubscriptionParts {
  readonly systemName: string;
  /** `root/interop`. */
  readonly space: NamespaceRepository;
  readonly namespaces: Namespaces;
  readonly live: LiveSubscriptions;
  readonly outbox: Outbox;
  readonly limits: SubscriptionLimits;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly allowDestination: SubscriptionsOptions['allowDestination'];
  readonly settings: StoredSettings;
  /** Journal and life-cycle indications of a change. */
  readonly recorded: RepositoryWork;
  readonly openWorker: (path: CimInstancePath, destination: CimInstance) => DestinationWorker;
}
