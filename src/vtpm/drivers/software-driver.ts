import type { Clock, Randomness } from '../../base/index.js';
import type { Store, StoreTransaction } from '../../store/index.js';
import { VtpmError } from '../errors.js';
import { createSoftwareTpm } from '../software/index.js';
import type { VtpmDriver } from './driver.js';
import type { Sealer } from './sealer.js';

export interface SoftwareDriverOptions {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly randomness: Randomness;
  readonly clock: Clock;
}

const area = 'vtpm';
const permanentKey = (uuid: string): string => `state/${uuid}/permanent`;
const volatileKey = (uuid: string): string => `state/${uuid}/volatile`;
const sequenceKey = (uuid: string): string => `state/${uuid}/sequence`;

/** Software TPMs in this process, their state encrypted in the store. */
export function createSoftwareDriver({ store, sealer, randomness, clock }: SoftwareDriverOptions): VtpmDriver {
  const sequenceOf = (uuid: string): number => Number(store.get(area, sequenceKey(uuid)) ?? 0);

  /** Both states always carry the one current sequence number, so neither can be exchanged for an older one. */
  function put(tx: StoreTransaction, uuid: string, permanent: Uint8Array, volatile: Uint8Array | null): void {
    const sequence = Number(tx.get(area, sequenceKey(uuid)) ?? 0) + 1;
    tx.put(area, sequenceKey(uuid), String(sequence));
    tx.put(area, permanentKey(uuid), sealer.seal(permanentKey(uuid), sequence, permanent));
    if (volatile === null) tx.delete(area, volatileKey(uuid));
    else tx.put(area, volatileKey(uuid), sealer.seal(volatileKey(uuid), sequence, volatile));
  }

  const save = (uuid: string, permanent: Uint8Array, volatile: Uint8Array | null = null): Promise<void> =>
    store.transaction((tx) => {
      put(tx, uuid, permanent, volatile);
    });

  function read(uuid: string, key: string): Uint8Array | null {
    const sealed = store.get(area, key);
    return sealed instanceof Uint8Array ? sealer.open(key, sequenceOf(uuid), sealed) : null;
  }

  function readPermanent(uuid: string): Uint8Array {
    const state = read(uuid, permanentKey(uuid));
    if (state === null) throw new VtpmError('vtpm_state_invalid', `there is no state of virtual TPM ${uuid}`);
    return state;
  }

  return {
    backend: 'software',
    has: (uuid) => Promise.resolve(store.get(area, permanentKey(uuid)) !== undefined),
    async manufacture(uuid, work) {
      const tpm = createSoftwareTpm({ randomness, clock });
      const made = await work(tpm);
      await save(uuid, tpm.savePermanentState());
      await tpm.close();
      return made;
    },
    async power(uuid, { resume }) {
      const volatileState = resume ? read(uuid, volatileKey(uuid)) : null;
      if (resume && volatileState === null)
        throw new VtpmError('vtpm_not_suspended', `virtual TPM ${uuid} has no saved PCRs`);
      const permanentState = readPermanent(uuid);
      // A volatile state is used once: it is gone before the TPM goes on.
      if (store.get(area, volatileKey(uuid)) !== undefined) await save(uuid, permanentState);
      const tpm = createSoftwareTpm({
        randomness,
        clock,
        permanentState,
        ...(volatileState === null ? {} : { volatileState }),
        save: (state) => save(uuid, state),
      });
      return {
        transport: tpm,
        powerCycle: () => tpm.powerCycle(),
        async suspend() {
          await tpm.close();
          await save(uuid, tpm.savePermanentState(), tpm.saveVolatileState());
        },
        stop: () => tpm.close(),
      };
    },
    exportState: (uuid) => Promise.resolve({ permanent: readPermanent(uuid), volatile: read(uuid, volatileKey(uuid)) }),
    importState: (uuid, { permanent, volatile }) => save(uuid, permanent, volatile),
    remove: (uuid) =>
      store.transaction((tx) => {
        for (const key of [permanentKey(uuid), volatileKey(uuid), sequenceKey(uuid)]) tx.delete(area, key);
      }),
    sequence: sequenceOf,
  };
}
