import type { CimInstance } from '../../cim/model/index.js';

/**
 * Where indications go once they happened: subscriptions stand behind it. Publishing never waits and never throws; a
 * sink that keeps a journal has written it in the transaction of the change.
 */
export interface IndicationSink {
  publish(namespace: string, indication: CimInstance): void;
  /** Whether anybody could want indications of that class: the object manager then saves itself making them. */
  wants?(namespace: string, className: string): boolean;
}

/** Wants none. */
export const noIndications: IndicationSink = { publish: () => undefined, wants: () => false };
