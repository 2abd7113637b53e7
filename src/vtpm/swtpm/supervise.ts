import { type Log, messageOf } from '../../base/index.js';
import type { TpmTransport } from '../../tpm/index.js';
import type { PowerOptions } from '../drivers/index.js';
import type { SwtpmFamily } from './family.js';
import type { RunningSwtpm } from './running.js';

/** More crashes than this within a minute, and a TPM stays down. */
const maximumCrashes = 3;
const crashWindow = 60_000;

/** A TPM that is watched over. */
export interface SupervisedSwtpm {
  /** To whichever process runs now. */
  readonly transport: TpmTransport;
  current(): RunningSwtpm;
  /** No end of the process is a crash from now on; resolves when a restart under way is through. */
  release(): Promise<void>;
}

/** A process that ends by itself is told, and started again from its state at rest where that is wanted. */
export function superviseSwtpm(
  first: RunningSwtpm,
  start: () => Promise<RunningSwtpm>,
  {
    family,
    afterCrash,
    onCrash,
    log,
  }: Omit<PowerOptions, 'resume'> & { readonly family: SwtpmFamily; readonly log: Log },
): SupervisedSwtpm {
  let current = first;
  let stopping = false;
  let crashes: number[] = [];
  let restarting: Promise<void> | null = null;

  function watch(running: RunningSwtpm): void {
    void running.process.exited.then(() => {
      if (stopping || current !== running) return;
      const under = restart(running).finally(() => {
        if (restarting === under) restarting = null;
      });
      restarting = under;
    });
  }

  async function restart(dead: RunningSwtpm): Promise<void> {
    const now = performance.now();
    crashes = [...crashes.filter((time) => now - time < crashWindow), now];
    await dead.bury();
    if (afterCrash === 'stay' || crashes.length > maximumCrashes) {
      onCrash(false);
      return;
    }
    try {
      const next = await start();
      await family.startup(next.transport);
      current = next;
      watch(next);
      onCrash(true);
    } catch (error) {
      log.error('swtpm_restart', { error: messageOf(error) });
      onCrash(false);
    }
  }

  watch(first);
  return {
    transport: {
      transmit: (command) =>
        restarting === null
          ? current.transport.transmit(command)
          : restarting.then(() => current.transport.transmit(command)),
      close: () => Promise.resolve(),
    },
    current: () => current,
    async release() {
      stopping = true;
      await restarting;
    },
  };
}
