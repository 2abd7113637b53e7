import type { CimInstance } from '../../../src/cim/model/index.js';
import type { DeliveryPort } from '../../../src/cimom/indications/subscriptions/index.js';

export interface Received {
  readonly url: string;
  readonly indication: CimInstance;
}

/** Listeners at any address, in process. */
export class Listeners {
  readonly received: Received[] = [];
  /** Attempts, refused ones too. */
  readonly attempts: Received[] = [];
  /** Refuses a delivery by throwing, or holds it up; the default takes everything. */
  behave: (url: string, attempt: number, signal: AbortSignal) => Promise<void> = async () => undefined;
  #waiting: (() => void)[] = [];

  readonly deliver: DeliveryPort = async (url, indication, signal) => {
    this.attempts.push({ url, indication });
    await this.behave(url, this.attempts.length, signal);
    this.received.push({ url, indication });
    for (const check of this.#waiting) check();
  };

  /** The first `count` deliveries, as soon as they are there. */
  async take(count: number): Promise<readonly Received[]> {
    if (this.received.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(() => {
          if (this.received.length >= count) resolve();
        });
      });
    }
    return this.received;
  }

  numbers(url?: string): readonly (bigint | number)[] {
    return this.received
      .filter((one) => url === undefined || one.url === url)
      .map(({ indication }) => indication.getNumber('Number') ?? -1);
  }
}
