// ValueMap and Values: DSP0004 5.6.3.63 and 5.6.3.64.
import { type CimQualifier, type CimValue, qualifierValue } from '../model/index.js';

/** One line of the table: `from` and `to` null where the range is open; both null for the entry `..` (everything else). */
export interface ValueMapEntry {
  readonly from: bigint | null;
  readonly to: bigint | null;
  /** The ValueMap item itself: the value of string elements. */
  readonly map: string;
  readonly text: string;
}

/** Values and their names, both ways. */
export interface ValueMapping {
  readonly entries: readonly ValueMapEntry[];
  /** Name of a value; null where there is none. */
  textOf(value: CimValue): string | null;
  /** The entry of that name, without case; undefined where there is none. */
  entryOf(text: string): ValueMapEntry | undefined;
  /** The one value of that name: an integer, or for string elements the text; undefined for a range or an unknown name. */
  valueOf(text: string): bigint | string | undefined;
}

interface Element {
  readonly type?: string;
  readonly returnType?: string;
  readonly qualifiers: readonly CimQualifier[];
}

const item = /^\s*(-?(?:0[xX][0-9a-fA-F]+|[0-9]+))?\s*(\.\.)?\s*(-?(?:0[xX][0-9a-fA-F]+|[0-9]+))?\s*$/;

function toBigInt(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

function toEntry(map: string, text: string, numeric: boolean): ValueMapEntry {
  const match = numeric ? item.exec(map) : null;
  if (match === null) return { from: null, to: null, map, text };
  const [, from, dots, to] = match;
  if (dots === undefined) {
    const only = from === undefined ? null : toBigInt(from);
    return { from: only, to: only, map, text };
  }
  return { from: from === undefined ? null : toBigInt(from), to: to === undefined ? null : toBigInt(to), map, text };
}

class Mapping implements ValueMapping {
  readonly entries: readonly ValueMapEntry[];
  readonly #numeric: boolean;
  readonly #exact = new Map<bigint | string, ValueMapEntry>();
  readonly #ranges: ValueMapEntry[] = [];
  readonly #names = new Map<string, ValueMapEntry>();
  readonly #rest: ValueMapEntry | undefined;

  constructor(entries: readonly ValueMapEntry[], numeric: boolean) {
    this.entries = entries;
    this.#numeric = numeric;
    this.#rest = entries.find((entry) => entry.map.trim() === '..');
    for (const entry of entries) {
      const name = entry.text.toLowerCase();
      if (!this.#names.has(name)) this.#names.set(name, entry);
      if (entry === this.#rest) continue;
      if (!numeric) this.#exact.set(entry.map, entry);
      else if (entry.from !== null && entry.from === entry.to) this.#exact.set(entry.from, entry);
      else if (entry.from !== null || entry.to !== null) this.#ranges.push(entry);
    }
  }

  textOf(value: CimValue): string | null {
    if (typeof value === 'string') return this.#numeric ? null : (this.#exact.get(value)?.text ?? null);
    if (typeof value !== 'number' && typeof value !== 'bigint') return null;
    if (!this.#numeric || (typeof value === 'number' && !Number.isInteger(value))) return null;
    const integer = BigInt(value);
    const exact = this.#exact.get(integer);
    if (exact !== undefined) return exact.text;
    const range = this.#ranges.find(
      ({ from, to }) => (from === null || integer >= from) && (to === null || integer <= to),
    );
    return (range ?? this.#rest)?.text ?? null;
  }

  entryOf(text: string): ValueMapEntry | undefined {
    return this.#names.get(text.toLowerCase());
  }

  valueOf(text: string): bigint | string | undefined {
    const entry = this.entryOf(text);
    if (entry === undefined) return undefined;
    if (!this.#numeric) return entry.map;
    return entry.from !== null && entry.from === entry.to ? entry.from : undefined;
  }
}

function texts(element: Element, name: string): readonly string[] | null {
  const value = qualifierValue(element, name);
  return Array.isArray(value) ? value.map((entry) => (typeof entry === 'string' ? entry : '')) : null;
}

/**
 * The table of a property, method or parameter; null where it has no Values. Without ValueMap the values are the places of
 * the names, from 0. Ranges: `5..9`, `..4`, `10..`, and `..` for what no other entry covers.
 */
export function valueMapOf(element: Element): ValueMapping | null {
  const names = texts(element, 'Values');
  const maps = texts(element, 'ValueMap');
  if (names === null) return null;
  const numeric = !['string', 'char16'].includes(element.type ?? element.returnType ?? '');
  return new Mapping(
    names.map((text, at) => toEntry(maps === null ? String(at) : (maps[at] ?? ''), text, numeric)),
    numeric,
  );
}
