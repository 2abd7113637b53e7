import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, messageOf, type Randomness } from '../../base/index.js';
import { createTpmClient, type TpmTransport } from '../../tpm/index.js';
import { openKeyFile, type PoweredTpm, type PowerOptions, type VtpmDriver } from '../drivers/index.js';
import { VtpmError } from '../errors.js';
import { startSwtpm, type SwtpmProcess } from './process.js';

export interface SwtpmDriverOptions {
  /** `state.key` and a folder for each TPM. */
  readonly folder: string;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** More crashes than this within a minute, and a TPM stays down. */
const maximumCrashes = 3;
const crashWindow = 60_000;

/** Whether there is a swtpm on this host. */
export function swtpmAvailable(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('swtpm', ['socket', '--print-capabilities'], { timeout: 5_000 }, (error) => {
      resolve(error === null);
    });
  });
}

/** TPMs in swtpm processes of their own, their state encrypted by swtpm in a folder each. */
export function createSwtpmDriver({ folder, randomness, log }: SwtpmDriverOptions): VtpmDriver {
  const keyFile = join(folder, 'state.key');
  const stateOf = (uuid: string): string => join(folder, uuid);
  const volatileFile = (uuid: string): string => join(stateOf(uuid), 'tpm2-00.volatilestate');

  async function start(uuid: string): Promise<{ readonly tpm: SwtpmProcess; readonly clean: () => Promise<void> }> {
    await openKeyFile(keyFile, randomness);
    await mkdir(stateOf(uuid), { recursive: true, mode: 0o700 });
    const sockets = await mkdtemp(join(tmpdir(), 'tvdc-swtpm-'));
    const clean = (): Promise<void> => rm(sockets, { recursive: true, force: true });
    try {
      return { tpm: await startSwtpm({ state: stateOf(uuid), sockets, key: keyFile }), clean };
    } catch (cause) {
      await clean();
      throw new VtpmError('vtpm_backend_unavailable', messageOf(cause), { cause });
    }
  }

  /** Ends a process in good order: its state files are complete. */
  async function finish(tpm: SwtpmProcess, clean: () => Promise<void>): Promise<void> {
    await tpm.control.shutdown().catch((error: unknown) => {
      log.debug('swtpm_shutdown', { error: messageOf(error) });
    });
    tpm.control.close();
    await tpm.transport.close();
    const timer = setTimeout(() => void tpm.end(), 2_000);
    await tpm.exited;
    clearTimeout(timer);
    await clean();
  }

  const isThere = (path: string): Promise<boolean> =>
    access(path).then(
      () => true,
      () => false,
    );
  const isSuspended = (uuid: string): Promise<boolean> => isThere(volatileFile(uuid));

  /** A process for as long as `work` takes. */
  async function within<T>(uuid: string, work: (tpm: SwtpmProcess) => Promise<T>): Promise<T> {
    const { tpm, clean } = await start(uuid);
    try {
      return await work(tpm);
    } finally {
      await finish(tpm, clean);
    }
  }

  return {
    backend: 'swtpm',
    has: (uuid) => isThere(join(stateOf(uuid), 'tpm2-00.permall')),
    async manufacture(uuid, work) {
      try {
        return await within(uuid, async (tpm) => {
          await tpm.control.init(false);
          return work(tpm.transport);
        });
      } catch (error) {
        await rm(stateOf(uuid), { recursive: true, force: true });
        throw error;
      }
    },
    async power(uuid, { resume, afterCrash, onCrash }) {
      const suspended = await isSuspended(uuid);
      if (resume && !suspended) throw new VtpmError('vtpm_not_suspended', `virtual TPM ${uuid} has no saved PCRs`);
      if (!resume) await rm(volatileFile(uuid), { force: true });
      return supervise(() => start(uuid), finish, { afterCrash, onCrash }, log);
    },
    exportState: (uuid) =>
      within(uuid, async ({ control }) => {
        const suspended = await isSuspended(uuid);
        await control.init(false);
        const permanent = await control.getState('permanent');
        const volatile = suspended ? await control.getState('volatile') : null;
        if (permanent === null || (suspended && volatile === null)) {
          throw new VtpmError('vtpm_state_invalid', `swtpm gave no state of virtual TPM ${uuid}`);
        }
        return { permanent, volatile };
      }),
    importState: (uuid, { permanent, volatile }) =>
      within(uuid, async ({ control }) => {
        await rm(volatileFile(uuid), { force: true });
        await control.setState('permanent', permanent);
        if (volatile !== null) await control.setState('volatile', volatile);
        // swtpm holds both in memory until the TPM has power.
        await control.init(false);
        if (volatile !== null) await control.storeVolatile();
      }),
    remove: (uuid) => rm(stateOf(uuid), { recursive: true, force: true }),
    sequence: () => 0,
  };
}

type Started = { readonly tpm: SwtpmProcess; readonly clean: () => Promise<void> };

/** Watches over a TPM: a process that ends by itself is told, and started again from its state at rest where that is wanted. */
async function supervise(
  start: () => Promise<Started>,
  finish: (tpm: SwtpmProcess, clean: () => Promise<void>) => Promise<void>,
  { afterCrash, onCrash }: Pick<PowerOptions, 'afterCrash' | 'onCrash'>,
  log: Log,
): Promise<PoweredTpm> {
  let current = await start();
  let stopping = false;
  let crashes: number[] = [];
  try {
    await current.tpm.control.init(true);
  } catch (error) {
    await finish(current.tpm, current.clean);
    throw new VtpmError('vtpm_state_invalid', `swtpm refused its state: ${messageOf(error)}`, { cause: error });
  }
  let restarting: Promise<void> = Promise.resolve();

  function watch(started: Started): void {
    void started.tpm.exited.then(() => {
      if (!stopping && current === started) restarting = restart(started);
    });
  }

  async function restart(dead: Started): Promise<void> {
    const now = performance.now();
    crashes = [...crashes.filter((time) => now - time < crashWindow), now];
    dead.tpm.control.close();
    await dead.tpm.transport.close();
    await dead.clean();
    if (afterCrash === 'stay' || crashes.length > maximumCrashes) {
      onCrash(false);
      return;
    }
    try {
      const next = await start();
      await next.tpm.control.init(true);
      await createTpmClient(next.tpm.transport).startup('clear');
      current = next;
      watch(next);
      onCrash(true);
    } catch (error) {
      log.error('swtpm_restart', { error: messageOf(error) });
      onCrash(false);
    }
  }

  watch(current);
  const transport: TpmTransport = {
    async transmit(command) {
      await restarting;
      return current.tpm.transport.transmit(command);
    },
    close: () => Promise.resolve(),
  };
  const end = async (): Promise<void> => {
    stopping = true;
    await restarting;
    await finish(current.tpm, current.clean);
  };
  log.debug('swtpm_started', { pid: current.tpm.pid });
  return {
    transport,
    powerCycle: () => current.tpm.control.init(true),
    async suspend() {
      stopping = true;
      await current.tpm.control.storeVolatile();
      await end();
    },
    stop: end,
  };
}
