import fc from 'fast-check';
import {
  compareCodePoints,
  createPolicy,
  decodePolicyBinary,
  encodePolicyBinary,
  parsePolicyJson,
  parsePolicyXml,
  policyDigests,
  type PolicyDocument,
  policyVersion,
  writePolicyJson,
  writePolicyMap,
  writePolicyXml,
} from '../../../src/acm/index.js';
import { fromHex, hash, toHex } from '../../../src/base/index.js';
import { policy } from '../policies.js';
import { thrownBy } from '../thrown.js';

const name = fc.string({
  unit: fc.constantFrom('a', 'B', '7', '.', ' ', '&', '<', '"', "'", '>', 'é', '\u{1f600}', '\uffee'),
  minLength: 1,
  maxLength: 6,
});

const documents: fc.Arbitrary<PolicyDocument> = fc
  .record({
    name,
    types: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
    labels: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
    picks: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
    primary: fc.boolean(),
    url: fc.option(name, { nil: undefined }),
    major: fc.nat(99),
    minor: fc.nat(99),
  })
  .map(({ name: own, types, labels, picks, primary, url, major, minor }) => {
    const pick = (at: number): string => types[(picks[at % picks.length] ?? 0) % types.length] ?? '';
    return createPolicy({
      name: own,
      version: policyVersion(major, minor),
      header: url === undefined ? {} : { url },
      fromPolicy: primary ? { name: own, version: policyVersion(0, 1) } : null,
      steTypes: types,
      chwallTypes: types,
      chwallPrimary: primary,
      conflictSets: types.length > 1 ? [{ name: own, types }] : [],
      bootstrap: labels[0] ?? '',
      vmLabels: labels.map((label, at) => ({
        name: label,
        ...(at === 1 ? { from: pick(at) } : {}),
        ste: [...new Set([pick(at), pick(at + 1)])],
        chwall: at % 2 === 0 ? [] : [pick(at)],
      })),
      resourceLabels: labels.map((label, at) => ({ name: label, type: pick(at + 2) })),
    });
  });

test('every policy comes back the same from XML and from JSON', () => {
  fc.assert(
    fc.property(documents, (document) => {
      expect(parsePolicyXml(writePolicyXml(document))).toEqual(document);
      expect(parsePolicyJson(writePolicyJson(document))).toEqual(document);
    }),
    { numRuns: 200 },
  );
});

test('the XML form is its own serialisation, so its SHA-1 is that of the bytes', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const xml = writePolicyXml(document);
      const { sha1, xml: identity } = policyDigests(parsePolicyXml(xml));
      expect(identity).toBe(xml);
      expect(sha1).toBe(toHex(hash('sha1', new TextEncoder().encode(xml))));
    }),
    { numRuns: 100 },
  );
});

test('the binary form reads back to the matrices, rows and columns sorted by code point', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const binary = decodePolicyBinary(encodePolicyBinary(document));
      const columns = [...document.steTypes].sort(compareCodePoints);
      const others = document.vmLabels.filter((label) => label.name !== document.bootstrap);
      const order = [
        ...document.vmLabels.filter((label) => label.name === document.bootstrap),
        ...others.toSorted((a, b) => compareCodePoints(a.name, b.name)),
      ];
      expect(binary.typeEnforcement?.rows.slice(0, 1 + order.length)).toEqual([
        [],
        ...order.map((label) => label.ste.map((type) => columns.indexOf(type)).sort((a, b) => a - b)),
      ]);
      expect(binary.chineseWall?.rows).toEqual([
        [],
        ...order.map((label) => label.chwall.map((type) => columns.indexOf(type))),
      ]);
      expect([binary.name, binary.version.major, binary.version.minor]).toEqual([
        document.name,
        document.version.major,
        document.version.minor,
      ]);
    }),
    { numRuns: 100 },
  );
});

test('a document laid out by hand is identified by the serialisation of its tree', () => {
  const xml = writePolicyXml(policy());
  const tail = xml.slice(xml.indexOf('<PolicyHeader>'));
  const written = `<?xml version='1.0' encoding="UTF-8"?>\n<!-- first -->\n<SecurityPolicyDefinition  xsi:schemaLocation='a "b"'\n xmlns:xsi="http://x" xmlns='http://www.ibm.com' >\n ${tail.replace('<Type>S</Type>', '<Type >S</Type ><!-- c -->').replace('<PolicyName>p', '<PolicyName>&#112;')}\n`;
  expect(policyDigests(parsePolicyXml(written)).xml).toBe(
    '<?xml version="1.0" ?><!-- first --><SecurityPolicyDefinition xmlns="http://www.ibm.com" xmlns:xsi="http://x" xsi:schemaLocation="a &quot;b&quot;">\n ' +
      tail.replace('<Type>S</Type>', '<Type>S</Type><!-- c -->'),
  );
});

