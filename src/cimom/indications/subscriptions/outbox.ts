import { TvdcError } from '../../../base/index.js';
import { decodeCimXml, toCimXml } from '../../../cim/codec/index.js';
import type { CimInstance, CimValue } from '../../../cim/model/index.js';
import {
  deletePrefix,
  prefixEnd,
  type Store,
  type StoreReader,
  type StoreTransaction,
  type StoreValue,
} from '../../../store/index.js';
import { area, destinationKey, ownerKey, queueKey, queuePrefix, subscriptionKey } from './keys.js';

/** An indication on its way to one destination. */
export interface QueuedIndication {
  /** Identifier of the subscription that let it pass. */
  readonly subscription: string;
  readonly sequence: number;
  /** As it goes out. */
  readonly indication: CimInstance;
}

/** What is kept of a destination beside its instance. */
interface DestinationRecord {
  /** Series to which the sequence numbers belong. */
  readonly context: string;
  readonly next: number;
  readonly waiting: number;
  /** Milliseconds since 1970; null: the last delivery succeeded. */
  readonly failingSince: number | null;
}

/** What is kept of a subscription beside its instance. */
export interface SubscriptionRecord {
  /** Never the same again, also where a subscription of the same name is made anew. */
  readonly id: string;
  readonly owner: string;
}

type StoredIndication = readonly [subscription: string, xml: string];

function parse(value: StoreValue): unknown {
  if (typeof value !== 'string') throw new TvdcError('damaged', 'an entry of the outbox is not text');
  return JSON.parse(value);
}

const pageSize = 256;

function stamped(indication: CimInstance, facts: Readonly<Record<string, CimValue>>): CimInstance {
  // A schema of others may have an older CIM_Indication.
  const known = Object.entries(facts).filter(([name]) => indication.shape.indexOf(name) >= 0);
  return indication.with(Object.fromEntries(known));
}

/** null: the entry cannot be read. */
function toItem(sequence: number, value: StoreValue): QueuedIndication | null {
  try {
    const [subscription, xml] = parse(value) as StoredIndication;
    const indication = decodeCimXml(xml);
    if (!('kind' in indication) || indication.kind !== 'instance') return null;
    return { subscription, sequence, indication };
  } catch {
    return null;
  }
}

/** Indications that wait in the store: written before the first attempt, removed when delivered or given up. */
export class Outbox {
  readonly #store: Store;
  readonly #queueLength: number;

  constructor(store: Store, queueLength: number) {
    this.#store = store;
    this.#queueLength = queueLength;
  }

  #record(reader: StoreReader, destination: string): DestinationRecord | undefined {
    const value = reader.get(area, destinationKey(destination));
    return value === undefined ? undefined : (parse(value) as DestinationRecord);
  }

  #putRecord(tx: StoreTransaction, destination: string, record: DestinationRecord): void {
    tx.put(area, destinationKey(destination), JSON.stringify(record));
  }

  /** Begins the series of a new destination. */
  open(tx: StoreTransaction, destination: string, context: string): void {
    this.#putRecord(tx, destination, { context, next: 0, waiting: 0, failingSince: null });
  }

  /** Forgets a destination and what waits for it. */
  close(tx: StoreTransaction, destination: string): void {
    deletePrefix(tx, area, queuePrefix(destination));
    tx.delete(area, destinationKey(destination));
  }

  /**
   * Numbers an indication and writes it down.
   * @returns null where the queue is full: the number is used up, so that the listener sees the gap
   */
  put(
    tx: StoreTransaction,
    destination: string,
    subscription: { readonly id: string; readonly filterName: string },
    indication: CimInstance,
  ): QueuedIndication | null {
    const record = this.#record(tx, destination);
    if (record === undefined) throw new TvdcError('no_destination', `destination ${destination} has no series`);
    const { context, next, waiting } = record;
    const full = waiting >= this.#queueLength;
    this.#putRecord(tx, destination, { ...record, next: next + 1, waiting: full ? waiting : waiting + 1 });
    if (full) return null;
    const facts = {
      IndicationFilterName: subscription.filterName,
      SequenceContext: context,
      SequenceNumber: BigInt(next),
    };
    const outgoing = stamped(indication, facts).withPath(null);
    const stored: StoredIndication = [subscription.id, toCimXml(outgoing)];
    tx.put(area, queueKey(destination, next), JSON.stringify(stored));
    return { subscription: subscription.id, sequence: next, indication: outgoing };
  }

  /** Takes an indication out. @param outcome.failedAt when it was given up; null: the listener works */
  async remove(destination: string, sequence: number, outcome: { readonly failedAt: number | null }): Promise<void> {
    await this.#store.transaction((tx) => {
      const there = tx.delete(area, queueKey(destination, sequence));
      const record = this.#record(tx, destination);
      if (record === undefined) return;
      const failingSince = outcome.failedAt === null ? null : (record.failingSince ?? outcome.failedAt);
      const waiting = there ? Math.max(0, record.waiting - 1) : record.waiting;
      if (there || failingSince !== record.failingSince) {
        this.#putRecord(tx, destination, { ...record, waiting, failingSince });
      }
    });
  }

  /** Since when every delivery to the destination has failed, in milliseconds since 1970; null: it works. */
  failingSince(destination: string): number | null {
    return this.#record(this.#store, destination)?.failingSince ?? null;
  }

  /** What waited when the process ended, in order, and the numbers of entries that cannot be read any more. */
  waiting(destination: string): { readonly items: readonly QueuedIndication[]; readonly damaged: readonly number[] } {
    const prefix = queuePrefix(destination);
    const items: QueuedIndication[] = [];
    const damaged: number[] = [];
    for (let from = prefix; ; ) {
      const page = this.#store.range(area, from, prefixEnd(prefix), pageSize);
      for (const { key, value } of page) {
        const sequence = Number(key.slice(prefix.length));
        const item = toItem(sequence, value);
        if (item === null) damaged.push(sequence);
        else items.push(item);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) return { items, damaged };
      from = `${last.key}\u0000`;
    }
  }

  putSubscription(tx: StoreTransaction, subscription: string, record: SubscriptionRecord): void {
    tx.put(area, subscriptionKey(subscription), JSON.stringify(record));
  }

  deleteSubscription(tx: StoreTransaction, subscription: string): void {
    tx.delete(area, subscriptionKey(subscription));
  }

  /** Who made a filter or destination; null: it is deleted. */
  putOwner(tx: StoreTransaction, element: string, owner: string | null): void {
    if (owner === null) tx.delete(area, ownerKey(element));
    else tx.put(area, ownerKey(element), JSON.stringify(owner));
  }

  owner(element: string): string | undefined {
    const value = this.#store.get(area, ownerKey(element));
    return value === undefined ? this.subscription(this.#store, element)?.owner : (parse(value) as string);
  }

  subscription(reader: StoreReader, subscription: string): SubscriptionRecord | undefined {
    const value = reader.get(area, subscriptionKey(subscription));
    return value === undefined ? undefined : (parse(value) as SubscriptionRecord);
  }
}
