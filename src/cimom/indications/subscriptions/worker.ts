import { type Log, messageOf, nextTurn, TvdcError } from '../../../base/index.js';
import type { DeliveryPort } from './options.js';
import type { QueuedIndication } from './outbox.js';

/** How an indication left the queue: taken by the listener, given up after the last attempt, or no longer wanted. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'unwanted';

export interface WorkerParts {
  readonly deliver: DeliveryPort;
  readonly log: Log;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  /** Attempts after the first, and milliseconds between two; asked for before each. */
  readonly retry: () => { readonly attempts: number; readonly interval: number };
  /** Whether the subscription is still there and enabled. */
  readonly wanted: (subscription: string) => boolean;
  /** Told of each indication as it leaves the queue. */
  readonly settled: (item: QueuedIndication, outcome: DeliveryOutcome) => void;
}

/** Delivers to one destination, one at a time and in order; others do not wait for it. */
export class DestinationWorker {
  readonly name: string;
  readonly #parts: WorkerParts;
  readonly #controller = new AbortController();
  #queue: QueuedIndication[] = [];
  #running: Promise<void> | null = null;
  #closing = false;
  delivered = 0;
  failures = 0;
  lost = 0;
  url: string;

  constructor(name: string, url: string, parts: WorkerParts) {
    this.name = name;
    this.url = url;
    this.#parts = parts;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  push(...items: readonly QueuedIndication[]): void {
    // Nothing to do would end at once, before it is known to run, and nothing would ever run again.
    if (this.#closing || items.length === 0) return;
    for (const item of items) this.#queue.push(item);
    this.#running ??= this.#run();
  }

  /** Ends the attempt in progress; what waits is forgotten here, not in the store. */
  async close(): Promise<void> {
    this.#closing = true;
    // What the listener has just taken must not go out again after a restart.
    await nextTurn();
    this.#controller.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const item = this.#queue[0];
      if (item === undefined || this.#closing) break;
      const outcome = await this.#settle(item);
      if (outcome === null) break;
      this.#queue.shift();
      if (outcome === 'delivered') this.delivered++;
      else this.lost++;
      this.#parts.settled(item, outcome);
    }
    this.#running = null;
  }

  /** @returns null where `close()` came before the end */
  async #settle(item: QueuedIndication): Promise<DeliveryOutcome | null> {
    for (let attempt = 0; !this.#closing; attempt++) {
      if (!this.#parts.wanted(item.subscription)) return 'unwanted';
      try {
        await this.#attempt(item);
        return 'delivered';
      } catch (error) {
        if (this.#controller.signal.aborted) return null;
        this.failures++;
        const { attempts, interval } = this.#parts.retry();
        const last = attempt >= attempts;
        const facts = {
          destination: this.name,
          sequence: item.sequence,
          attempt: attempt + 1,
          error: messageOf(error),
        };
        this.#parts.log.warn(last ? 'indication given up' : 'indication not delivered', facts);
        if (last) return 'failed';
        await this.#pause(interval);
      }
    }
    return null;
  }

  #attempt(item: QueuedIndication): Promise<void> {
    const { deliver, timeout } = this.#parts;
    const outer = this.#controller.signal;
    const own = new AbortController();
    return new Promise<void>((resolve, reject) => {
      const settle = (error: unknown): void => {
        clearTimeout(timer);
        outer.removeEventListener('abort', onClose);
        if (error === null) resolve();
        else reject(error instanceof Error ? error : new TvdcError('delivery_failed', messageOf(error)));
      };
      const end = (error: Error): void => {
        settle(error);
        own.abort(error);
      };
      const onClose = (): void => end(new TvdcError('closed', 'delivery was ended'));
      const timer = setTimeout(() => end(new TvdcError('timeout', `no answer within ${timeout} ms`)), timeout);
      outer.addEventListener('abort', onClose, { once: true });
      // A port that throws, or that ignores its signal, holds up nobody.
      new Promise<void>((done) => done(deliver(this.url, item.indication, own.signal))).then(
        () => settle(null),
        (error: unknown) => settle(error ?? new TvdcError('delivery_failed', 'the delivery failed')),
      );
    });
  }

  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#controller;
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end, { once: true });
    });
  }
}
