import { isBlank } from './characters.js';
import { completeXmlLimits, defaultXmlLimits, type XmlLimits } from './limits.js';
import { readSection, readText, skipComment, skipDoctype, skipInstruction, type XmlAllowances } from './markup.js';
import { XmlSource } from './source.js';
import { XmlTag, type XmlTagCache } from './tag.js';
import { parseTag, refuseAttributes } from './tag-parser.js';

/** What `next` found: the open tag, the close tag, character data, the end of the document. */
export type XmlEvent = 'open' | 'close' | 'text' | 'end';

export interface XmlScannerOptions extends XmlAllowances {
  readonly limits?: Partial<XmlLimits>;
  readonly tags?: XmlTagCache;
}

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

  readonly #source: XmlSource;
  readonly #tags: XmlTagCache | null;
  readonly #options: XmlScannerOptions;
  readonly #stack: string[] = [];
  #depth = 0;
  #elements = 0;
  #closing = false;
  #doctypeSeen = false;
  #markAt = 0;
  #markDepth = 0;
  #markElements = 0;
  #markClosing = false;
  #markTag = this.tag;
  #markDoctype = false;

  constructor(options: XmlScannerOptions = {}) {
    this.#source = new XmlSource(options.limits === undefined ? defaultXmlLimits : completeXmlLimits(options.limits));
    this.#tags = options.tags ?? null;
    this.#options = options;
  }

  /** Number of elements that are open. */
  get depth(): number {
    return this.#depth;
  }

  /** Code units not yet consumed. */
  get pending(): number {
    return this.#source.text.length - this.#source.at;
  }

  /** Adds text, which must not begin or end inside a surrogate pair; what was consumed before is forgotten. @throws XmlError `xml_not_well_formed`, `xml_limit` */
  append(piece: string): void {
    this.#source.append(piece);
    this.#markAt = 0;
  }

  /** No more text will come. */
  finish(): void {
    this.#source.finish();
  }

  /** Remembers this place, between two events, for `rewind`. The elements open here must still be open then. */
  mark(): void {
    this.#markAt = this.#source.at;
    this.#markDepth = this.#depth;
    this.#markElements = this.#elements;
    this.#markClosing = this.#closing;
    this.#markTag = this.tag;
    this.#markDoctype = this.#doctypeSeen;
  }

  rewind(): void {
    this.#source.at = this.#markAt;
    this.#depth = this.#markDepth;
    this.#elements = this.#markElements;
    this.#closing = this.#markClosing;
    this.tag = this.#markTag;
    this.#doctypeSeen = this.#markDoctype;
  }

  /** The next event. @throws XmlError; `xmlIncomplete` if more text must come first */
  next(): XmlEvent {
    const source: XmlSource = this.#source;
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
      } else if (source.text.charCodeAt(source.at) === less && !this.#isCharacterData()) {
        const event = this.#markup();
        if (event !== null) return event;
      } else if (this.#characterData()) {
        return 'text';
      }
    }
  }

  /** The next event, blanks between tags left out. @throws as `next` */
  nextTag(): XmlEvent {
    const source: XmlSource = this.#source;
    if (!this.#closing && this.#depth > 0) {
      let at = source.at;
      while (isBlank(source.text.charCodeAt(at))) at++;
      if (source.text.charCodeAt(at) === less) source.at = at;
    }
    let event = this.next();
    // Blanks on both sides of a comment or in CDATA come as text.
    while (event === 'text' && /^[ \t\n]*$/.test(this.text)) event = this.next();
    return event;
  }

  /** After `open`: the character data up to the matching close tag, which is consumed; undefined if an element stands there. */
  textContent(): string | undefined {
    const source: XmlSource = this.#source;
    if (!this.#closing) {
      const from = source.at;
      const end = source.text.indexOf('<', from);
      const name = this.tag.name;
      const close = end + 2 + name.length;
      if (
        end >= 0 &&
        source.text.charCodeAt(end + 1) === slash &&
        source.text.charCodeAt(close) === greater &&
        source.text.startsWith(name, end + 2)
      ) {
        const text = from === end ? '' : readText(source, from, end);
        source.at = close + 1;
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

  /** Prolog and epilog: blanks, comments, the declaration. Null after something that is no event. */
  #outside(): XmlEvent | null {
    const source: XmlSource = this.#source;
    while (isBlank(source.text.charCodeAt(source.at))) source.at++;
    if (source.at >= source.text.length) {
      if (!source.isFinal) source.truncated('no element');
      if (this.#elements === 0) source.broken('no element');
      return 'end';
    }
    if (source.text.charCodeAt(source.at) !== less) source.broken('text outside of the root element');
    const next = source.text.charCodeAt(source.at + 1);
    if (next === 0x21) {
      if (!skipComment(source)) this.#doctype(source);
      return null;
    }
    if (next === 0x3f) {
      skipInstruction(source, this.#options);
      return null;
    }
    if (next === slash) source.broken('close tag without an open one');
    if (this.#elements > 0 && !Number.isNaN(next)) source.broken('second root element');
    return this.#openTag();
  }

  /** Whether the markup at the cursor is CDATA or a comment, which belong to the text around them. */
  #isCharacterData(): boolean {
    const source: XmlSource = this.#source;
    return source.text.charCodeAt(source.at + 1) === 0x21;
  }

  /** A tag, or null after an instruction. */
  #markup(): XmlEvent | null {
    const source: XmlSource = this.#source;
    switch (source.text.charCodeAt(source.at + 1)) {
      case slash:
        return this.#closeTag();
      case 0x3f:
        skipInstruction(source, this.#options);
        return null;
      default:
        return this.#openTag();
    }
  }

  /** Joins text, CDATA and comments up to the next tag; false if nothing but comments stood there. */
  #characterData(): boolean {
    const source: XmlSource = this.#source;
    let text = '';
    let found = false;
    this.from = source.at;
    for (;;) {
      const end = source.text.indexOf('<', source.at);
      if (end < 0) source.truncated('unclosed element');
      if (end > source.at) {
        text += readText(source, source.at, end);
        found = true;
        source.at = end;
      }
      if (!this.#isCharacterData()) {
        if (end + 1 >= source.text.length) source.truncated('unfinished markup');
        break;
      }
      if (skipComment(source)) continue;
      text += readSection(source);
      found = true;
    }
    this.text = text;
    return found;
  }

  #closeTag(): XmlEvent {
    const source: XmlSource = this.#source;
    const name = this.#stack[this.#depth - 1] as string;
    const after = source.at + 2 + name.length;
    if (source.text.startsWith(name, source.at + 2) && source.text.charCodeAt(after) === greater) {
      source.at = after + 1;
    } else {
      const end = source.text.indexOf('>', source.at);
      if (end < 0) source.truncated('unfinished close tag');
      const found = source.text.slice(source.at + 2, end);
      if (!found.startsWith(name) || !/^[ \t\n]*$/.test(found.slice(name.length))) {
        source.broken(`expected </${name}>`);
      }
      source.at = end + 1;
    }
    this.#depth--;
    this.name = name;
    return 'close';
  }

  #openTag(): XmlEvent {
    const source: XmlSource = this.#source;
    const end = source.text.indexOf('>', source.at);
    if (end < 0) source.unfinishedTag();
    this.from = source.at;
    let tag: XmlTag | undefined;
    if (this.#tags !== null && end - source.at < longestRemembered) {
      const raw = source.text.slice(source.at, end + 1);
      tag = this.#tags.get(raw);
      if (tag === undefined) {
        tag = parseTag(source);
        if (source.at === end + 1) this.#tags.set(raw, tag);
      } else {
        // It may have been remembered under other limits.
        if (tag.names.length > source.limits.maxAttributes) refuseAttributes(source);
        source.checkTag(end);
        source.at = end + 1;
      }
    } else {
      tag = parseTag(source);
    }
    if (this.#depth >= source.limits.maxDepth) {
      source.fail('xml_limit', `more than ${source.limits.maxDepth} elements nested`);
    }
    if (++this.#elements > source.limits.maxElements) {
      source.fail('xml_limit', `more than ${source.limits.maxElements} elements`);
    }
    this.#stack[this.#depth++] = tag.name;
    this.#closing = tag.selfClosed;
    this.tag = tag;
    this.name = tag.name;
    return 'open';
  }

  #doctype(source: XmlSource): void {
    if (this.#elements > 0 || this.#doctypeSeen) source.broken('DOCTYPE or other markup out of place');
    skipDoctype(source, this.#options);
    this.#doctypeSeen = true;
  }
}
