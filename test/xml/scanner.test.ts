import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { XmlError, xmlIncomplete, XmlScanner, XmlTagCache, type XmlScannerOptions } from '../../src/xml/index.js';

type Event =
  | readonly ['open', string, readonly (readonly [string, string])[]]
  | readonly ['close', string]
  | readonly ['text', string];

/** An error with these facts, whatever else it says. */
function like(facts: Readonly<Record<string, unknown>>): Error {
  return expect.objectContaining(facts) as Error;
}

function push(events: Event[], event: Event): void {
  const last = events.at(-1);
  if (event[0] === 'text' && last?.[0] === 'text') events[events.length - 1] = ['text', last[1] + event[1]];
  else if (event[0] !== 'text' || event[1] !== '') events.push(event);
}

function record(scanner: XmlScanner, events: Event[]): void {
  for (let event = scanner.next(); event !== 'end'; event = scanner.next()) {
    if (event === 'open')
      push(events, [
        'open',
        scanner.name,
        scanner.tag.names.map((name, at) => [name, scanner.tag.values[at] as string]),
      ]);
    else if (event === 'close') push(events, ['close', scanner.name]);
    else push(events, ['text', scanner.text]);
  }
}

function scan(text: string, options: XmlScannerOptions = {}): Event[] {
  const scanner = new XmlScanner(options);
  scanner.append(text);
  scanner.finish();
  const events: Event[] = [];
  record(scanner, events);
  return events;
}

/** The reference: null where it refuses the document, or where we refuse on purpose. */
function reference(text: string): Event[] | null {
  const events: Event[] = [];
  const parser = new SaxesParser({ position: false });
  let forbidden = false;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => push(events, ['open', tag.name, Object.entries(tag.attributes)]));
  parser.on('closetag', (tag) => push(events, ['close', tag.name]));
  parser.on('text', (data) => (parser.closed || data === '' ? undefined : push(events, ['text', data])));
  parser.on('cdata', (data) => push(events, ['text', data]));
  parser.on('doctype', () => (forbidden = true));
  parser.on('processinginstruction', () => (forbidden = true));
  try {
    parser.write(text).close();
  } catch {
    return null;
  }
  if (forbidden) return null;
  // Text outside of the root element can only be blank.
  const inner = events.findIndex((event) => event[0] === 'open');
  const last = events.findLastIndex((event) => event[0] === 'close');
  return events.slice(inner, last + 1);
}

const wellFormed: readonly (readonly [string, string])[] = [
  ['an empty element', '<a/>'],
  ['a declaration with single quotes', "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<a></a>\n"],
  ['attributes in both kinds of quotes', `<a b="1'2" c='3"4' />`],
  ['the five entities', '<a b="&lt;&quot;&apos;">&amp;&lt;&gt;&quot;&apos;</a>'],
  ['character references', '<a>&#65;&#x42;&#x1F600;&#13;&#0000000000065;</a>'],
  ['CDATA beside text', '<a>x<![CDATA[<&]] >]]>y<![CDATA[]]></a>'],
  ['comments everywhere', '<!-- a --><a>b<!-- - --><!---->c</a><!-- d -->'],
  ['line ends', '<a b="x\r\ny\rz">1\r\n2\r3\n</a>\r\n'],
  ['blanks in attribute values', '<a b=" x\t\ny "/>'],
  ['blanks around "=" and before ">"', '<a  b = "1"\n\tc= "2" ></a >'],
  ['">" in attribute values and text', '<a b="x>y">p>q]]</a>'],
  ['names with all kinds of characters', '<a.b-c:d_1 é="x" x·y="z"/>'],
  ['astral characters', '<a b="😀">😀</a>'],
  ['names that objects inherit', '<constructor toString="a" __proto__="b"/>'],
];

const malformed: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['blanks alone', ' \n'],
  ['text alone', 'a'],
  ['text before the root', 'a<b/>'],
  ['text after the root', '<b/>a'],
  ['two roots', '<a/><b/>'],
  ['an unclosed element', '<a><b></b>'],
  ['crossed tags', '<a><b></a></b>'],
  ['a close tag alone', '</a>'],
  ['a close tag that goes on', '<a></a b>'],
  ['a close tag with a longer name', '<a></ab>'],
  ['an attribute twice', '<a b="1" b="2"/>'],
  ['an attribute without quotes', '<a b=1/>'],
  ['an attribute without value', '<a b/>'],
  ['no blank between attributes', '<a b="1"c="2"/>'],
  ['"<" in an attribute value', '<a b="<"/>'],
  ['an unknown entity', '<a>&nbsp;</a>'],
  ['an entity that objects inherit', '<a>&constructor;&__proto__;</a>'],
  ['a bare ampersand', '<a>a & b</a>'],
  ['an entity without end', '<a>&amp</a>'],
  ['reference to NUL', '<a>&#0;</a>'],
  ['reference to a control character', '<a>&#x1F;</a>'],
  ['reference to half a pair', '<a>&#xD800;</a>'],
  ['reference to U+FFFF', '<a>&#xFFFF;</a>'],
  ['reference beyond Unicode', '<a>&#x110000;</a>'],
  ['reference with upper case X', '<a>&#X41;</a>'],
  ['reference without digits', '<a>&#;&#x;</a>'],
  ['raw control character', '<a>\u0001</a>'],
  ['half a pair', '<a>\ud800</a>'],
  ['U+FFFE', '<a>\ufffe</a>'],
  ['"]]>" in text', '<a>x]]>y</a>'],
  ['"--" in a comment', '<a><!-- x -- y --></a>'],
  ['a comment ending in three', '<a><!-- x ---></a>'],
  ['a comment without end', '<a/><!-- x'],
  ['CDATA outside of the root', '<![CDATA[x]]><a/>'],
  ['CDATA without end', '<a><![CDATA[x]]</a>'],
  ['a blank before the declaration', ' <?xml version="1.0"?><a/>'],
  ['a declaration without version', '<?xml encoding="utf-8"?><a/>'],
  ['a declaration in the middle', '<a><?xml version="1.0"?></a>'],
  ['a name that starts with a digit', '<1a/>'],
  ['a blank before the name', '< a/>'],
  ['unfinished tag', '<a b="1"'],
  ['unknown markup', '<a><!ELEMENT b></a>'],
];

