import { open, rename } from 'node:fs/promises';

/** Replaces a state file as a whole, mode 0600; it is on disk afterwards. */
export async function writeStateFile(path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
