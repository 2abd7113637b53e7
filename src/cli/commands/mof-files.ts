import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type CompileOptions,
  compileMof,
  createMapLoader,
  createMemorySource,
  decodeMof,
  formatDiagnostic,
  type MemorySource,
  type MofCompilation,
  type MofDiagnostic,
  type MofSource,
  readZip,
  schemaEntryFiles,
  type SourceLoader,
} from '../../cim/index.js';
import { DecodeError, messageOf } from '../../base/index.js';
import { readShippedMof } from '../../host/foundation/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { readBytes } from '../files.js';
import type { Streams } from '../output/index.js';

export interface MofOptions {
  readonly include?: readonly string[];
}

// What such an error says is that there is no such file.
const absent: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

function tryRead(path: string): MofSource | null {
  try {
    return decodeMof(path, readFileSync(path));
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code ?? '')) return null;
    return { name: path, text: '', fault: { offset: 0, message: messageOf(error) } };
  }
}

/** MOF files anywhere below the folders, by name without case; those of earlier folders first. */
function filesBelow(folders: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const name = basename(path).toLowerCase();
      if (name.endsWith('.mof') && !found.has(name)) found.set(name, resolve(folder, path));
    }
  }
  return found;
}

/**
 * Files of this machine: relative to the file that includes them, on the search path, among those of the product. Classes
 * are looked for on the search path and in all folders below it. A file that the command names must be there (UsageError).
 */
export function fileLoader(searchPath: readonly string[]): SourceLoader {
  const shipped = createMapLoader(readShippedMof());
  const search = (name: string): MofSource | null => {
    for (const folder of searchPath) {
      const found = tryRead(resolve(folder, name));
      if (found !== null) return found;
    }
    return null;
  };
  let below: ReadonlyMap<string, string> | null = null;
  const searchBelow = (file: string): MofSource | null => {
    below ??= filesBelow(searchPath);
    const path = below.get(file.toLowerCase());
    return path === undefined ? null : tryRead(path);
  };
  return {
    load: (name, from) =>
      tryRead(from === null ? resolve(name) : resolve(dirname(from.name), name)) ??
      search(name) ??
      (from === null ? decodeMof(name, readBytes(name)) : shipped.load(name, null)),
    findClass: (className) => search(`${className}.mof`) ?? searchBelow(`${className}.mof`),
  };
}

/** The DMTF's qualifier types as MOF. */
export function standardQualifiers(): MofSource | null {
  return createMapLoader(readShippedMof()).load('qualifiers.mof', null);
}

/** The same compiled, for texts that take them for granted. */
export function standardQualifierTypes(): MemorySource {
  const source = standardQualifiers();
  const compiled = source === null ? [] : compileMof(createMapLoader(new Map()), [source]).namespaces;
  return createMemorySource(
    [],
    compiled.flatMap((unit) => unit.qualifierTypes),
  );
}

/** How much was compiled. */
export function countsOf(compiled: MofCompilation): { readonly classes: number; readonly instances: number } {
  let classes = 0;
  let instances = 0;
  for (const unit of compiled.namespaces) {
    classes += unit.classes.length;
    instances += unit.instances.length;
  }
  return { classes, instances };
}

/** A schema as the DMTF publishes it: a ZIP archive, or a folder with it unpacked. */
export interface SchemaFiles {
  readonly loader: SourceLoader;
  /** The files to begin with. */
  readonly main: readonly string[];
  /** The archive, where it is one. */
  readonly archive?: Uint8Array;
}

function schemaFiles(files: ReadonlyMap<string, string | Uint8Array>, what: string): SchemaFiles {
  const main = schemaEntryFiles(files);
  if (main.length === 0) throw new UsageError(`${what} holds no MOF file`);
  return { loader: createMapLoader(files), main };
}

/** Reads `FILE.zip` or a folder. @throws UsageError, TvdcError for a bad archive */
function unzip(path: string, archive: Uint8Array): ReturnType<typeof readZip> {
  try {
    return readZip(archive);
  } catch (error) {
    if (error instanceof DecodeError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

export function readSchemaFiles(path: string): SchemaFiles {
  const files = new Map<string, string | Uint8Array>();
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) {
    for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
      if (name.toLowerCase().endsWith('.mof')) files.set(name.replaceAll('\\', '/'), readFileSync(join(path, name)));
    }
  } else {
    const archive = readBytes(path);
    for (const [name, bytes] of unzip(path, archive)) files.set(name, bytes);
    return { ...schemaFiles(files, path), archive };
  }
  return schemaFiles(files, path);
}

/** Says what is wrong, on the notes. */
export function tellDiagnostics(streams: Streams, diagnostics: readonly MofDiagnostic[]): void {
  for (const diagnostic of diagnostics) streams.notes.write(`${formatDiagnostic(diagnostic)}\n`);
}

/** Compiles and says what is wrong. @throws Exit 1 with errors */
export function compileFiles(
  streams: Streams,
  loader: SourceLoader,
  files: readonly (string | MofSource)[],
  options: CompileOptions = {},
): MofCompilation {
  const compiled = compileMof(loader, files, options);
  tellDiagnostics(streams, [...compiled.errors, ...compiled.warnings]);
  if (compiled.errors.length > 0) throw new Exit(exitStatus.no);
  return compiled;
}
