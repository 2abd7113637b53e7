import fc from 'fast-check';
import {
  attributeOf,
  childElements,
  decodeUtf8,
  escapeAttribute,
  escapeText,
  firstChild,
  parseXmlTree,
  textOf,
  Utf8Stream,
} from '../../src/xml/index.js';

function like(facts: Readonly<Record<string, unknown>>): Error {
  return expect.objectContaining(facts) as Error;
}

const anyText = fc
  .string({ unit: 'binary', maxLength: 20 })
  .map((text) => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ''));

describe('escaped text', () => {
  test('is read back as it was, in elements and in attributes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const root = parseXmlTree(`<a b="${escapeAttribute(text)}">${escapeText(text)}</a>`);
        expect(attributeOf(root, 'b')).toBe(text);
        expect(textOf(root)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test('has only named entities in elements, but for the carriage return', () => {
    expect(escapeText('a<b>&"\'\n\t\r')).toBe('a&lt;b&gt;&amp;"\'\n\t&#13;');
  });

  test('is the same text where nothing is to be escaped', () => {
    expect(escapeText('plain é 😀')).toBe('plain é 😀');
  });

  test.each(['\u0000', '\u001b', '\ud800', '\udc00x', '\uffff', 'x\ufffe'])('cannot hold %j', (text) => {
    expect(() => escapeText(text)).toThrow(like({ code: 'xml_character' }));
    expect(() => escapeAttribute(text)).toThrow(like({ code: 'xml_character' }));
  });
});

describe('UTF-8', () => {
  test('is read as the platform reads it, whole and in pieces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.array(fc.nat(5)), (text, sizes) => {
        const bytes = Buffer.from(text);
        const expected = new TextDecoder().decode(bytes);
        expect(decodeUtf8(bytes)).toBe(expected);
        const stream = new Utf8Stream();
        let out = '';
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = 1 + (sizes[turn % sizes.length] ?? 0);
          out += stream.push(bytes.subarray(at, at + size));
          at += size;
        }
        stream.end();
        expect(out).toBe(expected);
      }),
    );
  });

  test.each<readonly [string, readonly number[], number]>([
    ['a lone continuation byte', [0x61, 0x80], 1],
    ['an overlong form', [0x61, 0x62, 0xc0, 0xaf], 2],
    ['half of a pair', [0xed, 0xa0, 0x80], 0],
    ['a character cut short', [0x61, 0xe2, 0x82], 1],
    ['beyond Unicode', [0xf4, 0x90, 0x80, 0x80], 0],
  ])('with %s is refused at its offset', (_name, bytes, offset) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow(like({ code: 'bad_utf8', offset }));
    const stream = new Utf8Stream();
    expect(() => {
      stream.push(Uint8Array.from(bytes));
      stream.end();
    }).toThrow(like({ code: 'bad_utf8' }));
  });

  test('loses one byte order mark at its start and no other', () => {
    expect(decodeUtf8(Buffer.from('\ufeff\ufeffa'))).toBe('\ufeffa');
  });
});

describe('a tree', () => {
  const text = '<?xml version="1.0"?>\r\n<p:a x="1" y="&lt;">\r\n  one<b>two</b>\n  <c/><b n="2"/>\n</p:a>';
  const root = parseXmlTree(text);

  test('keeps raw names, the order of attributes, and text', () => {
    expect(root).toMatchObject({
      kind: 'element',
      name: 'p:a',
      attributes: [
        { name: 'x', value: '1' },
        { name: 'y', value: '<' },
      ],
    });
    expect(root.children.map((child) => (child.kind === 'text' ? child.text : child.name))).toEqual([
      '\n  one',
      'b',
      '\n  ',
      'c',
      'b',
      '\n',
    ]);
  });

  test('says where each element and text begins', () => {
    expect(root).toMatchObject({ line: 2, column: 1 });
    expect(root.children.map(({ line, column }) => [line, column])).toEqual([
      [2, 21],
      [3, 6],
      [3, 16],
      [4, 3],
      [4, 7],
      [4, 17],
    ]);
  });

  test('finds the first child of a name, and all of them', () => {
    expect(textOf(firstChild(root, 'b') as never)).toBe('two');
    expect(childElements(root, 'b')).toHaveLength(2);
    expect(childElements(root)).toHaveLength(3);
    expect(firstChild(root, 'd')).toBeUndefined();
    expect(attributeOf(root, 'z')).toBeUndefined();
  });

  test('of many elements takes time in proportion', () => {
    const rows = 60_000;
    const large = parseXmlTree(`<a>${'<b c="1">x</b>\n'.repeat(rows)}</a>`);
    expect(childElements(large)).toHaveLength(rows);
    expect(childElements(large).at(-1)).toMatchObject({ line: rows, column: 1 });
  });
});
