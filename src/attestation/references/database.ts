import { TvdcError } from '../../base/index.js';
import type { HashAlgorithm } from '../../base/index.js';
import type { ReferenceEntry, ReferenceSet, ReferenceStatus } from './entry.js';

export type ReferenceErrorCode =
  | 'set_exists'
  | 'set_not_found'
  | 'bad_entry'
  | 'bad_import'
  | 'bundle_refused'
  | 'bundle_rolled_back'
  | 'import_aborted'
  | 'database_failed'
  | 'database_too_new';

/** A failure of the reference database or of an import; never a judgement. */
export class ReferenceError extends TvdcError<ReferenceErrorCode> {}

/** Entries as they come: from memory, or from something that is read meanwhile. */
export type ReferenceSource = Iterable<ReferenceEntry> | AsyncIterable<ReferenceEntry>;

/** A signed bundle that entries come from: the database remembers the highest version of each name. */
export interface BundleMark {
  readonly name: string;
  readonly version: number;
  /** SHA-256 of its content, hexadecimal: one version is one content. */
  readonly digest: string;
}

export interface AddOptions {
  /** Told how many entries are in, now and then. */
  readonly progress?: (entries: number) => void;
  /** Ends the work; what is in then is as `add` and `replace` say. */
  readonly signal?: AbortSignal;
}

export interface ReplaceOptions extends AddOptions {
  /** Only entries of this source are replaced; others stay. */
  readonly source?: string;
  /** Refused with `bundle_rolled_back` where a newer version, or another content of this version, was taken before. */
  readonly bundle?: BundleMark;
}

/** What to look for: a digest, and the path where it was found. */
export interface ReferenceQuery {
  readonly algorithm: HashAlgorithm;
  /** Lower-case hexadecimal. */
  readonly digest: string;
  readonly path: string;
}

export interface ReferenceAnswer {
  /** Entries of the sets with this digest: those at the path, those for every path, and all that are `bad` anywhere. */
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
  /**
   * Adds or replaces, any number in bounded memory; returns how many entries the set has gained. Up to 20 000 entries are one
   * transaction; of more, whole transactions of that size stay where it ends early, and adding all again completes it.
   */
  add(set: string, entries: ReferenceSource, options?: AddOptions): Promise<number>;
  /**
   * Gives a set another content, which it makes if it is not there: readers see the old one until all is in, then the new
   * one at once; where it ends early, nothing has changed. Returns how many entries the set has then.
   */
  replace(set: string, entries: ReferenceSource, options?: ReplaceOptions): Promise<number>;
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
