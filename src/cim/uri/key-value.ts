import type { CimType, KeyValue } from '../model/index.js';
import type { Cursor } from './cursor.js';

/** A key value as it was spelt, before anybody asks whether a quoted text names an instance. */
export interface LiteralKey {
  readonly type: CimType | null;
  readonly value: KeyValue;
  readonly quoted: boolean;
}

const integer = /^[+-]?[0-9]+$/;
const hexadecimal = /^([+-]?)(0[xX][0-9a-fA-F]+)$/;
const binary = /^([+-]?)([01]+)[bB]$/;
const real = /^[+-]?[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?$/;
const bareText = /[^,]*/y;

function signed(sign: string, magnitude: bigint): bigint {
  return sign === '-' ? -magnitude : magnitude;
}

function readQuoted(cursor: Cursor, quote: string): string {
  const opened = cursor.at;
  const text = cursor.text;
  let out = '';
  let from = ++cursor.at;
  for (; cursor.at < text.length; cursor.at++) {
    const character = text[cursor.at];
    if (character === '\\') {
      const escaped = text[cursor.at + 1];
      if (escaped === undefined) break;
      out += text.slice(from, cursor.at) + escaped;
      cursor.at++;
      from = cursor.at + 1;
    } else if (character === quote) {
      out += text.slice(from, cursor.at);
      cursor.at++;
      return out;
    }
  }
  throw cursor.fail(`expected a closing ${quote}`, opened);
}

/** The value of unquoted text by its look (DSP0004 integer, real and boolean spellings); other text stays text. */
export function bareValue(text: string): LiteralKey {
  if (integer.test(text)) return { type: null, value: BigInt(text.replace('+', '')), quoted: false };
  const folded = text.toLowerCase();
  if (folded === 'true' || folded === 'false') return { type: 'boolean', value: folded === 'true', quoted: false };
  const hex = hexadecimal.exec(text);
  if (hex) return { type: null, value: signed(hex[1] as string, BigInt(hex[2] as string)), quoted: false };
  const bits = binary.exec(text);
  if (bits) return { type: null, value: signed(bits[1] as string, BigInt(`0b${bits[2]}`)), quoted: false };
  if (real.test(text)) return { type: null, value: Number(text), quoted: false };
  return { type: null, value: text, quoted: false };
}

/** Reads one key value: `"text"`, `'c'`, a number, TRUE or FALSE, or (as wbemcli allows) bare text up to the next comma. */
export function readKeyValue(cursor: Cursor): LiteralKey {
  const first = cursor.peek();
  if (first === '"') return { type: null, value: readQuoted(cursor, '"'), quoted: true };
  if (first === "'") {
    const opened = cursor.at;
    const value = readQuoted(cursor, "'");
    if (value.length !== 1) throw cursor.fail("expected one character between '", opened);
    return { type: 'char16', value, quoted: true };
  }
  return bareValue(cursor.match(bareText) ?? '');
}
