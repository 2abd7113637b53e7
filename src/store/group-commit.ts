import type { StoreArea, StoreEntry, StoreTransaction, StoreValue } from './store.js';
import { StoreError } from './store.js';

/** What a medium must do so that transactions can be grouped on it. All calls are synchronous. */
export interface Engine {
  get(area: StoreArea, key: string): StoreValue | undefined;
  range(area: StoreArea, from: string, to: string | null, limit: number): readonly StoreEntry[];
  put(area: StoreArea, key: string, value: StoreValue): void;
  delete(area: StoreArea, key: string): boolean;
  begin(): void;
  commit(): void;
  /** Undoes everything since `begin`; harmless where nothing began. */
  rollback(): void;
  /** Sets a mark in the transaction, to keep (`release`) or to go back to (`undo`). */
  mark(): void;
  release(): void;
  undo(): void;
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

/** One transaction's hold on the engine; refuses to be used afterwards. */
class GroupedTransaction implements StoreTransaction {
  readonly #engine: Engine;
  readonly listeners: (() => void)[] = [];
  /** A failure of the medium: dooms the whole group, whether or not the work noticed. */
  failure: StoreError | null = null;
  #open = true;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  end(): void {
    this.#open = false;
  }

  #run<T>(action: (engine: Engine) => T): T {
    if (!this.#open) throw new StoreError('store_failed', 'the transaction has ended');
    if (this.failure !== null) throw this.failure;
    try {
      return action(this.#engine);
    } catch (error) {
      if (error instanceof StoreError) this.failure = error;
      throw error;
    }
  }

  get(area: StoreArea, key: string): StoreValue | undefined {
    return this.#run((engine) => engine.get(area, key));
  }

  range(area: StoreArea, from: string, to: string | null, limit: number): readonly StoreEntry[] {
    return this.#run((engine) => engine.range(area, from, to, limit));
  }

  put(area: StoreArea, key: string, value: StoreValue): void {
    this.#run((engine) => engine.put(area, key, value));
  }

  delete(area: StoreArea, key: string): boolean {
    return this.#run((engine) => engine.delete(area, key));
  }

  afterCommit(listener: () => void): void {
    this.listeners.push(listener);
  }
}

// A group that took longer would keep other clients waiting (performance: 20 ms at most).
const longestGroup = 8;

/**
 * All transactions asked for in one turn of the event loop become one commit: a sync costs more than the work of many.
 * A work that throws is undone alone. Waiting longer for company was measured to be slower.
 */
export class GroupCommit {
  readonly #engine: Engine;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #paused = false;
  #closed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
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
    const group = this.#waiting;
    this.#waiting = [];
    const outcomes: Outcome[] = [];
    let tried = 0;
    try {
      this.#engine.begin();
      const started = performance.now();
      while (tried < group.length && (tried === 0 || performance.now() - started < longestGroup)) {
        this.#carryOut(group[tried++] as Waiting, group.length > 1, outcomes);
      }
      this.#engine.commit();
    } catch (error) {
      this.#fail(asStoreError(error), group.slice(0, Math.max(tried, 1)));
      this.#waiting = group.slice(Math.max(tried, 1)).concat(this.#waiting);
      return;
    }
    if (tried < group.length) this.#waiting = group.slice(tried).concat(this.#waiting);
    for (const outcome of outcomes) {
      for (const listener of outcome.listeners) notify(listener);
      outcome.settle();
    }
  }

  /** @throws StoreError the medium failed: nothing of the group can remain */
  #carryOut(waiting: Waiting, marked: boolean, outcomes: Outcome[]): void {
    const tx = new GroupedTransaction(this.#engine);
    if (marked) this.#engine.mark();
    let settle: () => void;
    try {
      const value = waiting.work(tx);
      settle = () => waiting.resolve(value);
      if (marked && tx.failure === null) this.#engine.release();
    } catch (error) {
      settle = () => waiting.reject(error);
      tx.listeners.length = 0;
      if (tx.failure === null) this.#takeBack(marked);
    }
    tx.end();
    if (tx.failure !== null) throw tx.failure;
    outcomes.push({ listeners: tx.listeners, settle });
  }

  #takeBack(marked: boolean): void {
    if (marked) {
      this.#engine.undo();
    } else {
      this.#engine.rollback();
      this.#engine.begin();
    }
  }

  #fail(failure: StoreError, group: readonly Waiting[]): void {
    try {
      this.#engine.rollback();
    } catch {
      // The failure that is reported is the first one.
    }
    for (const waiting of group) waiting.reject(failure);
  }
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
