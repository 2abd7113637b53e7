import { createTimeSlice } from '../../base/index.js';
import { type CimClass, type CimInstance, type InstanceShape, shapeOf } from '../../cim/model/index.js';
import {
  compareKeys,
  prefixEnd,
  type Store,
  StoreError,
  type StoreReader,
  type StoreTransaction,
} from '../../store/index.js';
import { bytesOf, type InstanceCache } from './instance-cache.js';
import { type Json, parseStored } from './json.js';
import { area, instanceKey, instancePrefix, layoutKey, layoutPrefix } from './keys.js';
import { encodeInstance, type Layout, LayoutReader, layoutFields, sameFields } from './layout.js';
import { Resident, residentBatch, type ResidentRun } from './resident.js';
import type { EmbeddedShapes } from './value-codec.js';

interface Counting {
  /** Text of the last instance counted. */
  at: string;
  count: number;
}

interface Parts {
  readonly store: Store;
  readonly cache: InstanceCache;
  readonly id: string;
  /** Namespace as paths show it. */
  readonly namespace: string;
  readonly shapes: EmbeddedShapes;
}

/** The stored instances of exactly one class. `text` is a path's key text, `cls` the resolved class of the moment. */
export class Population {
  readonly #parts: Parts;
  readonly #layouts: Layout[] = [];
  readonly #layoutFor = new WeakMap<InstanceShape, number>();
  #readers = new Map<number, LayoutReader>();
  #readersFor: CimClass | null = null;
  #count: number | null = null;
  readonly #counting = new Set<Counting>();
  #changes = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  has(reader: StoreReader): boolean {
    const { id, store, cache } = this.#parts;
    // Only what is committed is in memory.
    if (reader === store && cache.residents.get(id)?.isEmpty === false) return true;
    const prefix = instancePrefix(id);
    return reader.range(area, prefix, prefixEnd(prefix), 1).length > 0;
  }

  /** From memory or disk, as committed. */
  get(cls: CimClass, text: string): CimInstance | undefined {
    const { cache, store, id } = this.#parts;
    const key = instanceKey(id, text);
    const known = this.#known(key, text);
    if (known !== undefined) return known;
    const value = store.get(area, key);
    if (value === undefined) return undefined;
    const instance = this.#decode(store, cls, value as string);
    if (cache.misses.again(key)) cache.instances.set(key, instance, bytesOf(value as string));
    return instance;
  }

  #known(key: string, text: string): CimInstance | undefined {
    const { cache, id } = this.#parts;
    return cache.instances.get(key) ?? cache.residents.get(id)?.find(text);
  }

  /** As the transaction sees it. */
  read(tx: StoreTransaction, cls: CimClass, text: string): CimInstance | undefined {
    const key = instanceKey(this.#parts.id, text);
    if (!tx.wrote(area, key)) {
      const known = this.#known(key, text);
      // The class may have changed since the caller looked it up.
      if (known !== undefined && known.shape === shapeOf(cls)) return known;
    }
    const value = tx.get(area, key);
    return value === undefined ? undefined : this.#decode(tx, cls, value as string);
  }

  exists(tx: StoreReader, text: string): boolean {
    return tx.get(area, instanceKey(this.#parts.id, text)) !== undefined;
  }

  /** @param created whether there was none before */
  put(tx: StoreTransaction, cls: CimClass, text: string, instance: CimInstance, created: boolean): void {
    const key = instanceKey(this.#parts.id, text);
    const stored = encodeInstance(instance, this.#layoutOf(tx, instance.shape));
    tx.put(area, key, stored);
    tx.afterCommit(() => {
      this.#counted(text, created ? 1 : 0);
      const { cache, store, id } = this.#parts;
      const resident = cache.residents.get(id);
      const cached = cache.instances.get(key) !== undefined;
      if (resident === undefined && !cached) return;
      // Read back from our own text: what was given may hold on to the text of a whole request.
      const fresh = this.#decode(store, cls, stored);
      const bytes = bytesOf(stored);
      if (cached) cache.instances.set(key, fresh, bytes);
      if (resident === undefined) return;
      resident.apply(text, fresh, bytes);
      cache.residents.set(id, resident, resident.bytes);
    });
  }

  delete(tx: StoreTransaction, text: string): boolean {
    const { cache, id } = this.#parts;
    const key = instanceKey(id, text);
    if (!tx.delete(area, key)) return false;
    tx.afterCommit(() => {
      this.#counted(text, -1);
      cache.instances.delete(key);
      cache.residents.get(id)?.apply(text, null, 0);
    });
    return true;
  }

  #counted(text: string, difference: number): void {
    this.#changes++;
    if (difference === 0) return;
    if (this.#count !== null) this.#count += difference;
    for (const counting of this.#counting) if (compareKeys(text, counting.at) <= 0) counting.count += difference;
  }

  /** Counted once, a slice of the event loop at a time, and kept up to date from then on. */
  async count(): Promise<number> {
    if (this.#count !== null) return this.#count;
    const { store, id } = this.#parts;
    const slice = createTimeSlice();
    const prefix = instancePrefix(id);
    const counting: Counting = { at: '', count: 0 };
    this.#counting.add(counting);
    try {
      for (let from = prefix; ; ) {
        const page = store.range(area, from, prefixEnd(prefix), 1000);
        const last = page.at(-1);
        counting.count += page.length;
        if (last !== undefined) counting.at = last.key.slice(prefix.length);
        if (last === undefined || page.length < 1000) break;
        from = `${last.key}\u0000`;
        await slice.pause();
      }
      this.#count = counting.count;
      return counting.count;
    } finally {
      this.#counting.delete(counting);
    }
  }

  async *walk(current: () => CimClass | undefined, batchSize: number): AsyncGenerator<readonly CimInstance[], void> {
    const slice = createTimeSlice();
    const resident = batchSize === residentBatch ? this.#parts.cache.residents.get(this.#parts.id) : undefined;
    if (resident === undefined) {
      yield* this.#pages(current, batchSize);
      return;
    }
    for (const batch of resident.batches()) {
      await slice.pause();
      yield batch;
    }
  }

  async *#pages(current: () => CimClass | undefined, batchSize: number): AsyncGenerator<readonly CimInstance[], void> {
    const { store, id, cache } = this.#parts;
    const slice = createTimeSlice();
    const prefix = instancePrefix(id);
    const begun = this.#changes;
    const begunWith = current();
    const runs: ResidentRun[] = [];
    let collecting = batchSize === residentBatch;
    let total = 0;
    for (let from = prefix; ; ) {
      const cls = current();
      if (cls === undefined) return;
      const page = store.range(area, from, prefixEnd(prefix), batchSize);
      const last = page.at(-1);
      if (last === undefined) break;
      const batch = page.map(({ key, value }) => cache.instances.get(key) ?? this.#decode(store, cls, value as string));
      if (collecting) {
        const bytes = page.reduce((sum, { value }) => sum + bytesOf(value as string), 0);
        total += bytes;
        const texts = page.map(({ key }) => key.slice(prefix.length));
        runs.push({ texts, instances: batch, bytes });
        collecting = total <= cache.residentLimit;
        if (!collecting) runs.length = 0;
      }
      yield batch;
      if (page.length < batchSize) break;
      from = `${last.key}\u0000`;
      await slice.pause();
    }
    // Only a walk that nothing disturbed has seen one state of the class.
    if (collecting && this.#changes === begun && current() === begunWith) {
      cache.residents.set(id, new Resident(runs), total);
    }
  }

  #layoutOf(tx: StoreTransaction, shape: InstanceShape): number {
    const usual = this.#layoutFor.get(shape);
    if (usual !== undefined) return usual;
    const fields = layoutFields(shape);
    const matches = (layout: Layout): boolean => sameFields(layout.fields, fields);
    const known = this.#layouts.find(matches);
    if (known !== undefined) {
      this.#layoutFor.set(shape, known.number);
      return known.number;
    }
    const stored = this.#storedLayouts(tx);
    const same = stored.find(matches);
    if (same !== undefined) {
      tx.afterCommit(() => this.#learn(same));
      return same.number;
    }
    const layout: Layout = { number: (stored.at(-1)?.number ?? 0) + 1, fields };
    tx.put(area, layoutKey(this.#parts.id, layout.number), JSON.stringify(fields));
    tx.afterCommit(() => this.#learn(layout));
    return layout.number;
  }

  #learn(layout: Layout): void {
    if (!this.#layouts.some((one) => one.number === layout.number)) this.#layouts.push(layout);
  }

  #storedLayouts(reader: StoreReader): Layout[] {
    const prefix = layoutPrefix(this.#parts.id);
    return reader.range(area, prefix, prefixEnd(prefix), 100_000).map(({ key, value }) => ({
      number: Number(key.slice(prefix.length)),
      fields: parseStored(value) as unknown as Layout['fields'],
    }));
  }

  #decode(reader: StoreReader, cls: CimClass, value: string): CimInstance {
    const stored = parseStored(value) as readonly Json[];
    return this.#reader(reader, cls, stored[0] as number).read(stored);
  }

  #reader(reader: StoreReader, cls: CimClass, number: number): LayoutReader {
    if (this.#readersFor !== cls) {
      this.#readersFor = cls;
      this.#readers = new Map();
    }
    let layoutReader = this.#readers.get(number);
    if (layoutReader === undefined) {
      const byNumber = (one: Layout): boolean => one.number === number;
      const layout = this.#layouts.find(byNumber) ?? this.#storedLayouts(reader).find(byNumber);
      if (layout === undefined) throw new StoreError('store_failed', `${cls.name}: layout ${number} is missing`);
      layoutReader = new LayoutReader(layout, cls, this.#parts.shapes, this.#parts.namespace);
      this.#readers.set(number, layoutReader);
    }
    return layoutReader;
  }
}
