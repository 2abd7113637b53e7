import { decodeText } from './decode-text.js';

const includePragma = /#pragma\s+include\s*\(\s*"([^"]+)"/gi;

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase();
}

function textOf(content: string | Uint8Array): string {
  return typeof content === 'string' ? content : decodeText(content).text;
}

function depthOf(name: string): number {
  return name.split('/').length;
}

/**
 * The files with which the compilation of a published schema begins: of the `.mof` files in the uppermost folder those that
 * include others and are included by none; where there are none, every `.mof` file.
 */
export function schemaEntryFiles(files: ReadonlyMap<string, string | Uint8Array>): readonly string[] {
  const all = [...files.keys()].filter((name) => /\.mof$/i.test(name));
  const top = Math.min(...all.map(depthOf));
  const included = new Set<string>();
  const including: string[] = [];
  for (const name of all) {
    if (depthOf(name) !== top) continue;
    const names = [...textOf(files.get(name) ?? '').matchAll(includePragma)].map((match) => baseName(match[1] ?? ''));
    for (const one of names) included.add(one);
    if (names.length > 0) including.push(name);
  }
  const entries = including.filter((name) => !included.has(baseName(name)));
  return entries.length > 0 ? entries : all;
}
