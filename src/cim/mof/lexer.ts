import { MofFault } from './diagnostic.js';

/** Kinds of token; punctuation is its own character code. */
export const token = {
  end: 0,
  identifier: 1,
  string: 2,
  integer: 3,
  real: 4,
  character: 5,
  alias: 6,
  pragma: 7,
} as const;

const newline = 10;
const carriageReturn = 13;
const quote = 34;
const apostrophe = 39;
const slash = 47;
const backslash = 92;

// 1 begins an identifier, 2 continues one (a digit), 3 is blank, 0 anything else; beyond the table: a letter.
const classes = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_]/.test(character)) classes[code] = 1;
  else if (/[0-9]/.test(character)) classes[code] = 2;
  else if (/[ \t\r\n\f\v]/.test(character)) classes[code] = 3;
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

// A line may end by CR alone; looking for that is for the texts that have it.
const lineEnd = /[\r\n]/g;

function endOfLine(source: string, from: number): number {
  lineEnd.lastIndex = from;
  return lineEnd.test(source) ? lineEnd.lastIndex : source.length;
}

const number = /[+-]?(?:0[xX][0-9a-fA-F]+|[01]+[bB](?![0-9A-Za-z_])|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+)/y;
const longestNumber = 512;

/** Reads a text token by token: `next()` fills `kind`, `start`, `text` or `value`. One pass, no token objects. */
export class Lexer {
  readonly source: string;
  kind: number = token.end;
  /** Offset of the current token. */
  start = 0;
  /** Identifier, alias or pragma name as spelt; value of a string or character. */
  text = '';
  value: number | bigint = 0;
  /** Braces that are open behind the current token. */
  depth = 0;
  #at = 0;
  readonly #names: Map<string, string>;

