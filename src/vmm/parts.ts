import type { ReferenceMonitor } from '../acm/index.js';
import type { Clock, KeyedLock, Log, Randomness } from '../base/index.js';
import type { Journal, Store } from '../store/index.js';
import type { VtpmInstances } from '../vtpm/index.js';
import type { GuestBoot } from './boot/index.js';
import type { DenialLimit } from './denial-limit.js';
import type { HostEvents } from './events.js';
import type { HypervisorDriver } from './hypervisor/index.js';
import type { HostIdentity, Inventory } from './inventory/index.js';
import type { NetworkDriver } from './network/index.js';
import type { StorageDriver } from './storage/index.js';

/** What the use cases of a virtualized host are made of. */
export interface HostParts {
  readonly identity: HostIdentity;
  readonly store: Store;
  readonly inventory: Inventory;
  readonly journal: Journal;
  readonly monitor: ReferenceMonitor;
  readonly hypervisor: HypervisorDriver;
  readonly network: NetworkDriver;
  readonly storage: StorageDriver;
  readonly vtpms: VtpmInstances;
  readonly boot: GuestBoot;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** One transition at a time for each VM. */
  readonly locks: KeyedLock;
  readonly events: HostEvents;
  /** Which denials are recorded, and which only counted. */
  readonly denials: DenialLimit;
  /** Virtual machines (UUIDs) whose guests were asked to shut down and have not yet. */
  readonly ending: Set<string>;
}
