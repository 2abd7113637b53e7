import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { dirname, join, posix, relative, sep } from 'node:path';
import { messageOf } from '../../base/index.js';
import { ReferenceError } from './database.js';
import { logPath, type ReferenceEntry } from './entry.js';
import { digestFile } from './import-directory.js';

export interface PackageOptions {
  /** What stands as `source` in the entries. */
  readonly source?: string;
  /** Where the package lies in the measured system; default: where it lies here. */
  readonly installedAt?: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    if (typeof manifest.name === 'string' && typeof manifest.version === 'string') return manifest;
  } catch (error) {
    throw new ReferenceError('bad_import', `${folder} is no installed package: ${messageOf(error)}`, { cause: error });
  }
  throw new ReferenceError('bad_import', `${folder} is no installed package: its manifest names no version`);
}

/** Where a package finds a dependency, as Node looks for it; null where it is not installed. */
function resolveFrom(folder: string, name: string): string | null {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(at, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (dirname(at) === at) return null;
  }
}

/** The package and what it needs to run, each once. */
function closureOf(folder: string): ReadonlyMap<string, Manifest> {
  const found = new Map<string, Manifest>();
  const open = [realpathSync(folder)];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (found.has(at)) continue;
    const manifest = manifestOf(at);
    found.set(at, manifest);
    const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    for (const name of names) {
      const place = resolveFrom(at, name);
      if (place !== null) open.push(place);
      else if (manifest.optionalDependencies?.[name] === undefined) {
        throw new ReferenceError('bad_import', `${manifest.name} needs ${name}, which is not installed`);
      }
    }
  }
  return found;
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  const names: string[] = [];
  for await (const { name } of await opendir(folder)) names.push(name);
  for (const name of names.sort()) {
    const file = join(folder, name);
    if (name === 'node_modules') continue;
    const facts = statSync(file, { throwIfNoEntry: false });
    if (facts?.isDirectory() === true) yield* filesBelow(file);
    else if (facts?.isFile() === true) yield file;
  }
}

/** Files that an installation has: those that the manifest lists, in a checkout too, or all. */
async function* filesOf(folder: string, { files }: Manifest): AsyncGenerator<string> {
  if (files === undefined) {
    yield* filesBelow(folder);
    return;
  }
  yield join(folder, 'package.json');
  for (const item of files) {
    const place = join(folder, item);
    const facts = statSync(place, { throwIfNoEntry: false });
    if (facts?.isDirectory() === true) yield* filesBelow(place);
    else if (facts?.isFile() === true && item !== 'package.json') yield place;
  }
}

/**
 * The files of an installed npm package and of all that it needs to run, as good entries with the name and version of the
 * package that each belongs to.
 * @param folder where its package.json lies
 * @throws ReferenceError `bad_import` where there is no package, or a dependency is missing
 */
export async function* entriesOfPackage(folder: string, options: PackageOptions = {}): AsyncGenerator<ReferenceEntry> {
  const root = realpathSync(folder);
  const installedAt = options.installedAt ?? root;
  for (const [place, manifest] of closureOf(root)) {
    // The root's manifest says what belongs to it; those of dependencies are installed already.
    const chosen = place === root ? manifest : { name: manifest.name, version: manifest.version };
    for await (const file of filesOf(place, chosen)) {
      const inside = relative(root, realpathSync(file)).split(sep).join('/');
      yield {
        algorithm: 'sha256',
        digest: await digestFile(file, 'sha256'),
        path: logPath(posix.join(installedAt, inside)),
        status: 'good',
        package: manifest.name,
        version: manifest.version,
        source: options.source ?? 'package',
      };
    }
  }
}
