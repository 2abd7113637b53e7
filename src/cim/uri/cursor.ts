import { ParseError } from '../../base/index.js';

/** Code of every failure to read an object path; `column` counts from 1. */
export type ObjectPathErrorCode = 'bad_object_path';

/** A place in one line of text. */
export class Cursor {
  readonly text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  peek(): string {
    return this.text.charAt(this.at);
  }

  /** Steps over `expected` if it comes next. */
  skip(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  /** What a sticky expression finds here, or null; steps over it. */
  match(sticky: RegExp): string | null {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.text);
    if (found === null) return null;
    this.at = sticky.lastIndex;
    return found[0];
  }

  fail(message: string, at = this.at): ParseError<ObjectPathErrorCode> {
    const shown = this.text.length > 120 ? `${this.text.slice(0, 120)}…` : this.text;
    return new ParseError('bad_object_path', message, { line: 1, column: at + 1 }, { details: { text: shown } });
  }
}
