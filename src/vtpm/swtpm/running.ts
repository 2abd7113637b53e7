import { type Stats, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, messageOf, type Randomness } from '../../base/index.js';
import { createCommandQueue, type TpmTransport } from '../../tpm/index.js';
import { VtpmError } from '../errors.js';
import { type StateImage, stateKeySize } from '../state/index.js';
import type { SwtpmFamily } from './family.js';
import { folderPrefix } from './leftovers.js';
import { startSwtpm, type SwtpmProcess } from './process.js';

export interface RunningOptions {
  readonly family: SwtpmFamily;
  readonly randomness: Randomness;
  readonly log: Log;
  /** Called with each new permanent state, before the answer to the command that made it; left out: nobody wants to know. */
  readonly save?: (permanent: Uint8Array) => Promise<void>;
}

/**
 * One swtpm process with the state that it was given. Its own files lie in a folder that ends with it, encrypted by a key that
 * nobody else has: what counts is the state that it hands over.
 */
export interface RunningSwtpm {
  readonly process: SwtpmProcess;
  readonly transport: TpmTransport;
  /** Power on; also off and on. */
  powerCycle(): Promise<void>;
  permanent(): Promise<Uint8Array>;
  /** With the PCRs. */
  volatile(): Promise<Uint8Array>;
  /** Ends it in good order: commands under way are answered, further ones refused, and what it has changed is saved. */
  finish(): Promise<void>;
  /** Clears up after one that has ended by itself. */
  bury(): Promise<void>;
}

const endTimeout = 2_000;

/** Starts swtpm with a state, or with none, and gives it power. @throws VtpmError `vtpm_backend_unavailable`, `vtpm_state_invalid` */
export async function runSwtpm(image: StateImage | null, options: RunningOptions): Promise<RunningSwtpm> {
  const { family, randomness, log, save } = options;
  const folder = await mkdtemp(join(tmpdir(), folderPrefix));
  const state = join(folder, 'state');
  const stateFile = join(state, `${family.stateName}.permall`);
  const clean = (): Promise<void> => rm(folder, { recursive: true, force: true });
  let tpm: SwtpmProcess;
  try {
    await mkdir(state, { mode: 0o700 });
    tpm = await startSwtpm({ family, sockets: folder, state, key: randomness.bytes(stateKeySize) });
  } catch (cause) {
    await clean();
    throw new VtpmError('vtpm_backend_unavailable', messageOf(cause), { cause });
  }
  const { control } = tpm;

  async function stateOf(type: 'permanent' | 'volatile'): Promise<Uint8Array> {
    const octets = await control.getState(type);
    if (octets === null) throw new VtpmError('vtpm_state_invalid', `swtpm gave no ${type} state`);
    return octets;
  }

  let seen: Stats | undefined;
  /** It replaces its file whenever the permanent state changes, before it answers. */
  function hasChanged(): boolean {
    const now = statSync(stateFile, { throwIfNoEntry: false });
    if (now === undefined || (seen?.ino === now.ino && seen.mtimeMs === now.mtimeMs && seen.size === now.size))
      return false;
    seen = now;
    return true;
  }
  async function keep(): Promise<void> {
    if (save !== undefined && hasChanged()) await save(await stateOf('permanent'));
  }

  const transport = createCommandQueue({
    async transmit(command) {
      const response = await tpm.transport.transmit(command);
      if (save !== undefined && hasChanged()) await save(await stateOf('permanent'));
      return response;
    },
    close: () => Promise.resolve(),
  });

  async function finish(): Promise<void> {
    await transport.close();
    await keep().catch((error: unknown) => {
      log.error('swtpm_state_not_kept', { error: messageOf(error) });
    });
    await control.shutdown().catch((error: unknown) => {
      log.debug('swtpm_shutdown', { error: messageOf(error) });
    });
    control.close();
    await tpm.transport.close();
    const timer = setTimeout(() => void tpm.end(), endTimeout);
    await tpm.exited;
    clearTimeout(timer);
    await clean();
  }

  try {
    if (image !== null) {
      await control.setState('permanent', image.permanent);
      if (image.volatile !== null) await control.setState('volatile', image.volatile);
    }
    await control.init(true);
    if (image !== null) hasChanged();
  } catch (cause) {
    await finish();
    throw new VtpmError('vtpm_state_invalid', `swtpm refused the state: ${messageOf(cause)}`, { cause });
  }
  return {
    process: tpm,
    transport,
    async powerCycle() {
      await control.init(true);
      await keep();
    },
    permanent: () => stateOf('permanent'),
    async volatile() {
      await control.storeVolatile();
      return stateOf('volatile');
    },
    finish,
    async bury() {
      control.close();
      await tpm.transport.close();
      await transport.close();
      await clean();
    },
  };
}
