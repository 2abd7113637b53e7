import { invalidQuery } from './errors.js';
import type { Token } from './lexer.js';

/** A place among the tokens of a query. Keywords are contextual and without case. */
export class TokenCursor {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** The token after the current one. */
  get following(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)] as Token;
  }

  get column(): number {
    return this.token.column;
  }

  next(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  isSymbol(text: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === text;
  }

  isWord(word: string, token: Token = this.token): boolean {
    return token.kind === 'name' && token.text.toUpperCase() === word;
  }

  takeSymbol(text: string): boolean {
    if (!this.isSymbol(text)) return false;
    this.next();
    return true;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.next();
    return true;
  }

  /** @throws CimError 15 */
  expectSymbol(text: string): void {
    if (!this.takeSymbol(text)) this.fail(`"${text}"`);
  }

  /** @throws CimError 15 */
  expectWord(word: string): void {
    if (!this.takeWord(word)) this.fail(word);
  }

  /** @throws CimError 15 */
  expectName(what: string): Token {
    if (this.token.kind !== 'name') this.fail(what);
    return this.next();
  }

  /** @throws CimError 15 */
  fail(expected: string): never {
    const { kind, text, column } = this.token;
    throw invalidQuery(`expected ${expected}, got ${kind === 'end' ? text : `"${text.slice(0, 40)}"`}`, column);
  }
}
