import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let found: string | undefined;

/** Folder of this package as it is installed: where its `package.json` and its `mof` are. */
export function packageFolder(): string {
  if (found !== undefined) return found;
  let folder = dirname(fileURLToPath(import.meta.url));
  // The depth at which this code lies is the build's affair.
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  found = folder;
  return folder;
}

/** Name and version, `M.N.U`, of this package. */
export function packageIdentity(): { readonly name: string; readonly version: string } {
  return JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { name: string; version: string };
}
