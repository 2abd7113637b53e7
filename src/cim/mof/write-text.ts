// Literals of MOF (DSP0004 Annex A), and lines of at most 80 columns.
import type { CimScalar, CimType } from '../model/index.js';
import { formatScalar } from '../model/index.js';

export const lineWidth = 80;

const escapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

const special = /[\u0000-\u001f"\\\u007f\ud800-\udfff]/;

function escapeCharacter(character: string): string {
  const simple = escapes[character];
  if (simple !== undefined) return simple;
  if (character.length > 1 || !special.test(character)) return character;
  return `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** One character literal. */
export function writeCharacter(character: string): string {
  return `'${character === "'" ? "\\'" : character === '"' ? '"' : escapeCharacter(character)}'`;
}

/** A text as string literals that are one when they stand side by side; each at most `width` columns where it can be. */
export function writeString(text: string, width: number): string[] {
  const room = Math.max(width - 2, 8);
  const out: string[] = [];
  let line = '';
  let lastBreak = 0;
  const flush = (upTo: number): void => {
    out.push(`"${line.slice(0, upTo)}"`);
    line = line.slice(upTo);
    lastBreak = 0;
  };
  for (const character of text) {
    const escaped = escapeCharacter(character);
    if (line.length + escaped.length > room && line !== '') flush(lastBreak > 0 ? lastBreak : line.length);
    line += escaped;
    if (character === ' ') lastBreak = line.length;
    if (character === '\n') flush(line.length);
  }
  if (line !== '' || out.length === 0) flush(line.length);
  return out;
}

/**
 * A value that is not NULL, not text and not an object.
 * @throws TvdcError `bad_value` for numbers that MOF cannot write (infinite, not a number)
 */
export function writePlain(type: CimType, value: CimScalar): string {
  const text = formatScalar(type, value);
  switch (type) {
    case 'boolean':
      return text;
    case 'datetime':
      return `"${text}"`;
    case 'char16':
      return writeCharacter(text);
    default:
      return text;
  }
}

/** One thing to write: pieces that may stand on lines of their own (a long text in parts), else one. */
export type Pieces = readonly string[];

/**
 * `head` + `open`, the items with commas, `close`, on one line if it fits, else filled into lines that are indented more.
 * @param indent columns before `head`, which the caller writes
 */
export function writeList(head: string, open: string, items: readonly Pieces[], close: string, indent: number): string {
  const last = items.length - 1;
  const whole = items.map((pieces, at) => pieces.join(' ') + (at < last ? ',' : ''));
  const gap = open === '{' ? ' ' : '';
  const flat = `${head}${open}${gap}${whole.join(' ')}${gap}${close}`;
  if (items.length === 0) return `${head}${open} ${close}`;
  if (indent + flat.length + 4 <= lineWidth) return flat;
  const margin = ' '.repeat(indent + 3);
  let out = `${head}${open}`;
  let column = lineWidth;
  items.forEach((pieces, at) => {
    pieces.forEach((piece, part) => {
      const text = piece + (part === pieces.length - 1 && at < last ? ',' : '');
      // Parts of one text stand below each other; short items share a line.
      if (column + 1 + text.length + 4 > lineWidth || part > 0) {
        out += `\n${margin}${text}`;
        column = margin.length + text.length;
      } else {
        out += ` ${text}`;
        column += 1 + text.length;
      }
    });
  });
  return `${out}${gap}${close}`;
}
