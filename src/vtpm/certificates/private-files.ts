import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/index.js';
import { CertificateError } from './errors.js';

/** Contents of a file; null when there is none. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CertificateError('key_unreadable', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Replaces a file as a whole, readable by its owner only unless `mode` says otherwise. The new content is on disk afterwards. */
export async function writePrivateFile(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, mode);
  await rename(temporary, path);
}

/** Path of a file below a folder. */
export function pathIn(folder: string, name: string): string {
  return join(folder, name);
}
