import fc from 'fast-check';
import { ParseError } from '../../../src/base/index.js';
import {
  type CimInstancePath,
  createClassPath,
  createInstancePath,
  instanceIdentity,
  keyOf,
} from '../../../src/cim/model/index.js';
import { formatObjectPath, parseObjectPath, parseWbemUri } from '../../../src/cim/uri/index.js';

function instance(text: string): CimInstancePath {
  const path = parseObjectPath(text);
  if (path.kind !== 'instance-path') throw new Error(`${text} names no instance`);
  return path;
}

function column(text: string): number {
  try {
    parseObjectPath(text);
  } catch (error) {
    if (error instanceof ParseError && error.code === 'bad_object_path') return error.column;
    throw error;
  }
  throw new Error(`${text} was read`);
}

describe('reading', () => {
  test.each([
    ['CIM_A', null, null],
    ['root/cimv2:CIM_A', null, 'root/cimv2'],
    ['/root/cimv2:CIM_A', null, 'root/cimv2'],
    ['//host/root/cimv2:CIM_A', 'host', 'root/cimv2'],
    ['https://host:5989/root/cimv2:CIM_A', 'host:5989', 'root/cimv2'],
    ['http://[::1]:5988/interop:CIM_A', '[::1]:5988', 'interop'],
    ['///root/cimv2:CIM_A', null, 'root/cimv2'],
    ['http://user:p@ss:w@host/root:CIM_A', 'host', 'root'],
  ])('the class path %s', (text, host, namespace) => {
    expect(parseObjectPath(text)).toEqual(createClassPath('CIM_A', { host, namespace }));
  });

  test('keys of every kind', () => {
    const path = instance(
      'root/tvdc:CIM_A.s="a\\"b\\\\c,d=e",n=1,m=-7,h=0x1F,b=101b,r=1.5e3,t=TRUE,f=false,c=\'x\',w=bare text',
    );
    expect(Object.fromEntries(path.keys.map((key) => [key.name, key.value]))).toEqual({
      s: 'a"b\\c,d=e',
      n: 1n,
      m: -7n,
      h: 31n,
      b: 5n,
      r: 1500,
      t: true,
      f: false,
      c: 'x',
      w: 'bare text',
    });
    expect(path.keys.find((key) => key.name === 'c')?.type).toBe('char16');
  });

  test('64-bit integers stay exact', () => {
    expect(keyOf(instance('C.n=18446744073709551615'), 'N')).toBe(18_446_744_073_709_551_615n);
  });

  test('a quoted path becomes a reference, unless told otherwise', () => {
    const text = 'root:CIM_R.Antecedent="root/cimv2:CIM_A.Name=\\"x\\"",Dependent="CIM_B.K=1"';
    const path = instance(text);
    expect(path.keys.map((key) => key.type)).toEqual(['reference', 'reference']);
    expect(keyOf(path, 'Antecedent')).toEqual(
      createInstancePath('CIM_A', [{ name: 'Name', type: null, value: 'x' }], { namespace: 'root/cimv2' }),
    );
    expect(keyOf(parseObjectPath(text, { references: 'never' }) as CimInstancePath, 'Dependent')).toBe('CIM_B.K=1');
  });

  test('texts that only look a little like paths stay texts', () => {
    for (const value of ['a=b', 'x.y=z', 'CIM_A', 'CIM_A.', 'CIM_A.k="open', 'http://host/path?a=b']) {
      expect(keyOf(instance(`C.k=${JSON.stringify(value)}`), 'k')).toBe(value);
    }
  });

  test('unquoted references take the plain keys that follow, as with wbemcli', () => {
    const path = instance('root/tvdc:CIM_R.Left=root/cimv2:CIM_A.a=1,b="2",Right=CIM_B.c=3');
    expect(path.keys.map((key) => key.name)).toEqual(['Left', 'Right']);
    expect((keyOf(path, 'Left') as CimInstancePath).keys.map((key) => key.name)).toEqual(['a', 'b']);
    expect((keyOf(path, 'Right') as CimInstancePath).keys.map((key) => key.value)).toEqual([3n]);
  });

  test('the only instance of a class without keys', () => {
    expect(parseObjectPath('root:CIM_Single=@')).toEqual(createInstancePath('CIM_Single', [], { namespace: 'root' }));
  });

  test.each([
    ['', 1],
    ['root:', 6],
    ['root:1C', 6],
    ['C.', 3],
    ['C.k', 4],
    ['C.k="x', 5],
    ['C.k="x"y', 8],
    ['C.k=1,', 7],
    ['C.k=1,K=2', 7],
    ["C.k='xy'", 5],
    ['root//a:C', 1],
    ['C?', 2],
    ['http://ho st/root:C', 8],
    ['C=@x', 4],
  ])('%j is refused, with the column', (text, expected) => {
    expect(column(text)).toBe(expected);
  });

  test('a word and a colon is a namespace', () => {
    expect(parseObjectPath('ftp:C')).toEqual(createClassPath('C', { namespace: 'ftp' }));
  });

  test('long hostile texts are read once and have bounds', () => {
    const deep = '"'.repeat(2000);
    expect(instance(`CIM_A.k=${'CIM_A.k='.repeat(20_000)}`).keys).toHaveLength(1);
    expect(() => parseObjectPath(`CIM_A.k="${'\\'.repeat(100_000)}`)).toThrow(ParseError);
    expect(() => parseObjectPath(`CIM_A.k=${deep}`)).toThrow(ParseError);
    expect(() => parseObjectPath(`CIM_A.${Array.from({ length: 2000 }, (_, at) => `k${at}=1`).join(',')}`)).toThrow(
      'at most 1000 keys',
    );
  });
});

