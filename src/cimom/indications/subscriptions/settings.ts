import type { Store } from '../../../store/index.js';
import { area, settingsKey } from './keys.js';

/** What CIM_IndicationService shows and lets change; intervals in seconds. */
export interface IndicationSettings {
  readonly filterCreationEnabled: boolean;
  /** Attempts after the first. */
  readonly deliveryRetryAttempts: number;
  readonly deliveryRetryInterval: number;
  /** What happens to subscriptions that cannot be served: 2 Remove, 3 Disable, 4 Ignore. */
  readonly subscriptionRemovalAction: number;
  /** How long a destination has to fail until that happens. */
  readonly subscriptionRemovalTimeInterval: number;
}

export const defaultIndicationSettings: IndicationSettings = {
  filterCreationEnabled: true,
  deliveryRetryAttempts: 3,
  deliveryRetryInterval: 20,
  subscriptionRemovalAction: 2,
  subscriptionRemovalTimeInterval: 2_592_000,
};

/** The indication service as the interop model shows it. */
export interface IndicationService {
  settings(): IndicationSettings;
  /** Resolves when the change is durable. */
  change(settings: Partial<IndicationSettings>): Promise<void>;
  readonly maxDestinations: number;
  readonly maxSubscriptions: number;
}

/** Settings kept in the store, over those that the host was started with. */
export class StoredSettings {
  readonly #store: Store;
  #current: IndicationSettings;

  constructor(store: Store, initial: Partial<IndicationSettings>) {
    this.#store = store;
    const stored = store.get(area, settingsKey);
    const kept = typeof stored === 'string' ? (JSON.parse(stored) as Partial<IndicationSettings>) : {};
    this.#current = { ...defaultIndicationSettings, ...initial, ...kept };
  }

  get current(): IndicationSettings {
    return this.#current;
  }

  async change(settings: Partial<IndicationSettings>): Promise<void> {
    await this.#store.transaction((tx) => {
      const next = { ...this.#current, ...settings };
      tx.put(area, settingsKey, JSON.stringify(next));
      tx.afterCommit(() => {
        this.#current = next;
      });
    });
  }
}
