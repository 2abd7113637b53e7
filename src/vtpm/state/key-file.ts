import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fromHex, type Randomness, toHex } from '../../base/index.js';
import { VtpmError } from '../errors.js';

/** Octets of a key that encrypts states. */
export const stateKeySize = 32;

/** The key of a file; null when there is none. @throws VtpmError `vtpm_state_invalid` */
export async function readKeyFile(path: string): Promise<Uint8Array | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const digits = text.trim();
  if (!/^[0-9a-f]{64}$/i.test(digits)) {
    throw new VtpmError('vtpm_state_invalid', `${path} holds no key of ${stateKeySize} octets`);
  }
  return fromHex(digits);
}

/** Writes a new key file, mode 0600, in hexadecimal digits. @throws the error of the system when it exists */
export async function writeKeyFile(path: string, key: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(toHex(key));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** The key of a file, which is made when there is none. @throws VtpmError `vtpm_state_invalid` */
export async function openKeyFile(path: string, randomness: Randomness): Promise<Uint8Array> {
  const found = await readKeyFile(path);
  if (found !== null) return found;
  const key = randomness.bytes(stateKeySize);
  await writeKeyFile(path, key);
  return key;
}
