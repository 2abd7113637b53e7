import { MofFault } from './diagnostic.js';
import { Lexer, token } from './lexer.js';

/** Character codes of brackets: tokens of their own. */
export const open = { brace: 123, bracket: 91, parenthesis: 40 } as const;
export const close = { brace: 125, bracket: 93, parenthesis: 41 } as const;
export const semicolon = 59;

/** Told of each fault; the parser goes on behind it. */
export type FaultHandler = (fault: MofFault) => void;

/** What a recursive descent asks of its tokens, and how it goes on after a fault. */
export class TokenReader {
  protected readonly lexer: Lexer;
  readonly #onFault: FaultHandler;
  /** Recovery met the next declaration: what is open is given up, without further faults. */
  protected cutShort = false;

  constructor(text: string, onFault: FaultHandler, names: Map<string, string> | undefined) {
    this.lexer = new Lexer(text, names);
    this.#onFault = onFault;
  }

  protected guarded<T>(work: () => T, recover: () => void): T | undefined {
    try {
      return work();
    } catch (fault) {
      if (!(fault instanceof MofFault)) throw fault;
      if (this.cutShort) return undefined;
      this.#onFault(fault);
      recover();
      return undefined;
    }
  }

  /**
   * Skips to behind the next `;` of the level, or (inside braces) before the closing brace of the level.
   * @param base braces that were open where the level began
   */
  protected recover(level: number, base: number): void {
    const lexer = this.lexer;
    let opened = 0;
    for (;;) {
      const kind = lexer.kind;
      if (kind === token.end) return;
      if (level > 0 && this.#beginsDeclaration()) {
        this.cutShort = true;
        lexer.depth = 0;
        return;
      }
      if (kind === close.brace && level > 0 && lexer.depth < base) return;
      this.advanceAnyhow();
      if (kind === open.brace) opened++;
      else if (kind === close.brace && opened > 0) opened--;
      else if (kind === semicolon && opened === 0) {
        lexer.depth = base + (this.sees(open.brace) ? 1 : this.sees(close.brace) ? -1 : 0);
        return;
      }
    }
  }

  /** A declaration at the beginning of a line: whatever was not closed before it ends there. */
  #beginsDeclaration(): boolean {
    const { kind, start, source } = this.lexer;
    if (start > 0 && source[start - 1] !== '\n' && source[start - 1] !== '\r') return false;
    return kind === token.pragma || this.is('class') || this.is('instance') || this.is('qualifier');
  }

  private advanceAnyhow(): void {
    for (;;) {
      try {
        this.lexer.next();
        return;
      } catch (fault) {
        if (!(fault instanceof MofFault)) throw fault;
      }
    }
  }

  protected fail(expected: string): never {
    throw new MofFault(`expected ${expected}, got ${this.shown()}`, this.lexer.start);
  }

  private shown(): string {
    const lexer = this.lexer;
    if (lexer.kind === token.end) return 'the end of the text';
    const text = lexer.source.slice(lexer.start, lexer.end);
    return text.length > 40 ? `${text.slice(0, 40)}…` : text;
  }

  protected is(keyword: string): boolean {
    const lexer = this.lexer;
    if (lexer.kind !== token.identifier || lexer.text.length !== keyword.length) return false;
    return lexer.text === keyword || lexer.text.toLowerCase() === keyword;
  }

  protected sees(kind: number): boolean {
    return this.lexer.kind === kind;
  }

  protected accept(kind: number): boolean {
    if (this.lexer.kind !== kind) return false;
    this.lexer.next();
    return true;
  }

  protected expect(kind: number): void {
    if (this.lexer.kind !== kind) this.fail(`"${String.fromCharCode(kind)}"`);
    this.lexer.next();
  }

  protected name(what: string): string {
    if (this.lexer.kind !== token.identifier) this.fail(what);
    const text = this.lexer.text;
    this.lexer.next();
    return text;
  }
}
