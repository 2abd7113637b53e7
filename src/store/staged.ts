import { GroupCommit } from './group-commit.js';
import { Overlay } from './overlay.js';
import type { Store, StoreReader, StoreTransaction } from './store.js';

/** A store in memory laid over another one, which it does not change. */
export interface StagedStore extends Store {
  /** Writes what was staged, within a transaction of the store below. */
  applyTo(tx: StoreTransaction): void;
}

/**
 * A place to prepare a large change: reads what `below` holds and keeps what is written to itself, until `applyTo` carries it
 * over in one transaction. Nobody else may change what it reads in the meantime: there is no check for it.
 */
export function createStagedStore(below: StoreReader): StagedStore {
  const staged = new Overlay(below);
  const commits = new GroupCommit({
    get: (area, key) => staged.get(area, key),
    range: (area, from, to, limit) => staged.range(area, from, to, limit),
    change: (work) => {
      for (const { area, key, value } of work()) staged.set(area, key, value);
    },
  });
  return {
    get: (area, key) => staged.get(area, key),
    range: (area, from, to, limit) => staged.range(area, from, to, limit),
    transaction: (work) => commits.transaction(work),
    applyTo: (tx) => {
      for (const { area, key, value } of staged.changes()) {
        if (value === null) tx.delete(area, key);
        else tx.put(area, key, value);
      }
    },
    close: async () => commits.close(),
  };
}
