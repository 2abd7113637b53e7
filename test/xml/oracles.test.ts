import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { create } from 'xmlbuilder2';
import { escapeAttribute, escapeText, parseXmlTree, textOf, type XmlElement } from '../../src/xml/index.js';

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Node[];
  readonly text: string;
}

// No CR, LF or TAB: xmlbuilder2 does not keep them in attributes. No blanks alone: fast-xml-parser drops such text.
const word = fc.stringMatching(/^[!-~äß€𝒳][ -~äß€𝒳]{0,11}[!-~äß€𝒳]$/u);
const name = fc.constantFrom('CIM', 'VALUE', 'PROPERTY', 'INSTANCE', 'a-b', 'x.y');

const tree = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.record({
    name,
    attributes: fc.dictionary(fc.constantFrom('NAME', 'TYPE', 'ID'), word, { maxKeys: 3 }),
    children: fc.oneof({ depthSize: 'small' }, fc.constant([]), fc.array(tie('node'), { maxLength: 3 })),
    text: word,
  }),
})).node;

/** Text stands only in leaves, as in CIM-XML. */
function write(node: Node): string {
  const attributes = Object.entries(node.attributes).map(([key, value]) => ` ${key}="${escapeAttribute(value)}"`);
  const content = node.children.length > 0 ? node.children.map(write).join('') : escapeText(node.text);
  return `<${node.name}${attributes.join('')}>${content}</${node.name}>`;
}

function build(parent: ReturnType<typeof create>, node: Node): void {
  const element = parent.ele(node.name);
  for (const [key, value] of Object.entries(node.attributes)) element.att(key, value);
  if (node.children.length === 0) element.txt(node.text);
  for (const child of node.children) build(element, child);
}

function plain(element: XmlElement): Node {
  const children = element.children.filter((child): child is XmlElement => child.kind === 'element').map(plain);
  return {
    name: element.name,
    attributes: Object.fromEntries(element.attributes.map((attribute) => [attribute.name, attribute.value])),
    children,
    text: children.length > 0 ? '' : textOf(element),
  };
}

function expected(node: Node): Node {
  const children = node.children.map(expected);
  return { ...node, attributes: { ...node.attributes }, children, text: children.length > 0 ? '' : node.text };
}

type Ordered = Readonly<Record<string, unknown>>;

function fromOrdered(entry: Ordered): Node {
  const key = Object.keys(entry).find((item) => item !== ':@') ?? '';
  const inside = entry[key] as readonly Ordered[];
  const children = inside.filter((item) => !('#text' in item)).map(fromOrdered);
  const text = inside.map((item) => (typeof item['#text'] === 'string' ? item['#text'] : '')).join('');
  return {
    name: key,
    attributes: { ...((entry[':@'] as Record<string, string> | undefined) ?? {}) },
    children,
    text: children.length > 0 ? '' : text,
  };
}

describe('our XML beside other implementations', () => {
  test('reads what xmlbuilder2 writes as what was meant', () => {
    fc.assert(
      fc.property(tree, (node) => {
        const document = create({ version: '1.0', encoding: 'utf-8' });
        build(document, node);
        expect(plain(parseXmlTree(document.end()))).toEqual(expected(node));
      }),
      { numRuns: 150 },
    );
  });

  test('writes what fast-xml-parser reads as what was meant', () => {
    const parser = new XMLParser({
      preserveOrder: true,
      ignoreAttributes: false,
      attributeNamePrefix: '',
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
    });
    fc.assert(
      fc.property(tree, (node) => {
        const [root] = parser.parse(write(node)) as readonly Ordered[];
        expect(fromOrdered(root as Ordered)).toEqual(expected(node));
      }),
      { numRuns: 150 },
    );
  });
});
