import { type Clock, createTimeSlice, systemClock } from '../base/index.js';
import {
  type ChainPoint,
  chainStart,
  hashOfEntry,
  type JournalEntry,
  type JournalFact,
  sealEntry,
} from './journal-entry.js';
import type { Store, StoreReader, StoreTransaction } from './store.js';

export interface JournalOptions {
  /** Name of the host, the first part of every id. */
  readonly host: string;
  readonly clock?: Clock;
}

export interface JournalQuery {
  /** Only entries after this sequence number; 0 or left out: from the beginning. */
  readonly after?: number;
  /** Entries, at most; 100 if left out. */
  readonly limit?: number;
  /** Only these kinds; a kind that ends in `.` stands for all that begin with it. */
  readonly kinds?: readonly string[];
}

export interface JournalPage {
  readonly entries: readonly JournalEntry[];
  /** Sequence number to give as `after` for the next page. */
  readonly after: number;
  /** Nothing is behind it now. */
  readonly end: boolean;
}

/** What an examination of the chain found; `broken` names the first entry that is not what was written. */
export type JournalVerdict =
  | { readonly kind: 'intact'; readonly entries: number; readonly head: ChainPoint }
  | { readonly kind: 'broken'; readonly sequence: number; readonly reason: string };

/**
 * The host's one record of what happened: append-only, each entry bound to the one before by its hash, written in the
 * transaction of the change itself.
 */
export interface Journal {
  /** @param tx the transaction of the change; if it fails, there is no entry */
  append(tx: StoreTransaction, fact: JournalFact): JournalEntry;
  /** A page in order. With `kinds` one call looks at 10 000 entries at most: go on while `end` is false. */
  read(query?: JournalQuery): JournalPage;
  /** undefined: unknown, or cut off. */
  get(id: string): JournalEntry | undefined;
  head(): ChainPoint;
  /** Recomputes the chain from where it was cut off to its head, a slice of the event loop at a time. */
  verify(): Promise<JournalVerdict>;
  /**
   * Drops the entries up to and including `sequence` and remembers the hash where they ended, so that the rest stays
   * verifiable; an entry of kind `journal.truncated` says so. Resolves with the number of entries dropped.
   */
  truncate(sequence: number, actor: string): Promise<number>;
  /** Tells every entry after its commit, in order; the listener must not throw. Returns the end of it. */
  onCommitted(listener: (entry: JournalEntry) => void): () => void;
}

const area = 'journal';
const pageSize = 500;
const mostExamined = 10_000;
// Sequence numbers of equal length sort as numbers do; '/' + 1 = '0' ends the range.
const digits = 15;
const entriesEnd = 'e0';

function keyOf(sequence: number): string {
  return `e/${String(sequence).padStart(digits, '0')}`;
}

function pointAt(reader: StoreReader, key: 'head' | 'anchor'): ChainPoint {
  const value = reader.get(area, key);
  return typeof value === 'string' ? (JSON.parse(value) as ChainPoint) : chainStart;
}

function entriesAfter(reader: StoreReader, sequence: number, limit: number): JournalEntry[] {
  return reader
    .range(area, keyOf(sequence + 1), entriesEnd, limit)
    .map((row) => JSON.parse(row.value as string) as JournalEntry);
}

function wanted(kinds: readonly string[] | undefined): (entry: JournalEntry) => boolean {
  if (kinds === undefined) return () => true;
  return (entry) => kinds.some((kind) => (kind.endsWith('.') ? entry.kind.startsWith(kind) : entry.kind === kind));
}

/** The journal of a host in its store; one for a store. */
export function createJournal(store: Store, options: JournalOptions): Journal {
  return new StoredJournal(store, options.host, options.clock ?? systemClock);
}

class StoredJournal implements Journal {
  readonly #store: Store;
  readonly #host: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<(entry: JournalEntry) => void>();

  constructor(store: Store, host: string, clock: Clock) {
    this.#store = store;
    this.#host = host;
    this.#clock = clock;
  }

