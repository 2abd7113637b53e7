import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKeyFile, type StateVault } from '../state/index.js';
import { tpm20Family } from './family.js';
import { folderPrefix } from './leftovers.js';
import { startSwtpm } from './process.js';

/**
 * Brings a TPM into the vault that an earlier version left to swtpm's own files: a folder for each, the key beside them.
 * Nothing happens where there is none.
 * @param former name of its folder
 */
export async function adoptFormerState(
  folder: string,
  former: string,
  vault: StateVault,
  uuid = former,
): Promise<void> {
  if (vault.has(uuid)) return;
  const state = join(folder, former);
  const has = (name: string): Promise<boolean> =>
    access(join(state, name)).then(
      () => true,
      () => false,
    );
  if (!(await has('tpm2-00.permall'))) return;
  const key = await readKeyFile(join(folder, 'state.key'));
  if (key === null) return;
  const suspended = await has('tpm2-00.volatilestate');
  const sockets = await mkdtemp(join(tmpdir(), folderPrefix));
  try {
    const tpm = await startSwtpm({ family: tpm20Family, sockets, state, key });
    try {
      await tpm.control.init(false);
      const permanent = await tpm.control.getState('permanent');
      const volatile = suspended ? await tpm.control.getState('volatile') : null;
      if (permanent !== null) await vault.save(uuid, permanent, volatile);
    } finally {
      await tpm.end();
    }
  } finally {
    await rm(sockets, { recursive: true, force: true });
  }
  if (vault.has(uuid)) await rm(state, { recursive: true });
}
