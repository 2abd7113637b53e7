import { XmlScanner, type XmlScannerOptions } from './scanner.js';

export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
}

/** A run of character data; `line` and `column` of its first character, from 1. */
export interface XmlText {
  readonly kind: 'text';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** An element with its raw name (prefix and all); `line` and `column` of its `<`, from 1. */
export interface XmlElement {
  readonly kind: 'element';
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly (XmlElement | XmlText)[];
  readonly line: number;
  readonly column: number;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

/** Line and column of offsets that only grow. */
function createPlaces(text: string): (offset: number) => Place {
  let line = 1;
  let start = 0;
  let next = text.indexOf('\n');
  return (offset) => {
    while (next >= 0 && next < offset) {
      line++;
      start = next + 1;
      next = text.indexOf('\n', start);
    }
    return { line, column: offset - start + 1 };
  };
}

interface OpenElement extends XmlElement {
  readonly children: (XmlElement | XmlText)[];
}

/**
 * Reads a small document whole: elements with raw names, attributes in order, text nodes, all with their places.
 * DOCTYPE and processing instructions are refused unless the options say otherwise; no entity is ever declared or fetched.
 * @throws XmlError `xml_not_well_formed`, `xml_forbidden`, `xml_limit`
 */
export function parseXmlTree(text: string, options: XmlScannerOptions = {}): XmlElement {
  const source = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  const scanner = new XmlScanner(options);
  scanner.append(source);
  scanner.finish();
  const placeOf = createPlaces(source);
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  for (let event = scanner.next(); event !== 'end'; event = scanner.next()) {
    const parent = open.at(-1);
    if (event === 'close') {
      open.pop();
    } else if (event === 'text') {
      parent?.children.push({ kind: 'text', text: scanner.text, ...placeOf(scanner.from) });
    } else {
      const { name, names, values } = scanner.tag;
      const attributes = names.map((attribute, at) => ({ name: attribute, value: values[at] as string }));
      const element: OpenElement = { kind: 'element', name, attributes, children: [], ...placeOf(scanner.from) };
      parent?.children.push(element);
      root ??= element;
      open.push(element);
    }
  }
  // The scanner does not end without a root element.
  return root as OpenElement;
}

/** Value of an attribute; undefined if it is not there. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  return element.attributes.find((attribute) => attribute.name === name)?.value;
}

/** Child elements, of that name if one is given. */
export function childElements(element: XmlElement, name?: string): XmlElement[] {
  return element.children.filter(
    (child): child is XmlElement => child.kind === 'element' && (name === undefined || child.name === name),
  );
}

/** First child element of that name; undefined if there is none. */
export function firstChild(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child): child is XmlElement => child.kind === 'element' && child.name === name);
}

/** Text directly inside the element, joined. */
export function textOf(element: XmlElement): string {
  return element.children.map((child) => (child.kind === 'text' ? child.text : '')).join('');
}
