import { ParseError } from '../../base/index.js';

/** A regular expression as a tree; sets hold ranges of UTF-16 units, both ends included. */
export type PatternNode =
  | { readonly kind: 'set'; readonly ranges: readonly (readonly [number, number])[]; readonly negated: boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly from: number; readonly to: number | null }
  | { readonly kind: 'start' | 'end' };

const classes: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  d: [[48, 57]],
  w: [
    [48, 57],
    [65, 90],
    [95, 95],
    [97, 122],
  ],
  s: [
    [9, 13],
    [32, 32],
  ],
};
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 };
const maxRepeat = 256;
const maxDepth = 64;

/** Reads the usual regular expression syntax without look-around and back references, which have no linear time. */
class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw this.#bad('unexpected )');
    return node;
  }

  #bad(what: string): ParseError {
    return new ParseError('bad_pattern', what, { line: 1, column: this.#at + 1 });
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #eat(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #choice(): PatternNode {
    if (++this.#depth > maxDepth) throw this.#bad('groups nested too deeply');
    const parts = [this.#sequence()];
    while (this.#eat('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? (parts[0] as PatternNode) : { kind: 'choice', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      parts.push(this.#repeated());
    }
    return { kind: 'sequence', parts };
  }

  #repeated(): PatternNode {
    const part = this.#atom();
    const bounds = this.#quantifier();
    if (bounds === null) return part;
    this.#eat('?');
    if (this.#quantifier() !== null) throw this.#bad('nothing to repeat');
    return { kind: 'repeat', part, ...bounds };
  }

  #quantifier(): { readonly from: number; readonly to: number | null } | null {
    if (this.#eat('*')) return { from: 0, to: null };
    if (this.#eat('+')) return { from: 1, to: null };
    if (this.#eat('?')) return { from: 0, to: 1 };
    const match = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.#text.slice(this.#at, this.#at + 12));
    if (match === null) return null;
    this.#at += match[0].length;
    const from = Number(match[1]);
    const to = match[2] === undefined ? from : match[3] === '' ? null : Number(match[3]);
    if (from > maxRepeat || (to ?? 0) > maxRepeat || (to !== null && to < from)) throw this.#bad('repeated too often');
    return { from, to };
  }

  #atom(): PatternNode {
    if (this.#eat('(')) {
      if (this.#peek() === '?' && !this.#eat('?:')) throw this.#bad('look-around is not supported');
      const node = this.#choice();
      if (!this.#eat(')')) throw this.#bad('expected )');
      return node;
    }
    if (this.#eat('[')) return this.#class();
    if (this.#eat('.')) return { kind: 'set', ranges: [[10, 10]], negated: true };
    if (this.#eat('^')) return { kind: 'start' };
    if (this.#eat('$')) return { kind: 'end' };
    if (this.#eat('\\')) return this.#escape();
    const next = this.#peek() as string;
    if ('*+?'.includes(next)) throw this.#bad('nothing to repeat');
    this.#at++;
    const code = next.charCodeAt(0);
    return { kind: 'set', ranges: [[code, code]], negated: false };
  }

  #escape(): PatternNode & { kind: 'set' } {
    const next = this.#peek();
    if (next === undefined) throw this.#bad('expected a character after \\');
    this.#at++;
    const ranges = classes[next.toLowerCase()];
    if (ranges !== undefined) return { kind: 'set', ranges, negated: next !== next.toLowerCase() };
    if (/[1-9A-Za-z]/.test(next) && controls[next] === undefined) throw this.#bad(`\\${next} is not supported`);
    const code = controls[next] ?? next.charCodeAt(0);
    return { kind: 'set', ranges: [[code, code]], negated: false };
  }

  #class(): PatternNode {
    const negated = this.#eat('^');
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const from = this.#member();
      if (this.#peek() === '-' && this.#text[this.#at + 1] !== ']' && from.length === 1) {
        this.#at++;
        const [to] = this.#member();
        const low = (from[0] as readonly [number, number])[0];
        if (to === undefined || to[0] < low) throw this.#bad('range out of order');
        ranges.push([low, to[0]]);
      } else ranges.push(...from);
    }
    this.#at++;
    return { kind: 'set', ranges, negated };
  }

  #member(): readonly (readonly [number, number])[] {
    const next = this.#peek();
    if (next === undefined) throw this.#bad('expected ]');
    if (this.#eat('\\')) {
      const set = this.#escape();
      if (set.negated) throw this.#bad('a negated class within [] is not supported');
      return set.ranges;
    }
    this.#at++;
    const code = next.charCodeAt(0);
    return [[code, code]];
  }
}

/** @throws ParseError `bad_pattern` */
export function parsePattern(text: string): PatternNode {
  return new Reader(text).read();
}
