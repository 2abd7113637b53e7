import { TvdcError } from '../../base/index.js';

/**
 * Names of classes, properties, methods, qualifiers, namespaces are compared without case (DSP0004) but kept as
 * written. `foldName` gives the text under which two spellings are one.
 */
export function foldName(name: string): string {
  let folded = foldedNames.get(name);
  if (folded === undefined) {
    folded = name.toLowerCase();
    if (name.length <= longestRemembered) {
      if (foldedNames.size >= mostRemembered) foldedNames.clear();
      // A slice of a large text would keep all of it alive: the copy does not.
      foldedNames.set(Buffer.from(name).toString(), folded);
    }
  }
  return folded;
}

const longestRemembered = 128;
const mostRemembered = 20_000;
const foldedNames = new Map<string, string>();

export function sameName(a: string, b: string): boolean {
  return a === b || foldName(a) === foldName(b);
}

const identifier = /^[A-Za-z_\u0080-\uffef][A-Za-z0-9_\u0080-\uffef]*$/;

/** IDENTIFIER of DSP0004 Annex A. */
export function isCimName(text: string): boolean {
  return identifier.test(text);
}

/** Strips slashes at both ends and refuses empty parts: `/root/tvdc/` → `root/tvdc`. @throws TvdcError `bad_namespace` */
export function parseNamespace(text: string): string {
  const trimmed = text.replace(/^\/+|\/+$/g, '');
  if (trimmed === '' || !trimmed.split('/').every((part) => /^[^\s/:.,"]+$/.test(part))) {
    throw new TvdcError('bad_namespace', `not a namespace: "${text}"`);
  }
  return trimmed;
}
