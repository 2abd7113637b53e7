import { hkdfSync } from 'node:crypto';
import { hash, hmac } from '../../base/index.js';
import {
  prefixEnd,
  type Store,
  type StoreEntry,
  type StoreReader,
  type StoreTransaction,
  type StoreValue,
} from '../../store/index.js';
import { VtpmError } from '../errors.js';
import { type Sealer, sequenceOf } from './sealer.js';

const area = 'vtpm';
const summaryKey = 'summary';
const pageSize = 500;

/** Rows of the store that the summary covers: the index of instances, and the number of each state at rest. */
export const protectedPrefixes = ['instance/', 'migration/', 'offer/', 'revocation/', 'sequence/'] as const;

/**
 * Rows that nobody changes, removes or takes back behind our back: one sealed summary covers them all and is written in the
 * transaction of every change. The summary carries the number of the epoch, which a counter outside of the store confirms.
 *
 * The summary is the exclusive-or of a keyed digest of every row, so a change costs two digests however many rows there are;
 * it is encrypted, so that no digest of a row can be learnt from the difference of two summaries.
 */
export class ProtectedRows {
  readonly #store: Store;
  readonly #sealer: Sealer;
  readonly #key: Uint8Array;
  /** Told of every change, when it is on disk. */
  onChange: () => void = () => undefined;

  constructor(store: Store, sealer: Sealer, key: Uint8Array) {
    this.#store = store;
    this.#sealer = sealer;
    this.#key = new Uint8Array(hkdfSync('sha256', key, '', 'tvdc-vtpm-rows-1', 32));
  }

  /** Of the summary as it stands in the store; null before the first one. */
  epoch(reader: StoreReader = this.#store): number | null {
    const sealed = reader.get(area, summaryKey);
    return sealed instanceof Uint8Array ? sequenceOf(sealed) : null;
  }

  get(key: string): StoreValue | undefined {
    return this.#store.get(area, key);
  }

  /** All rows with a prefix. */
  *list(prefix: (typeof protectedPrefixes)[number], reader: StoreReader = this.#store): Iterable<StoreEntry> {
    for (let from: string = prefix; ; ) {
      const entries = reader.range(area, from, prefixEnd(prefix), pageSize);
      yield* entries;
      const last = entries.at(-1);
      if (last === undefined || entries.length < pageSize) return;
      from = `${last.key}\0`;
    }
  }

  put(tx: StoreTransaction, key: string, value: StoreValue): void {
    this.#change(tx, key, value);
    tx.put(area, key, value);
  }

  delete(tx: StoreTransaction, key: string): void {
    if (tx.get(area, key) === undefined) return;
    this.#change(tx, key, null);
    tx.delete(area, key);
  }

  /** Goes on to another epoch: summaries of earlier ones are old from now on. */
  enter(tx: StoreTransaction, epoch: number): void {
    this.#write(tx, epoch, this.#read(tx));
  }

  /** Whether the rows are those that the summary covers. @throws VtpmError `vtpm_state_invalid` for a summary of somebody else */
  isIntact(): boolean {
    return this.epoch() !== null && Buffer.compare(this.#read(this.#store), this.#digestOfAll(this.#store)) === 0;
  }

  /** Takes the rows as they are; only where that is meant. */
  adopt(tx: StoreTransaction, epoch: number): void {
    this.#write(tx, epoch, this.#digestOfAll(tx));
  }

  #digestOfAll(reader: StoreReader): Uint8Array {
    const all = new Uint8Array(32);
    for (const prefix of protectedPrefixes) {
      for (const { key, value } of this.list(prefix, reader)) this.#mix(all, key, value);
    }
    return all;
  }

  #change(tx: StoreTransaction, key: string, value: StoreValue | null): void {
    const epoch = this.epoch(tx);
    if (epoch === null) throw new VtpmError('vtpm_state_invalid', 'the index of virtual TPMs has no summary');
    const summary = this.#read(tx);
    const before = tx.get(area, key);
    if (before !== undefined) this.#mix(summary, key, before);
    if (value !== null) this.#mix(summary, key, value);
    this.#write(tx, epoch, summary);
    tx.afterCommit(() => {
      this.onChange();
    });
  }

  #mix(summary: Uint8Array, key: string, value: StoreValue): void {
    const digest = hash('sha256', typeof value === 'string' ? Buffer.from(value, 'utf8') : value);
    const row = hmac('sha256', this.#key, Buffer.concat([Buffer.from(`${key}\0`, 'utf8'), digest]));
    for (let at = 0; at < summary.length; at++) summary[at] = (summary[at] as number) ^ (row[at] as number);
  }

  #read(reader: StoreReader): Uint8Array {
    const sealed = reader.get(area, summaryKey);
    if (!(sealed instanceof Uint8Array)) {
      throw new VtpmError('vtpm_state_invalid', 'the index of virtual TPMs has no summary');
    }
    return this.#sealer.open(summaryKey, sequenceOf(sealed) ?? 0, sealed);
  }

  #write(tx: StoreTransaction, epoch: number, summary: Uint8Array): void {
    tx.put(area, summaryKey, this.#sealer.seal(summaryKey, epoch, summary));
  }
}
