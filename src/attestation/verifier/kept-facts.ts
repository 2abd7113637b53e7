import type { PcrValues } from '../evidence/index.js';
import type { Binding } from './types.js';

/** What is kept of a judged piece of evidence besides its logs. */
export interface KeptFacts {
  readonly verdict: string;
  readonly mode: 'quoted' | 'host_asserted';
  /** The round's 32 octets. */
  readonly nonce: Uint8Array;
  readonly binding: Binding | null;
  readonly attest: Uint8Array | null;
  readonly signature: Uint8Array | null;
  readonly pcrValues: PcrValues | null;
  readonly format: 'binary' | 'ascii';
  /** First entry of the kept log, and the verdict whose log precedes it; null: the log begins at 0. */
  readonly start: number;
  readonly before: number | null;
  /** The log from entry 0 on, where it was sent as a whole: one that only goes on from it is kept as what is new. */
  readonly whole?: { readonly entries: number; readonly octets: number; readonly sha256: string };
  /** Verdicts that keep the event logs, which seldom change; null: there was none. */
  readonly boot: number | null;
  readonly isolation: number | null;
  readonly policyDigest: string;
  readonly referenceDigest: string;
}
