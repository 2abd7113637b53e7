import type { Store, StoreTransaction, StoreValue } from '../../store/index.js';
import { VtpmError } from '../errors.js';
import type { Sealer } from './sealer.js';

/** What a TPM keeps: its permanent state, and the volatile one while it is suspended. */
export interface StateImage {
  readonly permanent: Uint8Array;
  /** Null: it was off, not suspended. */
  readonly volatile: Uint8Array | null;
}

/** States of TPMs at rest, encrypted in the store. */
export interface StateVault {
  has(uuid: string): boolean;
  /** How often the state has changed. */
  sequence(uuid: string): number;
  /** @throws VtpmError `vtpm_state_invalid`: altered, of another TPM, older than the last one, or none */
  read(uuid: string): StateImage;
  save(uuid: string, permanent: Uint8Array, volatile: Uint8Array | null): Promise<void>;
  /** As part of a transaction. */
  remove(tx: StoreTransaction, uuid: string): void;
}

/** Where the number of a state is kept. */
export interface SequenceRows {
  key(uuid: string): string;
  put(tx: StoreTransaction, key: string, value: StoreValue): void;
  delete(tx: StoreTransaction, key: string): void;
}

const area = 'vtpm';
const permanentKey = (uuid: string): string => `state/${uuid}/permanent`;
const volatileKey = (uuid: string): string => `state/${uuid}/volatile`;

/** Where a number stands that nothing covers: beside the state. */
export const plainSequenceRows: SequenceRows = {
  key: (uuid) => `state/${uuid}/sequence`,
  put: (tx, key, value) => {
    tx.put(area, key, value);
  },
  delete: (tx, key) => {
    tx.delete(area, key);
  },
};

export function createStateVault(store: Store, sealer: Sealer, rows: SequenceRows = plainSequenceRows): StateVault {
  const sequenceOf = (uuid: string): number => Number(store.get(area, rows.key(uuid)) ?? 0);

  function open(uuid: string, key: string): Uint8Array | null {
    const sealed = store.get(area, key);
    return sealed instanceof Uint8Array ? sealer.open(key, sequenceOf(uuid), sealed) : null;
  }

  return {
    has: (uuid) => store.get(area, permanentKey(uuid)) !== undefined,
    sequence: sequenceOf,
    read(uuid) {
      const permanent = open(uuid, permanentKey(uuid));
      if (permanent === null) throw new VtpmError('vtpm_state_invalid', `there is no state of virtual TPM ${uuid}`);
      return { permanent, volatile: open(uuid, volatileKey(uuid)) };
    },
    save: (uuid, permanent, volatile) =>
      store.transaction((tx) => {
        // Both states always carry the one current number, so neither can be exchanged for an older one.
        const sequence = Number(tx.get(area, rows.key(uuid)) ?? 0) + 1;
        rows.put(tx, rows.key(uuid), String(sequence));
        tx.put(area, permanentKey(uuid), sealer.seal(permanentKey(uuid), sequence, permanent));
        if (volatile === null) tx.delete(area, volatileKey(uuid));
        else tx.put(area, volatileKey(uuid), sealer.seal(volatileKey(uuid), sequence, volatile));
      }),
    remove(tx, uuid) {
      for (const key of [permanentKey(uuid), volatileKey(uuid)]) tx.delete(area, key);
      rows.delete(tx, rows.key(uuid));
    },
  };
}
