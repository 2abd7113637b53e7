import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Log, messageOf, type Randomness } from '../../base/index.js';
import { lockFolder } from '../../store/index.js';
import { createTpmClient } from '../../tpm/index.js';
import { createSoftwareTpm, type SoftwareTpm } from '../software/index.js';
import { createSealer, openKeyFile, writeStateFile } from '../state/index.js';
import type { ControlTarget } from './control.js';

type StateType = 'permanent' | 'volatile';

export interface HolderOptions {
  readonly folder: string;
  readonly randomness: Randomness;
  readonly clock: Clock;
  readonly log: Log;
}

/** The TPM with its state files. */
export interface Holder extends Omit<ControlTarget, 'shutdown'> {
  transmit(command: Uint8Array): Promise<Uint8Array>;
  /** Power and TPM2_Startup(CLEAR); nothing after a suspend, whose volatile state goes on. */
  start(): Promise<void>;
  /** TPM2_Shutdown(CLEAR) and power off, or nothing but that where it was suspended; the folder is free afterwards. */
  end(): Promise<void>;
}

/** What swtpm answers while its TPM has no power: TPM_RC_FAILURE. */
const withoutPower = Uint8Array.of(0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1);

/** Data of a measurement that is under way, at most. */
const largestMeasurement = 64 << 20;

/**
 * Opens a folder for a TPM that has no power until CMD_INIT.
 * @throws StoreError `store_locked` where another process has the folder
 */
export async function openHolder({ folder, randomness, clock, log }: HolderOptions): Promise<Holder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  const key = await openKeyFile(join(folder, 'state.key'), randomness).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  const sealer = createSealer(key, randomness);
  const fileOf = (type: StateType): string => join(folder, `tpm.${type}`);
  let powered: SoftwareTpm | null = null;
  /** Whether the volatile state file says what the TPM holds. */
  let suspended = false;
  let measured: { readonly parts: Uint8Array[]; size: number } | null = null;
  let ended = false;

  async function read(type: StateType): Promise<Uint8Array | undefined> {
    const sealed = await readFile(fileOf(type)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    return sealed === null ? undefined : sealer.open(type, 0, sealed);
  }

  const write = (type: StateType, state: Uint8Array): Promise<void> =>
    writeStateFile(fileOf(type), sealer.seal(type, 0, state));

  async function stop(): Promise<void> {
    const tpm = powered;
    powered = null;
    measured = null;
    await tpm?.close();
  }

  const holder: Holder = {
    tpm: () => powered,
    stop,
    async start() {
      const goesOn = (await read('volatile')) !== undefined;
      await holder.init(true);
      if (!goesOn && powered !== null) await createTpmClient(powered).startup('clear');
    },
    async init(deleteVolatile) {
      await stop();
      const permanentState = await read('permanent');
      const volatileState = await read('volatile');
      powered = createSoftwareTpm({
        randomness,
        clock,
        save: (state) => write('permanent', state),
        ...(permanentState === undefined ? {} : { permanentState }),
        ...(volatileState === undefined ? {} : { volatileState }),
      });
      suspended = volatileState !== undefined && !deleteVolatile;
      if (deleteVolatile) await rm(fileOf('volatile'), { force: true });
    },
    async storeVolatile() {
      if (powered === null) return;
      await write('permanent', powered.savePermanentState());
      await write('volatile', powered.saveVolatileState());
      suspended = true;
    },
    async setState(type, state) {
      // Refuses what is no state, before it takes the place of one.
      createSoftwareTpm(type === 'permanent' ? { permanentState: state } : { volatileState: state });
      await write(type, state);
    },
    hashStart() {
      measured = { parts: [], size: 0 };
    },
    hashData(data) {
      if (measured === null || measured.size + data.length > largestMeasurement) return false;
      measured.parts.push(data);
      measured.size += data.length;
      return true;
    },
    async hashEnd() {
      if (measured === null || powered === null) return false;
      const { parts } = measured;
      measured = null;
      await powered.hashSequence(new Uint8Array(Buffer.concat(parts)));
      return true;
    },
    async transmit(command) {
      if (powered === null) return withoutPower;
      if (suspended) {
        // It goes on after all: a volatile state from before would take back what follows.
        await rm(fileOf('volatile'), { force: true });
        suspended = false;
      }
      return powered.transmit(command);
    },
    async end() {
      if (ended) return;
      ended = true;
      if (powered !== null && !suspended) {
        await createTpmClient(powered)
          .shutdown('clear')
          .catch((error: unknown) => {
            log.debug('vtpm_unorderly_shutdown', { error: messageOf(error) });
          });
      }
      await stop();
      lock.release();
    },
  };
  return holder;
}
