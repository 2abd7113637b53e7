import type { HashAlgorithm } from '../../base/index.js';

/** What the datacenter thinks of a measurement. `good` is wanted; `bad` covers malware; `vulnerable` has known weaknesses. */
export const referenceStatuses = ['good', 'vulnerable', 'bad'] as const;
export type ReferenceStatus = (typeof referenceStatuses)[number];

/** One annotated reference measurement. */
export interface ReferenceEntry {
  readonly algorithm: HashAlgorithm;
  /** Lower-case hexadecimal. */
  readonly digest: string;
  /** As in measurement logs, blanks as `_`; null: good or bad wherever it is found. */
  readonly path: string | null;
  readonly status: ReferenceStatus;
  readonly package?: string;
  readonly version?: string;
  /** Where the entry came from, as `ima-log`, `directory` or the name of a bundle. */
  readonly source?: string;
  /** Milliseconds since 1970-01-01 UTC; outside of them the entry proves nothing. */
  readonly validFrom?: number;
  readonly validUntil?: number;
  /** Free remarks, as `{"cve": "CVE-2024-1"}`. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A named set of reference measurements, for an image, a label or a package. */
export interface ReferenceSet {
  readonly name: string;
  readonly description: string;
  readonly created: number;
  readonly changed: number;
  /** Grows with every change of the set. */
  readonly revision: number;
  readonly entries: number;
}

/** A path as measurement logs write it. */
export function logPath(path: string): string {
  return path.replaceAll(' ', '_');
}
