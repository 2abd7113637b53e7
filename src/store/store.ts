import { TvdcError } from '../base/index.js';

/** The parts of a host's durable state; each has a format number of its own. */
export const storeAreas = ['repository', 'security', 'acm', 'vmm', 'vtpm', 'attestation', 'journal', 'outbox'] as const;
export type StoreArea = (typeof storeAreas)[number];

export type StoreValue = string | Uint8Array;

export interface StoreEntry {
  readonly key: string;
  readonly value: StoreValue;
}

export interface StoreReader {
  get(area: StoreArea, key: string): StoreValue | undefined;
  /** Entries with `from` <= key < `to` (null: no end), in the order of UTF-8 bytes, at most `limit`. */
  range(area: StoreArea, from: string, to: string | null, limit: number): readonly StoreEntry[];
}

/** Sees its own writes. Must not be used after the function it was given to has returned. */
export interface StoreTransaction extends StoreReader {
  put(area: StoreArea, key: string, value: StoreValue): void;
  /** Whether there was one. */
  delete(area: StoreArea, key: string): boolean;
  /** Whether it, or one that shares its commit, wrote this key: what is known to be committed is no longer what `get` gives. */
  wrote(area: StoreArea, key: string): boolean;
  /**
   * Calls `listener` once the transaction is on disk, in the order of the transactions, before the promise resolves; never
   * if it fails. The listener must not throw and sees only what is committed: the place to bring caches up to date.
   */
  afterCommit(listener: () => void): void;
}

/**
 * Ordered keys and values of one host, one process at a time. Reads see what is committed (within a `work`, read by its `tx`
 * only). No cursor and no read transaction lives across an await. Keys are well-formed Unicode.
 *
 * @throws StoreError `store_closed` after `close()`, `store_unreadable` and `store_failed` when the medium fails
 */
export interface Store extends StoreReader {
  /**
   * Runs `work` (synchronous, may be called later in this turn of the event loop) atomically across areas; the promise
   * resolves when the change is on disk. If `work` throws, nothing of it remains and the promise rejects with its error.
   * All transactions of one turn share one commit.
   * @throws StoreError `store_full`: nothing of the group was written; `store_failed`, `store_closed`
   */
  transaction<T>(work: (tx: StoreTransaction) => T): Promise<T>;
  /** Carries out what was asked before, then lets go of everything. */
  close(): Promise<void>;
}

export type StoreErrorCode =
  | 'store_locked'
  | 'store_too_new'
  | 'store_unreadable'
  | 'store_full'
  | 'store_failed'
  | 'store_closed';

export class StoreError extends TvdcError<StoreErrorCode> {}

/** End of the range of all keys that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

const deletedAtOnce = 500;

/** Deletes every key that begins with `prefix`. */
export function deletePrefix(tx: StoreTransaction, area: StoreArea, prefix: string): void {
  for (let from = prefix; ; ) {
    const page = tx.range(area, from, prefixEnd(prefix), deletedAtOnce);
    for (const { key } of page) tx.delete(area, key);
    const last = page.at(-1);
    if (last === undefined || page.length < deletedAtOnce) return;
    from = `${last.key}\u0000`;
  }
}
