import { prefixEnd, type Store, type StoreTransaction } from '../../store/index.js';
import type { Migration } from '../inventory/index.js';

/** How a migration ended: `moved` to the destination, or `stayed` with the source. */
export type MigrationEnd = 'moved' | 'stayed';

/** What is remembered of a migration that is over: its identifier is never good again. */
export interface PastMigration {
  readonly id: string;
  readonly direction: Migration['direction'];
  readonly vm: string;
  readonly name: string;
  readonly peer: string;
  readonly end: MigrationEnd;
  /** Milliseconds since 1970. */
  readonly ended: number;
  /** Ended by hand, against a host that did not answer: still to be told to it. */
  readonly untold?: true;
}

const prefix = 'migrated/';
/** Older ones are forgotten: by then both sides have long agreed. */
const mostKept = 1000;

export function pastMigration(store: Pick<Store, 'get'>, id: string): PastMigration | undefined {
  const value = store.get('vmm', prefix + id);
  return typeof value === 'string' ? (JSON.parse(value) as PastMigration) : undefined;
}

/** Oldest first. */
export function pastMigrations(store: Pick<Store, 'range'>): readonly PastMigration[] {
  return store
    .range('vmm', prefix, prefixEnd(prefix), Number.MAX_SAFE_INTEGER)
    .map(({ value }) => JSON.parse(String(value)) as PastMigration)
    .sort((a, b) => a.ended - b.ended);
}

/** Belongs into the transaction that ends the migration. */
export function remember(tx: StoreTransaction, past: PastMigration): void {
  tx.put('vmm', prefix + past.id, JSON.stringify(past));
  const told = pastMigrations(tx).filter(({ untold }) => untold !== true);
  for (const { id } of told.slice(0, Math.max(0, told.length - mostKept))) tx.delete('vmm', prefix + id);
}
