import { isCimName } from '../model/index.js';
import { invalidQuery } from './errors.js';

export type TokenKind = 'name' | 'string' | 'integer' | 'real' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Value of a constant. */
  readonly value: string | bigint | number;
  /** From 1. */
  readonly column: number;
}

const longestQuery = 65_536;
const symbols = ['::', '<>', '!=', '<=', '>=', '||', '..'];
const numberForm = /(?:0[xX][0-9a-fA-F]+|[01]+[bB]|(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)/y;
const nameForm = /[A-Za-z_\u0080-\uffef][A-Za-z0-9_\u0080-\uffef]*/y;
const escapes: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', n: '\n', t: '\t', r: '\r' };

function matchAt(form: RegExp, text: string, at: number): string | null {
  form.lastIndex = at;
  return form.exec(text)?.[0] ?? null;
}

function readString(text: string, from: number): { readonly value: string; readonly end: number } {
  const quote = text[from];
  let value = '';
  for (let at = from + 1; at < text.length; at++) {
    const one = text[at] as string;
    if (one === quote) {
      if (text[at + 1] !== quote) return { value, end: at + 1 };
      at++;
      value += one;
    } else if (one === '\\') {
      const next = text[++at] ?? '';
      // Unknown escapes belong to patterns, which read them themselves.
      value += escapes[next] ?? `\\${next}`;
    } else {
      value += one;
    }
  }
  throw invalidQuery('a string is not closed', from + 1);
}

function readNumber(text: string, column: number): Token {
  if (/^0[xX]/.test(text)) return { kind: 'integer', text, value: BigInt(text), column };
  if (/[bB]$/.test(text)) return { kind: 'integer', text, value: BigInt(`0b${text.slice(0, -1)}`), column };
  if (/[.eE]/.test(text)) return { kind: 'real', text, value: Number(text), column };
  return { kind: 'integer', text, value: BigInt(text), column };
}

/** Cuts a query into tokens, the last of kind `end`. Linear in the text. @throws CimError 15 */
export function tokenize(text: string): readonly Token[] {
  if (text.length > longestQuery)
    throw invalidQuery(`the query is longer than ${longestQuery} characters`, longestQuery);
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    const one = text[at] as string;
    const column = at + 1;
    if (one === ' ' || one === '\t' || one === '\r' || one === '\n') {
      at++;
    } else if (one === '"' || one === "'") {
      const { value, end } = readString(text, at);
      tokens.push({ kind: 'string', text: text.slice(at, end), value, column });
      at = end;
    } else if (/[0-9]/.test(one) || (one === '.' && /[0-9]/.test(text[at + 1] ?? '') && !afterName(tokens, column))) {
      const token = readNumber(matchAt(numberForm, text, at) as string, column);
      if (isCimName(text[at + token.text.length] ?? '')) throw invalidQuery('a number runs into a name', column);
      tokens.push(token);
      at += token.text.length;
    } else {
      const name = matchAt(nameForm, text, at);
      const symbol = symbols.find((candidate) => text.startsWith(candidate, at)) ?? one;
      const token = name ?? symbol;
      if (name === null && !/^[.:,()[\]*=<>!|#+\-/]+$/.test(symbol)) throw invalidQuery(`unexpected "${one}"`, column);
      tokens.push({ kind: name === null ? 'symbol' : 'name', text: token, value: token, column });
      at += token.length;
    }
  }
  tokens.push({ kind: 'end', text: 'the end', value: '', column: text.length + 1 });
  return tokens;
}

function afterName(tokens: readonly Token[], column: number): boolean {
  const last = tokens.at(-1);
  return last?.kind === 'name' && last.column + last.text.length === column;
}
