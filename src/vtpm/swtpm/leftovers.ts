import { readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders of swtpm processes begin with it; each ends with its process. */
export const folderPrefix = 'tvdc-swtpm-';

/** A process that has just been started has no socket yet. */
const startsWithin = 60_000;

/** Whether somebody listens: a socket outlives the process that made it as a name only. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

/** Removes what a process left that was killed: states encrypted by a key that is gone. Folders of others stay. */
export async function clearLeftovers(): Promise<void> {
  const folders = (await readdir(tmpdir())).filter((name) => name.startsWith(folderPrefix));
  for (const name of folders) {
    const folder = join(tmpdir(), name);
    try {
      const { mtimeMs } = await stat(folder);
      if (Date.now() - mtimeMs < startsWithin || (await answers(join(folder, 'c')))) continue;
      await rm(folder, { recursive: true, force: true });
    } catch {
      // Another process was faster, or it is another user's.
    }
  }
}
