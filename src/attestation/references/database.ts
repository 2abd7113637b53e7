import { TvdcError } from '../../base/index.js';
import type { HashAlgorithm } from '../../base/index.js';
import type { ReferenceEntry, ReferenceSet, ReferenceStatus } from './entry.js';

export type ReferenceErrorCode =
  | 'set_exists'
  | 'set_not_found'
  | 'bad_entry'
  | 'bad_import'
  | 'bundle_refused'
  | 'database_failed'
  | 'database_too_new';

/** A failure of the reference database or of an import; never a judgement. */
export class ReferenceError extends TvdcError<ReferenceErrorCode> {}

/** What to look for: a digest, and the path where it was found. */
export interface ReferenceQuery {
  readonly algorithm: HashAlgorithm;
  /** Lower-case hexadecimal. */
  readonly digest: string;
  readonly path: string;
}

export interface ReferenceAnswer {
  /** Every entry of the sets with this digest, wherever it lies. */
  readonly matches: readonly ReferenceEntry[];
  /** Whether the sets list the path at all, with whatever digest. */
  readonly pathListed: boolean;
}

/** Which entries to list, change or delete; absent fields match all. */
export interface ReferenceFilter {
  readonly digest?: string;
  readonly path?: string;
  readonly package?: string;
  readonly status?: ReferenceStatus;
  readonly source?: string;
}

/** What `annotate` changes; absent fields stay. */
export interface ReferenceChange {
  readonly status?: ReferenceStatus;
  readonly package?: string;
  readonly version?: string;
  readonly validFrom?: number;
  readonly validUntil?: number;
  /** Added to what is there; an empty text removes one. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The central database of reference measurements as a port. An entry is identified in its set by algorithm, digest and
 * path; adding it again replaces it. Every method rejects with ReferenceError; `set_not_found` for unknown sets.
 */
export interface ReferenceDatabase {
  /** Rejects with `set_exists`. */
  createSet(name: string, description?: string): Promise<ReferenceSet>;
  deleteSet(name: string): Promise<void>;
  sets(): Promise<readonly ReferenceSet[]>;
  /** Adds or replaces in one transaction; returns how many entries the set has gained. */
  add(set: string, entries: Iterable<ReferenceEntry>): Promise<number>;
  /** In a stable order, in batches of at most 1 000. */
  list(set: string, filter?: ReferenceFilter): AsyncIterable<readonly ReferenceEntry[]>;
  /** Returns how many entries were changed. */
  annotate(set: string, filter: ReferenceFilter, change: ReferenceChange): Promise<number>;
  /** Returns how many entries were deleted; trust in them ends with the next round. */
  delete(set: string, filter: ReferenceFilter): Promise<number>;
  /** Answers in the order of the queries. */
  lookup(sets: readonly string[], queries: readonly ReferenceQuery[]): Promise<readonly ReferenceAnswer[]>;
  /** Changes whenever one of the sets changes; hexadecimal SHA-256 over their names and revisions. */
  digest(sets: readonly string[]): Promise<string>;
  close(): Promise<void>;
}