describe('a well-formed document', () => {
  test.each(wellFormed)('with %s is read as the reference reads it', (_name, text) => {
    const expected = reference(text);
    expect(expected).not.toBeNull();
    expect(scan(text)).toEqual(expected);
  });
});

describe('a malformed document', () => {
  test.each(malformed)('with %s is refused, as the reference does', (_name, text) => {
    expect(reference(text)).toBeNull();
    expect(() => scan(text)).toThrow(like({ code: 'xml_not_well_formed' }));
  });

  test('is refused with line and column of the fault', () => {
    expect(() => scan('<a>\n  <b>&x;</b>\n</a>')).toThrow(like({ line: 2, column: 6 }));
  });
});

describe('what XML allows but this scanner does not take', () => {
  test.each([
    ['DOCTYPE', '<!DOCTYPE a><a/>'],
    ['DOCTYPE with entities', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['a processing instruction', '<?xml-stylesheet href="x"?><a/>'],
    ['a processing instruction inside', '<a><?x?></a>'],
    ['another encoding', '<?xml version="1.0" encoding="iso-8859-1"?><a/>'],
  ])('%s is forbidden', (_name, text) => {
    expect(() => scan(text)).toThrow(like({ code: 'xml_forbidden' }));
  });

  test('a plain DOCTYPE and instructions are skipped if the options say so', () => {
    const options = { doctype: 'without-subset', processingInstructions: 'skip' } as const;
    const text = '<?xml version="1.0"?><!DOCTYPE a SYSTEM "a.dtd"><?x y?><a>1<?z?>2</a>';
    expect(scan(text, options)).toEqual([
      ['open', 'a', []],
      ['text', '12'],
      ['close', 'a'],
    ]);
    expect(() => scan('<!DOCTYPE a [<!ENTITY x "y">]><a/>', options)).toThrow(like({ code: 'xml_forbidden' }));
  });
});

describe('limits', () => {
  const limits = { maxDepth: 3, maxAttributes: 2, maxElements: 5, maxLength: 60, maxTagLength: 20 };
  test.each([
    ['depth', '<a><a><a><a/></a></a></a>'],
    ['attributes', '<a b="" c="" d=""/>'],
    ['elements', '<a><a/><a/><a/><a/><a/></a>'],
    ['the length of a name', `<${'a'.repeat(25)}/>`],
    ['the length of an attribute', `<a b="${'c'.repeat(25)}"/>`],
    ['the length of an attribute with tags in it', `<a b="${'>'.repeat(25)}"/>`],
    ['the length of blanks', `<a${' '.repeat(25)}/>`],
    ['length', `<a>${' '.repeat(60)}</a>`],
  ])('on %s are kept', (_name, text) => {
    expect(() => scan(text, { limits })).toThrow(like({ code: 'xml_limit' }));
  });

  test.each([
    ['a name', '<a', 'a'],
    ['an attribute', '<a b="', 'c'],
    ['an attribute with tags in it', '<a b="', '>'],
    ['blanks', '<a b=""', ' '],
  ])('on tags hold where a document comes in pieces and %s never ends', (_name, beginning, more) => {
    const scanner = new XmlScanner({ limits: { maxTagLength: 1000 } });
    scanner.append(beginning);
    let given = 0;
    const go = (): void => {
      for (; given < 5000; given += more.length) {
        scanner.mark();
        try {
          scanner.next();
        } catch (error) {
          if (error !== xmlIncomplete) throw error;
        }
        scanner.rewind();
        scanner.append(more);
      }
    };
    expect(go).toThrow(like({ code: 'xml_limit' }));
    expect(given).toBeLessThan(1100);
  });

  test('are not reached by a document just within them', () => {
    expect(scan('<a><a><a b="" c=""/></a><a/><a/></a>', { limits })).toHaveLength(10);
  });
});

const piece = fc.constantFrom(
  '<a>',
  '</a>',
  '<b x="1">',
  '</b>',
  '<c/>',
  '<c y=\'2\' z="&amp;>"/>',
  'text',
  ' ',
  '\n',
  '\r\n',
  '\r',
  '&lt;',
  '&#65;',
  '&bad;',
  '&',
  '<!-- c -->',
  '<![CDATA[',
  ']]>',
  ']]',
  '<',
  '>',
  '"',
  "'",
  '=',
  '<?xml version="1.0"?>',
  'é',
  '😀',
  '<!',
  '--',
  '/>',
  '</b >',
  '\u0001',
  '<a ',
);

describe('any text', () => {
  test('is accepted or refused as the reference does, with the same events', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), fc.boolean(), (pieces, wrapped) => {
        const text = wrapped ? `<r>${pieces.join('')}</r>` : pieces.join('');
        const expected = reference(text);
        let found: Event[] | null = null;
        try {
          found = scan(text, { tags: new XmlTagCache(4) });
        } catch (error) {
          expect(error).toBeInstanceOf(XmlError);
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 4000 },
    );
  });

  test('gives the same events in pieces as in one', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(12), { minLength: 1 }), (pieces, cuts) => {
        const text = `<r>${pieces.join('')}</r>`;
        const outcome = (run: () => Event[]): Event[] | string => {
          try {
            return run();
          } catch (error) {
            return (error as XmlError).code;
          }
        };
        const whole = outcome(() => scan(text));
        const cut = outcome(() => {
          const scanner = new XmlScanner();
          const events: Event[] = [];
          const characters = Array.from(text);
          let at = 0;
          for (let turn = 0; ; turn++) {
            scanner.mark();
            try {
              const event = scanner.next();
              if (event === 'end') return events;
              if (event === 'open')
                push(events, [
                  'open',
                  scanner.name,
                  scanner.tag.names.map((name, i) => [name, scanner.tag.values[i] as string]),
                ]);
              else if (event === 'close') push(events, ['close', scanner.name]);
              else push(events, ['text', scanner.text]);
            } catch (error) {
              if (error !== xmlIncomplete) throw error;
              scanner.rewind();
              if (at >= characters.length) scanner.finish();
              else {
                const size = 1 + (cuts[turn % cuts.length] as number);
                scanner.append(characters.slice(at, at + size).join(''));
                at += size;
              }
            }
          }
        });
        expect(cut).toEqual(whole);
      }),
      { numRuns: 2000 },
    );
  });
});

