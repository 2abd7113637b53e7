// The serialisation over which the original computes a policy's SHA-1 (W3C DOM written without added white space). White space
// that was written as a reference stays one, where the original writes it raw: the text must read back to the same policy.
import { escapePolicyAttribute, escapePolicyText } from './xml-form.js';

const entity = /&(?:#x([0-9a-fA-F]+)|#([0-9]+)|(amp|lt|gt|quot|apos));/g;
const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const attributePattern = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

const unescape = (text: string): string =>
  text.includes('&')
    ? text.replace(entity, (_, hex?: string, decimal?: string, name?: string) => {
        if (name !== undefined) return named[name] as string;
        return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
      })
    : text;

const byName = (a: readonly [string, string], b: readonly [string, string]): number => (a[0] < b[0] ? -1 : 1);

function startTag(body: string): string {
  const space = /[\s]/.exec(body);
  if (space === null) return body;
  const attributes: [string, string][] = [];
  for (const [, name = '', double, single] of body.slice(space.index).matchAll(attributePattern)) {
    attributes.push([name, unescape((double ?? single ?? '').replace(/[\t\n]/g, ' '))]);
  }
  attributes.sort(byName);
  return (
    body.slice(0, space.index) +
    attributes.map(([name, value]) => ` ${name}="${escapePolicyAttribute(value)}"`).join('')
  );
}

// End of a start tag: a `>` inside quotes does not count.
const tagBody = /(?:[^>"']|"[^"]*"|'[^']*')*/y;

class Serializer {
  readonly #text: string;
  readonly #out: string[] = ['<?xml version="1.0" ?>'];
  #at = 0;
  #depth = 0;
  #open: string | null = null;

  constructor(text: string) {
    this.#text = text.replace(/\r\n?/g, '\n');
  }

  #emit(piece: string): void {
    if (this.#open !== null) {
      this.#out.push(`<${this.#open}>`);
      this.#open = null;
    }
    this.#out.push(piece);
  }

  #until(end: string): string {
    const stop = this.#text.indexOf(end, this.#at);
    const until = stop === -1 ? this.#text.length : stop + end.length;
    const piece = this.#text.slice(this.#at, until);
    this.#at = until;
    return piece;
  }

  #characters(): void {
    const stop = this.#text.indexOf('<', this.#at);
    const until = stop === -1 ? this.#text.length : stop;
    const piece = unescape(this.#text.slice(this.#at, until));
    this.#at = until;
    if (this.#depth > 0 && piece !== '') this.#emit(escapePolicyText(piece));
  }

  #tag(): void {
    if (this.#text.startsWith('</', this.#at)) {
      const name = this.#until('>').slice(2, -1).trim();
      this.#depth--;
      if (this.#open === null) this.#out.push(`</${name}>`);
      else this.#out.push(`<${this.#open}/>`);
      this.#open = null;
      return;
    }
    tagBody.lastIndex = this.#at + 1;
    const body = tagBody.exec(this.#text)?.[0] ?? '';
    this.#at += body.length + 2;
    const empty = body.endsWith('/');
    const tag = startTag((empty ? body.slice(0, -1) : body).trim());
    if (empty) return this.#emit(`<${tag}/>`);
    this.#depth++;
    this.#emit('');
    this.#open = tag;
  }

  run(): string {
    while (this.#at < this.#text.length) {
      if (this.#text.charCodeAt(this.#at) !== 0x3c) this.#characters();
      else if (this.#text.startsWith('<!--', this.#at) || this.#text.startsWith('<![CDATA[', this.#at)) {
        this.#emit(this.#until(this.#text.startsWith('<!--', this.#at) ? '-->' : ']]>'));
      } else if (this.#text.startsWith('<?', this.#at)) {
        const instruction = this.#until('?>');
        if (!/^<\?xml\s/.test(instruction)) this.#emit(instruction);
      } else if (this.#text.startsWith('<!', this.#at)) this.#emit(this.#until('>'));
      else this.#tag();
    }
    return this.#out.join('');
  }
}

/**
 * A policy document, already read as well-formed, in the form whose SHA-1 identifies it: declaration directly followed by the
 * root, comments and inner white space kept, outer white space dropped, attributes in name order, empty elements short.
 */
export function serializePolicyText(text: string): string {
  return new Serializer(text.startsWith('\u{feff}') ? text.slice(1) : text).run();
}
