import { decodeText, type MofText } from './decode-text.js';

/** A MOF text and the name under which errors mention it. */
export interface MofSource extends MofText {
  /** Unique within a compilation: the same name is compiled once for each namespace. */
  readonly name: string;
}

/** A MOF file from its bytes. */
export function decodeMof(name: string, content: Uint8Array): MofSource {
  return { name, ...decodeText(content) };
}

/** Where MOF texts come from: files, an archive, memory. */
export interface SourceLoader {
  /**
   * The text of a file named on the command line or by `#pragma include`.
   * @param from source that includes it, for names relative to it; null for a file named by the caller
   * @returns null where neither that place nor the search path has it
   */
  load(name: string, from: MofSource | null): MofSource | null;
  /** The text that declares a class that was named but not declared: `CIM_Foo.mof` on the search path. Null: not found. */
  findClass(className: string): MofSource | null;
}

function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.replace(/\\/g, '/').split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * A loader over texts in memory, as of an archive. File names use `/` and no drive; `searchPath` holds folders ('' is the
 * top). A file is looked for beside the text that includes it, in `searchPath`, then in any folder; a class as `Name.mof`.
 */
export function createMapLoader(
  files: ReadonlyMap<string, string | Uint8Array>,
  searchPath: readonly string[] = [''],
): SourceLoader {
  const names = new Map([...files.keys()].map((name) => [normalizePath(name).toLowerCase(), name]));
  const byBase = new Map<string, string[]>();
  for (const name of files.keys()) {
    const base = baseName(name).toLowerCase();
    const known = byBase.get(base);
    if (known === undefined) byBase.set(base, [name]);
    else known.push(name);
  }
  const read = (path: string): MofSource | null => {
    const name = names.get(normalizePath(path).toLowerCase());
    if (name === undefined) return null;
    const content = files.get(name) ?? '';
    return typeof content === 'string' ? { name, text: content } : decodeMof(name, content);
  };
  const search = (name: string): MofSource | null => {
    for (const folder of searchPath) {
      const found = read(`${folder}/${name}`);
      if (found !== null) return found;
    }
    return null;
  };
  const anywhere = (name: string): MofSource | null => {
    const end = `/${normalizePath(name).toLowerCase()}`;
    const found = byBase.get(baseName(end))?.find((path) => `/${normalizePath(path).toLowerCase()}`.endsWith(end));
    return found === undefined ? null : read(found);
  };
  return {
    load(name, from) {
      const folder = from === null ? '' : from.name.slice(0, from.name.lastIndexOf('/') + 1);
      return read(folder + name) ?? search(name) ?? (from === null ? null : anywhere(name));
    },
    findClass(className) {
      const file = `${className}.mof`;
      return search(file) ?? anywhere(file);
    },
  };
}