test('a rewound scanner repeats its events, also from within a self-closed element', () => {
  const scanner = new XmlScanner();
  scanner.append('<a><b/><c></c');
  scanner.next();
  scanner.next();
  scanner.mark();
  const events = () => [scanner.next(), scanner.name, scanner.next(), scanner.name];
  const first = events();
  expect(() => scanner.next()).toThrow(xmlIncomplete);
  scanner.rewind();
  expect(events()).toEqual(first);
  expect(first).toEqual(['close', 'b', 'open', 'c']);
});

describe('textContent', () => {
  const open = (text: string): XmlScanner => {
    const scanner = new XmlScanner();
    scanner.append(text);
    scanner.finish();
    scanner.next();
    return scanner;
  };

  test.each([
    ['plain', '<a>x y</a>', 'x y'],
    ['empty', '<a></a>', ''],
    ['self-closed', '<a/>', ''],
    ['entities', '<a>&lt;x&gt;</a>', '<x>'],
    ['CDATA and comments', '<a>1<![CDATA[<2>]]><!-- 3 -->4</a >', '1<2>4'],
  ])('reads %s text up to the close tag', (_name, text, expected) => {
    const scanner = open(text);
    expect(scanner.textContent()).toBe(expected);
    expect(scanner.next()).toBe('end');
  });

  test('is undefined where an element stands', () => {
    expect(open('<a>1<b/></a>').textContent()).toBeUndefined();
  });
});

describe('the tag cache', () => {
  test('gives the same tag for the same text and never one for text that was not checked', () => {
    const tags = new XmlTagCache();
    const scanner = new XmlScanner({ tags });
    scanner.append('<r><a b="1"/><a b="1"/><a b="1>2"/></r>');
    scanner.finish();
    const seen = [];
    for (let event = scanner.next(); event !== 'end'; event = scanner.next())
      if (event === 'open') seen.push(scanner.tag);
    expect(seen[2]).toBe(seen[1]);
    expect(seen[3]?.attribute('b')).toBe('1>2');
    expect(() => scan('<a b="1"c="2"/>', { tags })).toThrow(XmlError);
    expect(() => scan('<a b="1"c="2"/>', { tags })).toThrow(XmlError);
  });

  test('forgets the tags that nobody asked for lately', () => {
    const tags = new XmlTagCache(2);
    for (const id of ['1', '2', '3', '4', '5']) scan(`<a b="${id}"/>`, { tags });
    expect(tags.get('<a b="1"/>')).toBeUndefined();
    expect(tags.get('<a b="5"/>')).toBeDefined();
  });
});
