import { type Clock, messageOf, type Randomness } from '../../base/index.js';
import { VtpmError } from '../errors.js';
import { createSoftwareTpm } from '../software/index.js';
import type { StateVault } from '../state/index.js';
import type { VtpmDriver } from './driver.js';

export interface SoftwareDriverOptions {
  readonly vault: StateVault;
  readonly randomness: Randomness;
  readonly clock: Clock;
}

/** Software TPMs in this process. */
export function createSoftwareDriver({ vault, randomness, clock }: SoftwareDriverOptions): VtpmDriver {
  return {
    backend: 'software',
    has: (uuid) => Promise.resolve(vault.has(uuid)),
    async manufacture(uuid, work) {
      const tpm = createSoftwareTpm({ randomness, clock });
      const made = await work(tpm, () => tpm.powerCycle());
      await vault.save(uuid, tpm.savePermanentState(), null);
      await tpm.close();
      return made;
    },
    async power(uuid, { resume }) {
      const { permanent, volatile } = vault.read(uuid);
      if (resume && volatile === null)
        throw new VtpmError('vtpm_not_suspended', `virtual TPM ${uuid} has no saved PCRs`);
      const tpm = createSoftwareTpm({
        randomness,
        clock,
        permanentState: permanent,
        ...(resume && volatile !== null ? { volatileState: volatile } : {}),
        save: (state) => vault.save(uuid, state, null),
      });
      // A volatile state is used once: it is gone before the TPM goes on.
      if (volatile !== null) await vault.save(uuid, permanent, null);
      return {
        transport: tpm,
        powerCycle: () => tpm.powerCycle(),
        async suspend() {
          await tpm.close();
          await vault.save(uuid, tpm.savePermanentState(), tpm.saveVolatileState());
        },
        stop: () => tpm.close(),
      };
    },
    async importState(uuid, { permanent, volatile }) {
      try {
        createSoftwareTpm({ permanentState: permanent, ...(volatile === null ? {} : { volatileState: volatile }) });
      } catch (cause) {
        throw new VtpmError('vtpm_state_invalid', `this is no state of a software TPM: ${messageOf(cause)}`, { cause });
      }
      await vault.save(uuid, permanent, volatile);
    },
  };
}