describe('servers and namespaces', () => {
  test.each([
    ['http://host', { scheme: 'http', host: 'host', namespace: null, path: null }],
    ['https://host:5989/', { scheme: 'https', host: 'host:5989', namespace: null, path: null }],
    ['http://host/root/tvdc', { scheme: 'http', host: 'host', namespace: 'root/tvdc', path: null }],
    ['root/tvdc', { scheme: null, host: null, namespace: 'root/tvdc', path: null }],
    ['cimxml.wbems://h/root:C', { scheme: 'https', host: 'h', namespace: 'root' }],
  ])('%s', (text, expected) => {
    expect(parseWbemUri(text)).toMatchObject(expected);
  });

  test('credentials are taken as they stand, up to the last @', () => {
    const uri = parseWbemUri('http://admin:p%40ss@word@127.0.0.1:5988/root/tvdc:TVDC_VM.Name=web');
    expect(uri).toMatchObject({ user: 'admin', password: 'p%40ss@word', host: '127.0.0.1:5988' });
    expect(uri.path).toMatchObject({ className: 'TVDC_VM', namespace: 'root/tvdc', host: '127.0.0.1:5988' });
  });

  test('a single word names a class', () => {
    expect(parseWbemUri('CIM_A').path).toEqual(createClassPath('CIM_A'));
  });

  test('other schemes are refused', () => {
    expect(() => parseWbemUri('ftp://host/root:C')).toThrow('expected http or https');
  });
});

describe('writing', () => {
  const path = createInstancePath(
    'CIM_A',
    { Name: 'a"b\\c', Size: 7n, On: true, At: createInstancePath('CIM_B', { K: 'x' }, { namespace: 'root' }) },
    { host: 'h:5989', namespace: 'root/tvdc' },
  );

  test('each form', () => {
    expect(formatObjectPath(path, 'uri', { scheme: 'https' })).toBe(
      'https://h:5989/root/tvdc:CIM_A.Name="a\\"b\\\\c",Size=7,On=TRUE,At="/root:CIM_B.K=\\"x\\""',
    );
    expect(formatObjectPath(path, 'uri')).toMatch(/^\/\/h:5989\/root\/tvdc:CIM_A\./);
    expect(formatObjectPath({ ...path, host: null }, 'uri')).toMatch(/^\/root\/tvdc:CIM_A\./);
    expect(formatObjectPath({ ...path, host: null })).toMatch(/^root\/tvdc:CIM_A\./);
    expect(formatObjectPath(path, 'model')).toMatch(/^CIM_A\.Name=/);
    expect(formatObjectPath(createClassPath('CIM_A'))).toBe('CIM_A');
  });

  const keyValue = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('"', '\\', ',', '=', "'", ':', '/', '.', 'é', '💡') }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.boolean(),
  );
  const keys = fc
    .dictionary(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/), keyValue, { minKeys: 1, maxKeys: 4 })
    .filter(
      (record) => new Set(Object.keys(record).map((name) => name.toLowerCase())).size === Object.keys(record).length,
    );

  test('what is written is read back the same, in every form', () => {
    fc.assert(
      fc.property(keys, keys, (own, other) => {
        const reference = createInstancePath('CIM_Target', other, { namespace: 'root/x' });
        const original = createInstancePath(
          'CIM_Any',
          { ...own, TheReference: reference },
          { host: 'host:1', namespace: 'root/a' },
        );
        for (const form of ['uri', 'historical', 'model'] as const) {
          const text = formatObjectPath(original, form);
          const back = instance(text);
          expect(instanceIdentity(back)).toBe(instanceIdentity(original));
          expect(formatObjectPath(back, form)).toBe(text);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('any text is read or refused with its place, never anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aC_.:=/",\\\'1@ \u00e9') }), (text) => {
        try {
          parseObjectPath(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ParseError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
