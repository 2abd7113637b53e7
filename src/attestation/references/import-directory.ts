import { createHash } from 'node:crypto';
import { createReadStream, realpathSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import type { HashAlgorithm } from '../../base/index.js';
import type { ReferenceEntry } from './entry.js';
import { logPath } from './entry.js';
import { type ImportOptions, importedFields } from './reference-json.js';

export interface DirectoryOptions extends ImportOptions {
  readonly algorithm?: HashAlgorithm;
  /** Where the directory lies in the measured system; default `/`. */
  readonly mountedAt?: string;
}

/** Hexadecimal digest of a file, read in parts. */
export async function digestFile(file: string, algorithm: HashAlgorithm): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Regular files below a directory, such as an unpacked image, as good entries. Links are not followed: IMA logs the file
 * that they lead to.
 */
export async function* entriesOfDirectory(
  directory: string,
  options: DirectoryOptions = {},
): AsyncGenerator<ReferenceEntry> {
  const algorithm = options.algorithm ?? 'sha256';
  const fields = importedFields(options, 'directory');
  for await (const found of await opendir(directory, { recursive: true })) {
    if (!found.isFile()) continue;
    const file = join(found.parentPath, found.name);
    const inside = relative(directory, file).split(sep).join('/');
    const path = logPath(posix.join(options.mountedAt ?? '/', inside));
    yield { algorithm, digest: await digestFile(file, algorithm), path, status: 'good', ...fields };
  }
}

/** A single file as a good entry, at the place that IMA would log. */
export async function referenceOfFile(file: string, facts: ImportOptions): Promise<ReferenceEntry> {
  const path = logPath(realpathSync(file));
  return {
    algorithm: 'sha256',
    digest: await digestFile(file, 'sha256'),
    path,
    status: 'good',
    ...importedFields(facts, 'file'),
  };
}