test('the serialisation reads back to the same policy and to itself, whatever white space stands in names', () => {
  const xml = writePolicyXml(policy({ conflict_sets: [{ name: 'x', types: ['A', 'B'] }] }))
    .replace('<PolicyName>p', '<PolicyName><![CDATA[<p>]]>&#13;&#10;\r\n&#9;')
    .replace('name="x"', "name='x&#10;&#9;&#13;&apos;'");
  const document = parsePolicyXml(xml);
  expect(document.name).toBe('<p>\r\n\n\t');
  const { xml: identity, sha256 } = policyDigests(document);
  const again = parsePolicyXml(identity);
  expect(again).toEqual(document);
  expect(policyDigests(again)).toMatchObject({ xml: identity, sha256 });
  expect(parsePolicyXml(writePolicyXml(document))).toEqual(document);
});

describe('the binary form', () => {
  // 1 label, 1 type in both components, no conflict set: small enough to write down by hand.
  const tiny = policy({
    name: 'p',
    version: '2.3',
    ste_types: ['T'],
    chwall_types: ['T'],
    bootstrap: 'L',
    vm_labels: [{ name: 'L', ste: ['T'], chwall: ['T'] }],
    resource_labels: [],
  });
  const sha1 = policyDigests(tiny).sha1;
  const wall = '000000010000000100000001000000020000000000000024000000280000000000000000' + '00000001';
  const enforcement = '0000000100000002000000010000000200000014' + '00000001';
  const words = (...values: number[]): string => values.map((value) => value.toString(16).padStart(8, '0')).join('');

  test('is laid out as documented', () => {
    const head = words(0x1debc, 4, 132, 60, 1, 68, 2, 108, 2, 3) + sha1;
    expect(toHex(encodePolicyBinary(tiny))).toBe(`${head}${words(2)}7000${'0000'}${wall}${enforcement}`);
  });

  test('without Chinese Wall types has type enforcement alone in mode strict, an empty wall before it in mode xen', () => {
    const alone = policy({ chwall_types: [], vm_labels: [{ name: 'S', ste: ['A'] }], resource_labels: [] });
    const strict = decodePolicyBinary(encodePolicyBinary(alone));
    expect([strict.primary, strict.secondary, strict.chineseWall]).toEqual([2, 0, null]);
    const xen = decodePolicyBinary(encodePolicyBinary(alone, { mode: 'xen' }));
    expect([xen.primary, xen.secondary, xen.chineseWall?.types]).toEqual([2, 15, 0]);
    expect(xen.typeEnforcement).toEqual(strict.typeEnforcement);
  });

  test('version 3 is read, also with its first words swapped', () => {
    const body = `${words(2)}70000000${wall}${enforcement}`;
    const rest = `${words(112, 40, 1, 48, 2, 88, 2, 3)}${body}`;
    for (const start of [words(0x1debc, 3), words(3, 0x1debc)]) {
      const { format, sha1: none, ...binary } = decodePolicyBinary(fromHex(start + rest));
      const { format: _, sha1: given, ...current } = decodePolicyBinary(encodePolicyBinary(tiny));
      expect([format, none, given]).toEqual([3, null, sha1]);
      expect(binary).toEqual(current);
    }
  });

  test('bytes that are no policy are refused, never read past their end', () => {
    const good = encodePolicyBinary(policy());
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bad = new Uint8Array(good);
        bad[at] = (bad[at] ?? 0) ^ change;
        try {
          decodePolicyBinary(bad);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.any(String), offset: expect.any(Number) });
        }
      }),
      { numRuns: 500 },
    );
    for (let length = 0; length < good.length; length += 7) {
      expect(thrownBy(() => decodePolicyBinary(good.subarray(0, length)))).toMatchObject({
        offset: expect.any(Number),
      });
    }
  });
});

test('a map file names rows, types and the row of no label', () => {
  const map = writePolicyMap(policy({ name: 'org.site' }), '/policies');
  expect(map).toContain('POLICFILE              /policies/org/site-security_policy.xml');
  expect(map).toContain('LABEL->SSID ANY CHWALL __NULL_LABEL__       0\n');
  expect(map).toContain('LABEL->SSID RES STE    A                    5\n');
  expect(map).toContain('SSID->TYPE STE         00000001 S A B\n');
});
