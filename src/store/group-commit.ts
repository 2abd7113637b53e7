import { type Change, Overlay } from './overlay.js';
import {
  type StoreArea,
  type StoreEntry,
  StoreError,
  type StoreReader,
  type StoreTransaction,
  type StoreValue,
} from './store.js';

/** What transactions are grouped on. All calls are synchronous. */
export interface Medium extends StoreReader {
  /**
   * Carries out what `work` returns, all of it or nothing: it is on disk afterwards. Nobody else changes anything while `work`
   * runs; what it throws is passed on.
   * @throws StoreError
   */
  change(work: () => Iterable<Change>): void;
}

interface Waiting {
  readonly work: (tx: StoreTransaction) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Outcome {
  readonly listeners: readonly (() => void)[];
  readonly settle: () => void;
}

/** What stood in the overlay before a write. */
interface Before {
  readonly area: StoreArea;
  readonly key: string;
  readonly value: StoreValue | null | undefined;
}

/** One transaction's hold on what its group is to change; refuses to be used afterwards. */
class GroupedTransaction implements StoreTransaction {
  readonly #group: Overlay;
  readonly #undo: Before[] = [];
  readonly listeners: (() => void)[] = [];
  /** A failure of the medium: dooms the whole group, whether or not the work noticed. */
  failure: StoreError | null = null;
  #open = true;

  constructor(group: Overlay) {
    this.#group = group;
  }

  end(): void {
    this.#open = false;
  }

  /** Takes back what it wrote. */
  undo(): void {
    for (let last = this.#undo.pop(); last !== undefined; last = this.#undo.pop()) {
      if (last.value === undefined) this.#group.unset(last.area, last.key);
      else this.#group.set(last.area, last.key, last.value);
    }
  }

  #read<T>(action: (group: Overlay) => T): T {
    this.#check();
    try {
      return action(this.#group);
    } catch (error) {
      if (error instanceof StoreError) this.failure = error;
      throw error;
    }
  }

  #check(): void {
    if (!this.#open) throw new StoreError('store_failed', 'the transaction has ended');
    if (this.failure !== null) throw this.failure;
  }

  get(area: StoreArea, key: string): StoreValue | undefined {
    return this.#read((group) => group.get(area, key));
  }

  range(area: StoreArea, from: string, to: string | null, limit: number): readonly StoreEntry[] {
    return this.#read((group) => group.range(area, from, to, limit));
  }

  put(area: StoreArea, key: string, value: StoreValue): void {
    this.#check();
    this.#undo.push({ area, key, value: this.#group.set(area, key, value) });
  }

  delete(area: StoreArea, key: string): boolean {
    if (this.get(area, key) === undefined) return false;
    this.#undo.push({ area, key, value: this.#group.set(area, key, null) });
    return true;
  }

  wrote(area: StoreArea, key: string): boolean {
    this.#check();
    return this.#group.has(area, key);
  }

  afterCommit(listener: () => void): void {
    this.listeners.push(listener);
  }
}

// A group that took longer would keep other clients waiting (performance: 20 ms at most): works, then what they wrote.
const longestWorks = 4;
const mostChanges = 2000;

/**
 * All transactions asked for in one turn of the event loop become one commit: a sync costs more than the work of many.
 * What they write is kept aside until all have run, so that a work that throws is undone alone and a key that many write is
 * written once. Waiting longer for company was measured to be slower.
 */
export class GroupCommit {
  readonly #medium: Medium;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #paused = false;
  #closed = false;

  constructor(medium: Medium) {
    this.#medium = medium;
  }

  transaction<T>(work: (tx: StoreTransaction) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new StoreError('store_closed', 'the store is closed'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** Lets transactions wait until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  /** Carries out what waits; refuses what comes later. */
  close(): void {
    this.#closed = true;
    this.#paused = false;
    while (this.#waiting.length > 0) this.#commitGroup();
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#paused && this.#waiting.length > 0) this.#commitGroup();
      this.#schedule();
    });
  }

  #commitGroup(): void {
    const asked = this.#waiting;
    this.#waiting = [];
    const group = new Overlay(this.#medium);
    const outcomes: Outcome[] = [];
    let tried = 0;
    try {
      this.#medium.change(() => {
        const started = performance.now();
        do outcomes.push(carryOut(asked[tried++] as Waiting, group));
        while (tried < asked.length && group.size < mostChanges && performance.now() - started < longestWorks);
        return group.changes();
      });
    } catch (error) {
      const failure = asStoreError(error);
      const failed = Math.max(tried, 1);
      for (const waiting of asked.slice(0, failed)) waiting.reject(failure);
      this.#waiting = asked.slice(failed).concat(this.#waiting);
      return;
    }
    if (tried < asked.length) this.#waiting = asked.slice(tried).concat(this.#waiting);
    for (const outcome of outcomes) {
      for (const listener of outcome.listeners) notify(listener);
      outcome.settle();
    }
  }
}

/** @throws StoreError the medium failed: nothing of the group can remain */
function carryOut(waiting: Waiting, group: Overlay): Outcome {
  const tx = new GroupedTransaction(group);
  let settle: () => void;
  try {
    const value = waiting.work(tx);
    settle = () => waiting.resolve(value);
  } catch (error) {
    settle = () => waiting.reject(error);
    tx.listeners.length = 0;
    tx.undo();
  }
  tx.end();
  if (tx.failure !== null) throw tx.failure;
  return { listeners: tx.listeners, settle };
}

function asStoreError(error: unknown): StoreError {
  return error instanceof StoreError
    ? error
    : new StoreError('store_failed', 'the transaction could not be carried out', { cause: error });
}

function notify(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : new Error(String(error)));
  }
}
