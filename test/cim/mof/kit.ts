import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type CompiledNamespace,
  type CompileOptions,
  compileMof,
  compileMofStrictly,
  createMapLoader,
  type MofCompilation,
} from '../../../src/cim/mof/index.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Every file of the shipped folder `mof/`, by its name there. */
export function shippedFiles(): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, 'mof', folder), { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      else files.set(name, readFileSync(join(root, 'mof', name), 'utf8'));
    }
  };
  walk('');
  return files;
}

export const shippedLoader = createMapLoader(shippedFiles());

/** Compiles one text, with the shipped qualifier types before it. */
export function compileText(text: string, options: CompileOptions = {}): MofCompilation {
  return compileMof(shippedLoader, ['qualifiers.mof', { name: 'test.mof', text }], options);
}

/** As `compileText`, for a text that must be right. */
export function compileGood(text: string, options: CompileOptions = {}): CompiledNamespace {
  const [namespace] = compileMofStrictly(
    shippedLoader,
    ['qualifiers.mof', { name: 'test.mof', text }],
    options,
  ).namespaces;
  if (namespace === undefined) throw new Error('nothing was compiled');
  return namespace;
}

/** The messages of the errors in a text. */
export function errorsIn(text: string): string[] {
  return compileText(text).errors.map(({ message }) => message);
}
