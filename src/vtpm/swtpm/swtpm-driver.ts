import type { Log, Randomness } from '../../base/index.js';
import type { PoweredTpm, PowerOptions, VtpmDriver } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import type { StateImage, StateVault } from '../state/index.js';
import { type SwtpmFamily, tpm20Family } from './family.js';
import { type RunningSwtpm, runSwtpm } from './running.js';
import { superviseSwtpm } from './supervise.js';

export interface SwtpmDriverOptions {
  readonly vault: StateVault;
  readonly family?: SwtpmFamily;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** TPMs in swtpm processes of their own. */
export function createSwtpmDriver(options: SwtpmDriverOptions): VtpmDriver {
  const { vault, family = tpm20Family, randomness, log } = options;

  const run = (image: StateImage | null, save?: (permanent: Uint8Array) => Promise<void>): Promise<RunningSwtpm> =>
    runSwtpm(image, { family, randomness, log, ...(save === undefined ? {} : { save }) });

  async function power(uuid: string, { resume, afterCrash, onCrash }: PowerOptions): Promise<PoweredTpm> {
    const image = vault.read(uuid);
    if (resume && image.volatile === null) {
      throw new VtpmError('vtpm_not_suspended', `virtual TPM ${uuid} has no saved PCRs`);
    }
    // A volatile state is used once: it is gone before the TPM goes on.
    if (image.volatile !== null) await vault.save(uuid, image.permanent, null);
    const save = (permanent: Uint8Array): Promise<void> => vault.save(uuid, permanent, null);
    const first = await run(resume ? image : { ...image, volatile: null }, save).catch(async (error: unknown) => {
      // It did not go on: its PCRs are there for another try.
      if (resume) await vault.save(uuid, image.permanent, image.volatile);
      throw error;
    });
    const again = (): Promise<RunningSwtpm> => run({ ...vault.read(uuid), volatile: null }, save);
    const supervised = superviseSwtpm(first, again, { family, afterCrash, onCrash, log });
    log.debug('swtpm_started', { pid: first.process.pid });
    return {
      transport: supervised.transport,
      powerCycle: () => supervised.current().powerCycle(),
      async suspend() {
        await supervised.release();
        const running = supervised.current();
        // What is answered from now on would not be in the states that are kept.
        await running.transport.close();
        const volatile = await running.volatile();
        const permanent = await running.permanent();
        await running.finish();
        await vault.save(uuid, permanent, volatile);
      },
      async stop() {
        await supervised.release();
        await supervised.current().finish();
      },
    };
  }

  return {
    backend: 'swtpm',
    has: (uuid) => Promise.resolve(vault.has(uuid)),
    async manufacture(uuid, work) {
      // Its state is kept once, when the work is done.
      const running = await run(null);
      try {
        const made = await work(running.transport, () => running.powerCycle());
        await vault.save(uuid, await running.permanent(), null);
        return made;
      } finally {
        await running.finish();
      }
    },
    power,
    async importState(uuid, image) {
      const running = await run(image);
      await running.finish();
      await vault.save(uuid, image.permanent, image.volatile);
    },
  };
}
