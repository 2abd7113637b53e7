import { TvdcError } from '../base/index.js';
import { findForbidden } from './characters.js';
import { XmlError, type XmlErrorCode } from './errors.js';
import type { XmlLimits } from './limits.js';

/** Thrown by a scanner that is fed in pieces when the event is not complete yet: `rewind`, `append`, try again. */
export const xmlIncomplete = new TvdcError('xml_incomplete', 'the document goes on');

/** The text being scanned: grows at its end, is forgotten up to the cursor, knows lines and columns of what is left. */
export class XmlSource {
  text = '';
  /** The cursor. */
  at = 0;
  readonly limits: XmlLimits;
  #final = false;
  #dropped = 0;
  #droppedLines = 0;
  #droppedColumns = 0;
  #heldReturn = false;

  constructor(limits: XmlLimits) {
    this.limits = limits;
  }

  /** Whether no more text will come. */
  get isFinal(): boolean {
    return this.#final;
  }

  /** Whether the cursor stands at the very first character. */
  get isAtStart(): boolean {
    return this.#dropped + this.at === 0;
  }

  /** Adds text, with line ends made one line feed each. @throws XmlError `xml_not_well_formed`, `xml_limit` */
  append(piece: string): void {
    const text = this.#withLineFeeds(piece);
    this.#forget();
    const joined = this.text.length - this.at;
    this.text = joined === 0 ? text : this.text.slice(this.at) + text;
    this.at = 0;
    if (this.#dropped + this.text.length > this.limits.maxLength) {
      this.fail('xml_limit', `document longer than ${this.limits.maxLength} characters`, joined);
    }
    const forbidden = findForbidden(text);
    if (forbidden >= 0) this.broken('character that XML forbids', joined + forbidden);
  }

  finish(): void {
    if (this.#heldReturn) {
      this.#heldReturn = false;
      this.append('\n');
    }
    this.#final = true;
  }

  fail(code: XmlErrorCode, message: string, at = this.at): never {
    throw new XmlError(code, message, this.#placeOf(at));
  }

  broken(message: string, at = this.at): never {
    return this.fail('xml_not_well_formed', message, at);
  }

  /** The text ends where it must go on: a fault only if no more will come. */
  truncated(message: string): never {
    if (!this.#final) throw xmlIncomplete;
    return this.broken(message, this.text.length);
  }

  /** The tag at the cursor goes on where the text ends. */
  unfinishedTag(message = 'unfinished tag'): never {
    this.checkTag(this.text.length);
    return this.truncated(message);
  }

  /** @param end of the tag at the cursor, or how far it is known to go */
  checkTag(end: number): void {
    if (end - this.at <= this.limits.maxTagLength) return;
    this.fail('xml_limit', `a tag longer than ${this.limits.maxTagLength} characters`);
  }

  // A carriage return at the end of a piece may be half of a line end.
  #withLineFeeds(piece: string): string {
    let text = piece;
    if (this.#heldReturn) {
      text = `\r${text}`;
      this.#heldReturn = false;
    }
    if (!text.includes('\r')) return text;
    if (text.endsWith('\r')) {
      this.#heldReturn = true;
      text = text.slice(0, -1);
    }
    return text.replace(/\r\n?/g, '\n');
  }

  #placeOf(at: number): { readonly line: number; readonly column: number } {
    let lines = 0;
    let start = 0;
    for (let end = this.text.indexOf('\n'); end >= 0 && end < at; end = this.text.indexOf('\n', start)) {
      lines++;
      start = end + 1;
    }
    const column = at - start + 1;
    return { line: this.#droppedLines + lines + 1, column: lines === 0 ? this.#droppedColumns + column : column };
  }

  #forget(): void {
    if (this.at === 0) return;
    const place = this.#placeOf(this.at);
    this.#droppedLines = place.line - 1;
    this.#droppedColumns = place.column - 1;
    this.#dropped += this.at;
  }
}
