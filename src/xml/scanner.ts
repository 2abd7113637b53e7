import { TvdcError } from '../base/index.js';
import { findForbidden, isBlank, nameEnd } from './characters.js';
import { XmlError, type XmlErrorCode } from './errors.js';
import { completeXmlLimits, defaultXmlLimits, type XmlLimits } from './limits.js';
import { decodeReferences } from './references.js';
import { copyText, XmlTag, type XmlTagCache } from './tag.js';

/** What `next` found: the open tag, the close tag, character data, the end of the document. */
export type XmlEvent = 'open' | 'close' | 'text' | 'end';

/** Thrown by a scanner that is fed in pieces when the event is not complete yet: `rewind`, `append`, try again. */
export const xmlIncomplete = new TvdcError('xml_incomplete', 'the document goes on');

export interface XmlScannerOptions {
  readonly limits?: Partial<XmlLimits>;
  readonly tags?: XmlTagCache;
  /** `refuse` (default): any DOCTYPE is forbidden. `without-subset`: one without internal subset is skipped, never fetched. */
  readonly doctype?: 'refuse' | 'without-subset';
  /** `refuse` (default): processing instructions other than the declaration are forbidden. */
  readonly processingInstructions?: 'refuse' | 'skip';
}

const declaration =
  /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(?:"1\.[0-9]+"|'1\.[0-9]+')(?:[ \t\n]+encoding[ \t\n]*=[ \t\n]*(?:"([A-Za-z][A-Za-z0-9._-]*)"|'([A-Za-z][A-Za-z0-9._-]*)'))?(?:[ \t\n]+standalone[ \t\n]*=[ \t\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\n]*\?>$/;
const plainDoctype =
  /^<!DOCTYPE[ \t\n]+[^ \t\n<>"'[\]]+(?:[ \t\n]+(?:SYSTEM|PUBLIC[ \t\n]+(?:"[^"<>]*"|'[^'<>]*'))[ \t\n]+(?:"[^"<>]*"|'[^'<>]*'))?[ \t\n]*>$/;
const longestProlog = 1000;
const longestRemembered = 160;
const less = 0x3c;
const greater = 0x3e;
const slash = 0x2f;

/**
 * A strict pull scanner of XML 1.0 without DTDs: every `next` gives one event. Takes a whole text, or pieces by `append`.
 * Depth, attributes, elements and length are bounded; the work is linear. Element names and attributes keep their prefix.
 */
export class XmlScanner {
  /** The start tag of the last `open`. */
  tag: XmlTag = new XmlTag('', [], [], true);
  /** Name of the last `open` or `close`. */
  name = '';
  /** Offset, in the text not yet forgotten, at which the last `open` or `text` began. */
  from = 0;
  /** The last `text`: references replaced, CDATA joined, comments left out. */
  text = '';

  readonly #limits: XmlLimits;
  readonly #tags: XmlTagCache | null;
  readonly #options: XmlScannerOptions;
  #source = '';
  #final = false;
  #at = 0;
  readonly #stack: string[] = [];
  #depth = 0;
  #elements = 0;
  #closing = false;
  #doctypeSeen = false;
  #dropped = 0;
  #droppedLines = 0;
  #droppedColumns = 0;
  #heldReturn = false;
  #markAt = 0;
  #markDepth = 0;
  #markElements = 0;
  #markClosing = false;
  #markTag = this.tag;
  #markDoctype = false;

  constructor(options: XmlScannerOptions = {}) {
    this.#limits = options.limits === undefined ? defaultXmlLimits : completeXmlLimits(options.limits);
    this.#tags = options.tags ?? null;
    this.#options = options;
  }

  /** Number of elements that are open. */
  get depth(): number {
    return this.#depth;
  }

  /** Code units not yet consumed. */
  get pending(): number {
    return this.#source.length - this.#at;
  }

  /** Adds text, which must not begin or end inside a surrogate pair; what was consumed before is forgotten. @throws XmlError `xml_not_well_formed`, `xml_limit` */
  append(piece: string): void {
    let text = piece;
    if (this.#heldReturn) {
      text = `\r${text}`;
      this.#heldReturn = false;
    }
    if (text.includes('\r')) {
      if (text.endsWith('\r')) {
        this.#heldReturn = true;
        text = text.slice(0, -1);
      }
      text = text.replace(/\r\n?/g, '\n');
    }
    this.#forget();
    const joined = this.#source.length - this.#at;
    this.#source = joined === 0 ? text : this.#source.slice(this.#at) + text;
    this.#at = 0;
    this.#markAt = 0;
    if (this.#dropped + this.#source.length > this.#limits.maxLength) {
      this.#fail('xml_limit', `document longer than ${this.#limits.maxLength} characters`, joined);
    }
    const forbidden = findForbidden(text);
    if (forbidden >= 0) this.#fail('xml_not_well_formed', 'character that XML forbids', joined + forbidden);
  }

  /** No more text will come. */
  finish(): void {
    if (this.#heldReturn) {
      this.#heldReturn = false;
      this.append('\n');
    }
    this.#final = true;
  }

  /** Remembers this place, between two events, for `rewind`. The elements open here must still be open then. */
  mark(): void {
    this.#markAt = this.#at;
    this.#markDepth = this.#depth;
    this.#markElements = this.#elements;
    this.#markClosing = this.#closing;
    this.#markTag = this.tag;
    this.#markDoctype = this.#doctypeSeen;
  }

  rewind(): void {
    this.#at = this.#markAt;
    this.#depth = this.#markDepth;
    this.#elements = this.#markElements;
    this.#closing = this.#markClosing;
    this.tag = this.#markTag;
    this.#doctypeSeen = this.#markDoctype;
  }

  /** The next event. @throws XmlError; `xmlIncomplete` if more text must come first */
  next(): XmlEvent {
    if (this.#closing) {
      this.#closing = false;
      this.#depth--;
      this.name = this.tag.name;
      return 'close';
    }
    for (;;) {
      if (this.#depth === 0) {
        const outside = this.#outside();
        if (outside !== null) return outside;
      } else if (this.#source.charCodeAt(this.#at) === less && !this.#isCharacterData()) {
        const event = this.#markup();
        if (event !== null) return event;
      } else if (this.#characterData()) {
        return 'text';
      }
    }
  }

  /** The next event, blanks between tags left out. @throws as `next` */
  nextTag(): XmlEvent {
    if (!this.#closing && this.#depth > 0) {
      let at = this.#at;
      while (isBlank(this.#source.charCodeAt(at))) at++;
      if (this.#source.charCodeAt(at) === less) this.#at = at;
    }
    let event = this.next();
    // Blanks on both sides of a comment or in CDATA come as text.
    while (event === 'text' && /^[ \t\n]*$/.test(this.text)) event = this.next();
    return event;
  }

  /** After `open`: the character data up to the matching close tag, which is consumed; undefined if an element stands there. */
  textContent(): string | undefined {
    if (!this.#closing) {
      const from = this.#at;
      const end = this.#source.indexOf('<', from);
      const name = this.tag.name;
      const close = end + 2 + name.length;
      if (
        end >= 0 &&
        this.#source.charCodeAt(end + 1) === slash &&
        this.#source.charCodeAt(close) === greater &&
        this.#source.startsWith(name, end + 2)
      ) {
        const text = from === end ? '' : this.#decode(from, end);
        this.#at = close + 1;
        this.#depth--;
        this.name = name;
        return text;
      }
    }
    let text = '';
    for (;;) {
      const event = this.next();
      if (event === 'close') return text;
      if (event === 'text') text += this.text;
      else return undefined;
    }
  }

  #placeOf(at: number): { readonly line: number; readonly column: number } {
    let lines = 0;
    let start = 0;
    for (let end = this.#source.indexOf('\n'); end >= 0 && end < at; end = this.#source.indexOf('\n', start)) {
      lines++;
      start = end + 1;
    }
    const column = at - start + 1;
    return { line: this.#droppedLines + lines + 1, column: lines === 0 ? this.#droppedColumns + column : column };
  }

  #forget(): void {
    if (this.#at === 0) return;
    const place = this.#placeOf(this.#at);
    this.#droppedLines = place.line - 1;
    this.#droppedColumns = place.column - 1;
    this.#dropped += this.#at;
  }

  #fail(code: XmlErrorCode, message: string, at: number): never {
    throw new XmlError(code, message, this.#placeOf(at));
  }

  #broken(message: string, at = this.#at): never {
    return this.#fail('xml_not_well_formed', message, at);
  }

  #truncated(message: string): never {
    if (!this.#final) throw xmlIncomplete;
    return this.#fail('xml_not_well_formed', message, this.#source.length);
  }

  /** Prolog and epilog: blanks, comments, the declaration. Null after something that is no event. */
  #outside(): XmlEvent | null {
    const source = this.#source;
    while (isBlank(source.charCodeAt(this.#at))) this.#at++;
    if (this.#at >= source.length) {
      if (!this.#final) this.#truncated('');
      if (this.#elements === 0) this.#broken('no element');
      return 'end';
    }
    if (source.charCodeAt(this.#at) !== less) this.#broken('text outside of the root element');
    const next = source.charCodeAt(this.#at + 1);
    if (next === 0x21) {
      if (!this.#comment()) this.#doctype();
      return null;
    }
    if (next === 0x3f) {
      this.#instruction();
      return null;
    }
    if (next === slash) this.#broken('close tag without an open one');
    if (this.#elements > 0 && !Number.isNaN(next)) this.#broken('second root element');
    return this.#openTag();
  }

  /** Whether the markup at the cursor is CDATA or a comment, which belong to the text around them. */
  #isCharacterData(): boolean {
    return this.#source.charCodeAt(this.#at + 1) === 0x21;
  }

  /** A tag, or null after an instruction. */
  #markup(): XmlEvent | null {
    switch (this.#source.charCodeAt(this.#at + 1)) {
      case slash:
        return this.#closeTag();
      case 0x3f:
        this.#instruction();
        return null;
      default:
        return this.#openTag();
    }
  }

  /** Skips a comment; false if there is none. */
  #comment(): boolean {
    const source = this.#source;
    if (!source.startsWith('<!--', this.#at)) {
      if ('<!--'.startsWith(source.slice(this.#at))) this.#truncated('unfinished markup');
      return false;
    }
    const end = source.indexOf('--', this.#at + 4);
    if (end < 0 || end + 2 >= source.length) this.#truncated('comment without end');
    if (source.charCodeAt(end + 2) !== greater) this.#broken('"--" inside a comment', end);
    this.#at = end + 3;
    return true;
  }

  #doctype(): void {
    const source = this.#source;
    if (!source.startsWith('<!DOCTYPE', this.#at)) {
      if ('<!DOCTYPE'.startsWith(source.slice(this.#at))) this.#truncated('unfinished markup');
      this.#broken('unknown markup');
    }
    if (this.#options.doctype !== 'without-subset') this.#fail('xml_forbidden', 'DOCTYPE is not allowed', this.#at);
    if (this.#elements > 0 || this.#doctypeSeen) this.#broken('DOCTYPE out of place');
    const end = source.indexOf('>', this.#at);
    if (end < 0) this.#truncated('DOCTYPE without end');
    const text = end - this.#at > longestProlog ? '' : source.slice(this.#at, end + 1);
    if (!plainDoctype.test(text)) this.#fail('xml_forbidden', 'DOCTYPE with internal subset, or malformed', this.#at);
    this.#doctypeSeen = true;
    this.#at = end + 1;
  }

  #instruction(): void {
    const source = this.#source;
    const end = source.indexOf('?>', this.#at + 2);
    if (end < 0) this.#truncated('"?>" missing');
    const target = source.slice(this.#at + 2, nameEnd(source, this.#at + 2));
    if (target === 'xml' && this.#dropped + this.#at === 0) {
      const text = end > longestProlog ? '' : source.slice(0, end + 2);
      const parts = declaration.exec(text);
      if (parts === null) this.#broken('malformed XML declaration');
      const encoding = parts[1] ?? parts[2];
      if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
        this.#fail('xml_forbidden', `encoding ${encoding} is not UTF-8`, this.#at);
      }
    } else {
      const after = source.charCodeAt(this.#at + 2 + target.length);
      const wellFormed = target !== '' && (isBlank(after) || this.#at + 2 + target.length === end);
      if (!wellFormed || /^xml$/i.test(target)) this.#broken('malformed or misplaced processing instruction');
      if (this.#options.processingInstructions !== 'skip') {
        this.#fail('xml_forbidden', 'processing instructions are not allowed', this.#at);
      }
    }
    this.#at = end + 2;
  }

  /** Joins text, CDATA and comments up to the next tag; false if nothing but comments stood there. */
  #characterData(): boolean {
    const source = this.#source;
    let text = '';
    let found = false;
    this.from = this.#at;
    for (;;) {
      const end = source.indexOf('<', this.#at);
      if (end < 0) this.#truncated('unclosed element');
      if (end > this.#at) {
        text += this.#decode(this.#at, end);
        found = true;
        this.#at = end;
      }
      if (!this.#isCharacterData()) {
        if (end + 1 >= source.length) this.#truncated('unfinished markup');
        break;
      }
      if (this.#comment()) continue;
      text += this.#section();
      found = true;
    }
    this.text = text;
    return found;
  }

  #section(): string {
    const source = this.#source;
    if (!source.startsWith('<![CDATA[', this.#at)) {
      if ('<![CDATA['.startsWith(source.slice(this.#at))) this.#truncated('unfinished markup');
      this.#broken('unknown markup');
    }
    const end = source.indexOf(']]>', this.#at + 9);
    if (end < 0) this.#truncated('CDATA section without end');
    const text = source.slice(this.#at + 9, end);
    this.#at = end + 3;
    return text;
  }

  #decode(from: number, to: number): string {
    const raw = this.#source.slice(from, to);
    const gap = raw.indexOf(']]>');
    if (gap >= 0) this.#broken('"]]>" in text', from + gap);
    if (!raw.includes('&')) return raw;
    return decodeReferences(raw, (offset) => this.#broken('unknown entity or character reference', from + offset));
  }

  #closeTag(): XmlEvent {
    const source = this.#source;
    const name = this.#stack[this.#depth - 1] as string;
    const after = this.#at + 2 + name.length;
    if (source.startsWith(name, this.#at + 2) && source.charCodeAt(after) === greater) {
      this.#at = after + 1;
    } else {
      const end = source.indexOf('>', this.#at);
      if (end < 0) this.#truncated('unfinished close tag');
      const found = source.slice(this.#at + 2, end);
      if (!found.startsWith(name) || !/^[ \t\n]*$/.test(found.slice(name.length))) {
        this.#broken(`expected </${name}>`);
      }
      this.#at = end + 1;
    }
    this.#depth--;
    this.name = name;
    return 'close';
  }

  #openTag(): XmlEvent {
    const source = this.#source;
    const end = source.indexOf('>', this.#at);
    if (end < 0) this.#truncated('unfinished tag');
    this.from = this.#at;
    let tag: XmlTag | undefined;
    if (this.#tags !== null && end - this.#at < longestRemembered) {
      const raw = source.slice(this.#at, end + 1);
      tag = this.#tags.get(raw);
      if (tag === undefined) {
        tag = this.#parseTag();
        if (this.#at === end + 1) this.#tags.set(raw, tag);
      } else {
        // It may have been remembered under other limits.
        if (tag.names.length > this.#limits.maxAttributes) this.#tooManyAttributes(this.#at);
        this.#at = end + 1;
      }
    } else {
      tag = this.#parseTag();
    }
    if (this.#depth >= this.#limits.maxDepth) {
      this.#fail('xml_limit', `more than ${this.#limits.maxDepth} elements nested`, this.#at);
    }
    if (++this.#elements > this.#limits.maxElements) {
      this.#fail('xml_limit', `more than ${this.#limits.maxElements} elements`, this.#at);
    }
    this.#stack[this.#depth++] = tag.name;
    this.#closing = tag.selfClosed;
    this.tag = tag;
    this.name = tag.name;
    return 'open';
  }

  #tooManyAttributes(at: number): never {
    return this.#fail('xml_limit', `more than ${this.#limits.maxAttributes} attributes`, at);
  }

  #parseTag(): XmlTag {
    const source = this.#source;
    let at = nameEnd(source, this.#at + 1);
    if (at === this.#at + 1) this.#broken('expected an element name', at);
    const name = copyText(source.slice(this.#at + 1, at));
    const names: string[] = [];
    const values: string[] = [];
    for (;;) {
      const gap = at;
      while (isBlank(source.charCodeAt(at))) at++;
      const unit = source.charCodeAt(at);
      if (unit === greater) {
        this.#at = at + 1;
        return new XmlTag(name, names, values, false);
      }
      if (unit === slash) {
        if (at + 1 >= source.length) this.#truncated('unfinished tag');
        if (source.charCodeAt(at + 1) !== greater) this.#broken('expected ">"', at + 1);
        this.#at = at + 2;
        return new XmlTag(name, names, values, true);
      }
      if (at >= source.length) this.#truncated('unfinished tag');
      if (gap === at) this.#broken('expected a blank', at);
      at = this.#parseAttribute(at, names, values);
    }
  }

  #parseAttribute(from: number, names: string[], values: string[]): number {
    const source = this.#source;
    let at = nameEnd(source, from);
    if (at >= source.length) this.#truncated('unfinished tag');
    if (at === from) this.#broken('expected an attribute name', at);
    const name = copyText(source.slice(from, at));
    if (names.includes(name)) this.#broken(`attribute ${name} twice`, from);
    if (names.length >= this.#limits.maxAttributes) this.#tooManyAttributes(from);
    while (isBlank(source.charCodeAt(at))) at++;
    if (at >= source.length) this.#truncated('unfinished tag');
    if (source[at] !== '=') this.#broken('expected "="', at);
    at++;
    while (isBlank(source.charCodeAt(at))) at++;
    if (at >= source.length) this.#truncated('unfinished tag');
    const quote = source[at] as string;
    if (quote !== '"' && quote !== "'") this.#broken('expected a quote', at);
    const start = at + 1;
    const end = source.indexOf(quote, start);
    if (end < 0) this.#truncated('attribute value without end');
    let value = source.slice(start, end);
    const tag = value.indexOf('<');
    if (tag >= 0) this.#broken('"<" in an attribute value', start + tag);
    if (/[\t\n]/.test(value)) value = value.replace(/[\t\n]/g, ' ');
    if (value.includes('&')) {
      value = decodeReferences(value, (offset) =>
        this.#broken('unknown entity or character reference', start + offset),
      );
    }
    names.push(name);
    values.push(copyText(value));
    return end + 1;
  }
}
