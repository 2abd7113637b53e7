import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The folder of reference data beside the repository, null where there is none. */
export function sharedFolder(): string | null {
  const folder = join(root, '..', 'shared');
  return existsSync(join(folder, 'data')) ? folder : null;
}