  /** @param names names met so far; texts that share it share their names */
  constructor(source: string, names = new Map<string, string>()) {
    this.source = source;
    this.#names = names;
    this.#at = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  }

  /** Offset behind the current token. */
  get end(): number {
    return this.#at;
  }

  next(): void {
    const source = this.source;
    let at = this.#skip();
    this.start = at;
    if (at >= source.length) {
      this.kind = token.end;
      return;
    }
    const code = source.charCodeAt(at);
    const kind = code < 128 ? (classes[code] as number) : 1;
    if (kind === 1) {
      this.kind = token.identifier;
      this.text = this.#identifier(at);
    } else if (code === quote) {
      this.kind = token.string;
      this.text = this.#string();
    } else if (kind === 2 || code === 43 || code === 45 || code === 46) {
      this.#number(at);
    } else if (code === apostrophe) {
      this.#character();
    } else if (code === 36) {
      this.kind = token.alias;
      this.text = this.#identifier(++at);
      if (this.text === '') throw new MofFault('expected a name after $', this.start);
    } else if (code === 35) {
      this.#pragma(at);
    } else {
      this.kind = code;
      this.#at = at + 1;
      if (code === 123) this.depth++;
      else if (code === 125 && this.depth > 0) this.depth--;
    }
  }

  /** Behind blanks and comments. */
  #skip(): number {
    const source = this.source;
    let at = this.#at;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code < 128 && classes[code] === 3) {
        at++;
      } else if (code === slash && source.charCodeAt(at + 1) === slash) {
        at = endOfLine(source, at);
      } else if (code === slash && source.charCodeAt(at + 1) === 42) {
        const end = source.indexOf('*/', at + 2);
        if (end < 0) {
          this.#at = source.length;
          throw new MofFault('this comment is never closed', at);
        }
        at = end + 2;
      } else {
        this.#at = at;
        return at;
      }
    }
  }

  #identifier(from: number): string {
    const source = this.source;
    let at = from;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code < 128 ? classes[code] === 1 || classes[code] === 2 : code >= 128) at++;
      else break;
    }
    this.#at = at;
    const text = source.slice(from, at);
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    this.#names.set(text, text);
    return text;
  }

  #string(): string {
    let text = this.#segment();
    // Adjacent literals are one (DSP0004 Annex A, stringValue).
    for (;;) {
      const end = this.#at;
      if (this.source.charCodeAt(this.#skip()) !== quote) {
        this.#at = end;
        return text;
      }
      text += this.#segment();
    }
  }

  #segment(): string {
    const source = this.source;
    const from = this.#at + 1;
    let at = from;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code === quote) {
        this.#at = at + 1;
        return source.slice(from, at);
      }
      if (code === backslash) return this.#escapedSegment(from, at);
      if (code === newline || code === carriageReturn || at >= source.length) {
        this.#at = at;
        throw new MofFault('this string is not closed on its line', from - 1);
      }
      at++;
    }
  }

  #escapedSegment(from: number, firstEscape: number): string {
    const source = this.source;
    let text = source.slice(from, firstEscape);
    let at = firstEscape;
    let plain = at;
    let fault: MofFault | null = null;
    for (;;) {
      const code = source.charCodeAt(at);
      if (code === backslash) {
        try {
          text += source.slice(plain, at) + this.#escape(at);
        } catch (unknown) {
          // What follows is still this string: it is told at its end.
          fault ??= unknown as MofFault;
        }
        at = plain = this.#at;
      } else if (code === quote) {
        this.#at = at + 1;
        if (fault !== null) throw fault;
        return text + source.slice(plain, at);
      } else if (code === newline || code === carriageReturn || at >= source.length) {
        this.#at = at;
        throw new MofFault('this string is not closed on its line', from - 1);
      } else {
        at++;
      }
    }
  }

  /** The character that an escape stands for; `#at` is behind it afterwards. */
  #escape(at: number): string {
    const source = this.source;
    const letter = source.charAt(at + 1);
    const simple = escapes[letter];
    if (simple !== undefined) {
      this.#at = at + 2;
      return simple;
    }
    if (letter === 'x' || letter === 'X') {
      let end = at + 2;
      while (end < at + 6 && /[0-9a-fA-F]/.test(source.charAt(end))) end++;
      if (end > at + 2) {
        this.#at = end;
        return String.fromCharCode(Number.parseInt(source.slice(at + 2, end), 16));
      }
    }
    // An escape does not swallow the end of a line.
    const ends = letter === '' || letter === '\n' || letter === '\r';
    this.#at = ends ? at + 1 : at + 2;
    throw new MofFault(ends ? 'a backslash at the end of a line' : `unknown escape \\${letter}`, at);
  }

  #character(): void {
    const source = this.source;
    const at = this.#at + 1;
    this.kind = token.character;
    if (source.charCodeAt(at) === backslash) {
      this.text = this.#escape(at);
    } else {
      this.text = source.charAt(at);
      this.#at = at + 1;
    }
    if (source.charCodeAt(this.#at) !== apostrophe || (this.text === "'" && source.charCodeAt(at) !== backslash)) {
      throw new MofFault('expected one character between apostrophes', this.start);
    }
    this.#at++;
  }

  #number(at: number): void {
    number.lastIndex = at;
    const match = number.exec(this.source);
    const text = match?.[0];
    if (text === undefined) {
      this.kind = this.source.charCodeAt(at);
      this.#at = at + 1;
      return;
    }
    this.#at = at + text.length;
    const following = this.source.charCodeAt(this.#at);
    if (following >= 128 || classes[following] === 1 || classes[following] === 2) {
      throw new MofFault(`not a number: ${text}${this.source.charAt(this.#at)}`, at);
    }
    if (text.length > longestNumber) throw new MofFault('this number is too long', at);
    if (text.includes('.')) {
      this.kind = token.real;
      this.value = Number(text);
      return;
    }
    this.kind = token.integer;
    this.value = toInteger(text, at);
  }

  #pragma(at: number): void {
    const name = this.#identifier(at + 1);
    if (name.toLowerCase() !== 'pragma') throw new MofFault(`expected #pragma, got #${name}`, at);
    this.kind = token.pragma;
    this.text = name;
  }
}

function toInteger(text: string, at: number): number | bigint {
  const negative = text.startsWith('-');
  const digits = negative || text.startsWith('+') ? text.slice(1) : text;
  let size: number | bigint;
  if (/^[1-9][0-9]{0,14}$|^0$/.test(digits)) {
    size = Number(digits);
  } else if (/[bB]$/.test(digits) && !/^0[xX]/.test(digits)) {
    size = BigInt(`0b${digits.slice(0, -1)}`);
  } else if (/^0[0-9]/.test(digits)) {
    if (/[89]/.test(digits)) throw new MofFault(`not an octal number: ${text}`, at);
    size = BigInt(`0o${digits}`);
  } else {
    size = BigInt(digits);
  }
  if (typeof size === 'bigint' && size <= BigInt(Number.MAX_SAFE_INTEGER)) size = Number(size);
  return negative && size !== 0 ? -size : size;
}
