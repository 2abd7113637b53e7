import type { CimInstance } from '../../cim/model/index.js';
import type { StoreTransaction } from '../../store/index.js';

/** Where indications go once they happened: subscriptions stand behind it. */
export interface IndicationSink {
  /**
   * Takes an indication; never waits, never throws.
   * @param tx the transaction of the change that the indication tells of: what is written in it is durable with the
   *   change, and nothing may be delivered before its commit (`tx.afterCommit`). Null: it happened already.
   */
  publish(namespace: string, indication: CimInstance, tx: StoreTransaction | null): void;
  /** Whether anybody subscribed to indications of that class or one below it: the others are not even made. */
  wants(namespace: string, className: string): boolean;
}

/** Wants none. */
export const noIndications: IndicationSink = { publish: () => undefined, wants: () => false };
