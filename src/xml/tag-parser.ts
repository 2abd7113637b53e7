import { isBlank, nameEnd } from './characters.js';
import { decodeReferences } from './references.js';
import type { XmlSource } from './source.js';
import { copyText, XmlTag } from './tag.js';

/** Refuses a start tag with more attributes than allowed. */
export function refuseAttributes(source: XmlSource, at = source.at): never {
  return source.fail('xml_limit', `more than ${source.limits.maxAttributes} attributes`, at);
}

function skipBlanks(source: XmlSource, from: number): number {
  let at = from;
  while (isBlank(source.text.charCodeAt(at))) at++;
  if (at >= source.text.length) source.unfinishedTag();
  return at;
}

function parseAttribute(source: XmlSource, from: number, names: string[], values: string[]): number {
  const { text } = source;
  let at = nameEnd(text, from);
  if (at >= text.length) source.unfinishedTag();
  if (at === from) source.broken('expected an attribute name', at);
  const name = copyText(text.slice(from, at));
  if (names.includes(name)) source.broken(`attribute ${name} twice`, from);
  if (names.length >= source.limits.maxAttributes) refuseAttributes(source, from);
  at = skipBlanks(source, at);
  if (text[at] !== '=') source.broken('expected "="', at);
  at = skipBlanks(source, at + 1);
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return source.broken('expected a quote', at);
  const end = text.indexOf(quote, at + 1);
  if (end < 0) source.unfinishedTag('attribute value without end');
  names.push(name);
  values.push(copyText(attributeValue(source, at + 1, end)));
  return end + 1;
}

function attributeValue(source: XmlSource, from: number, to: number): string {
  const raw = source.text.slice(from, to);
  const tag = raw.indexOf('<');
  if (tag >= 0) source.broken('"<" in an attribute value', from + tag);
  const value = /[\t\n]/.test(raw) ? raw.replace(/[\t\n]/g, ' ') : raw;
  if (!value.includes('&')) return value;
  return decodeReferences(value, (offset) => source.broken('unknown entity or character reference', from + offset));
}

/** Reads the start tag at the cursor, which is left behind it. */
export function parseTag(source: XmlSource): XmlTag {
  const { text } = source;
  let at = nameEnd(text, source.at + 1);
  if (at === source.at + 1) source.broken('expected an element name', at);
  const name = copyText(text.slice(source.at + 1, at));
  const names: string[] = [];
  const values: string[] = [];
  for (;;) {
    const gap = at;
    at = skipBlanks(source, at);
    if (text[at] === '>') {
      source.checkTag(at);
      source.at = at + 1;
      return new XmlTag(name, names, values, false);
    }
    if (text[at] === '/') {
      if (at + 1 >= text.length) source.unfinishedTag();
      if (text[at + 1] !== '>') source.broken('expected ">"', at + 1);
      source.checkTag(at);
      source.at = at + 2;
      return new XmlTag(name, names, values, true);
    }
    if (gap === at) source.broken('expected a blank', at);
    at = parseAttribute(source, at, names, values);
  }
}
