import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageFolder } from '../../base/index.js';
import { builtinMofFiles, compileMofStrictly, createMapLoader, verifierMofFile } from '../../cim/index.js';
import type { Repository } from '../../cimom/repository/index.js';
import type { Store } from '../../store/index.js';

const stampKey = 'builtin-schema';

/** The MOF files that come with the package, by name. */
export function readShippedMof(): ReadonlyMap<string, string> {
  const mofFolder = join(packageFolder(), 'mof');
  const files = new Map<string, string>();
  for (const entry of readdirSync(mofFolder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.mof')) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(relative(mofFolder, path).replaceAll('\\', '/'), readFileSync(path, 'utf8'));
  }
  return files;
}

/** Whose object manager it is: a verifier has the classes of verdicts besides. */
export type Personality = 'host' | 'verifier';

/**
 * Brings the shipped classes into the repository: at the first start, and again after the shipped files have changed. Classes
 * of others stay; ours are merged over them.
 */
export async function loadShippedSchema(store: Store, repository: Repository, personality: Personality): Promise<void> {
  const files = readShippedMof();
  const digest = createHash('sha256').update(personality);
  for (const [name, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) digest.update(`\0${name}\0${text}`);
  const stamp = digest.digest('hex');
  if (store.get('repository', stampKey) === stamp) return;
  const loader = createMapLoader(files);
  for (const [namespace, file] of Object.entries(builtinMofFiles)) {
    const main = personality === 'verifier' && namespace === 'root/tvdc' ? verifierMofFile : file;
    const compiled = compileMofStrictly(loader, [main], { namespace });
    for (const unit of compiled.namespaces) {
      const space = repository.space(unit.name) ?? (await repository.createNamespace(unit.name));
      await space.importSchema(unit);
    }
  }
  await store.transaction((tx) => tx.put('repository', stampKey, stamp));
}