  append(tx: StoreTransaction, fact: JournalFact): JournalEntry {
    const { entry, text } = sealEntry(this.#host, pointAt(tx, 'head'), this.#clock.now(), fact);
    tx.put(area, keyOf(entry.sequence), text);
    tx.put(area, 'head', `{"sequence":${entry.sequence},"hash":"${entry.hash}"}`);
    tx.afterCommit(() => {
      for (const listener of [...this.#listeners]) listener(entry);
    });
    return entry;
  }

  read(query: JournalQuery = {}): JournalPage {
    const limit = query.limit ?? 100;
    const matches = wanted(query.kinds);
    const entries: JournalEntry[] = [];
    let after = query.after ?? 0;
    for (let examined = 0; examined < mostExamined && entries.length < limit; ) {
      const size = query.kinds === undefined ? Math.min(limit - entries.length, pageSize) : pageSize;
      const page = entriesAfter(this.#store, after, size);
      for (const entry of page) {
        if (entries.length >= limit) break;
        after = entry.sequence;
        examined++;
        if (matches(entry)) entries.push(entry);
      }
      if (page.length < size) break;
    }
    return { entries, after, end: after >= this.head().sequence };
  }

  get(id: string): JournalEntry | undefined {
    const at = id.lastIndexOf(':');
    const sequence = Number(id.slice(at + 1));
    if (id.slice(0, at) !== this.#host || !Number.isSafeInteger(sequence) || sequence < 1) return undefined;
    const value = this.#store.get(area, keyOf(sequence));
    return typeof value === 'string' ? (JSON.parse(value) as JournalEntry) : undefined;
  }

  head(): ChainPoint {
    return pointAt(this.#store, 'head');
  }

  async verify(): Promise<JournalVerdict> {
    const slice = createTimeSlice();
    const end = this.head();
    let last = pointAt(this.#store, 'anchor');
    let entries = 0;
    while (last.sequence < end.sequence) {
      const page = entriesAfter(this.#store, last.sequence, pageSize);
      for (const entry of page) {
        const reason = faultOf(entry, last);
        if (reason !== null) return { kind: 'broken', sequence: last.sequence + 1, reason };
        last = { sequence: entry.sequence, hash: entry.hash };
        entries++;
        if (last.sequence === end.sequence) break;
      }
      if (page.length === 0) return { kind: 'broken', sequence: last.sequence + 1, reason: 'the entry is missing' };
      await slice.pause();
    }
    if (last.sequence !== end.sequence || last.hash !== end.hash) {
      return { kind: 'broken', sequence: end.sequence, reason: 'the chain does not end where its head says' };
    }
    return { kind: 'intact', entries, head: end };
  }

  async truncate(sequence: number, actor: string): Promise<number> {
    const upTo = Math.min(sequence, this.head().sequence);
    let dropped = 0;
    for (let more = true; more; ) {
      const batch = await this.#store.transaction((tx) => this.#cut(tx, upTo));
      dropped += batch;
      more = batch === pageSize;
    }
    if (dropped > 0) {
      await this.#store.transaction((tx) =>
        this.append(tx, { kind: 'journal.truncated', actor, subject: null, facts: { upTo, dropped } }),
      );
    }
    return dropped;
  }

  #cut(tx: StoreTransaction, upTo: number): number {
    const anchor = pointAt(tx, 'anchor');
    if (upTo <= anchor.sequence) return 0;
    const batch = entriesAfter(tx, anchor.sequence, Math.min(pageSize, upTo - anchor.sequence));
    for (const entry of batch) tx.delete(area, keyOf(entry.sequence));
    const last = batch.at(-1);
    if (last !== undefined) tx.put(area, 'anchor', JSON.stringify({ sequence: last.sequence, hash: last.hash }));
    return batch.length;
  }

  onCommitted(listener: (entry: JournalEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

function faultOf(entry: JournalEntry, before: ChainPoint): string | null {
  if (entry.sequence !== before.sequence + 1) return 'the entry is missing';
  if (entry.previous !== before.hash) return 'it does not follow from the entry before';
  return hashOfEntry(entry) === entry.hash ? null : 'its content is not what was hashed';
}
