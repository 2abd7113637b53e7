import fc from 'fast-check';
import {
  CimDateTime,
  type CimScalar,
  type CimType,
  type CimValue,
  cimTypes,
  coerceKey,
  coerceUntyped,
  createClassPath,
  createInstancePath,
  formatScalar,
  integerRanges,
  parseScalar,
} from '../../../src/cim/model/index.js';
import { scalar } from './arbitraries.js';

const wrong = expect.objectContaining({ code: 'bad_value' }) as Error;

describe('the text of a value', () => {
  const good: readonly (readonly [CimType, string, CimScalar])[] = [
    ['string', ' x ', ' x '],
    ['string', '', ''],
    ['char16', '漢', '漢'],
    ['boolean', 'TRUE', true],
    ['boolean', ' False\n', false],
    ['uint8', '255', 255],
    ['uint8', '+1', 1],
    ['uint8', '0XfF', 255],
    ['sint8', '-0x80', -128],
    ['uint16', ' 65535 ', 65535],
    ['sint32', '-2147483648', -2147483648],
    ['uint32', '0004294967295', 4294967295],
    ['uint64', '18446744073709551615', 18446744073709551615n],
    ['sint64', '-9223372036854775808', -9223372036854775808n],
    ['real64', '1.5E-10', 1.5e-10],
    ['real64', '.5', 0.5],
    ['real64', '7', 7],
    ['real32', '-INF', Number.NEGATIVE_INFINITY],
    ['real32', '3.4028235E38', 3.4028235e38],
    ['real64', 'NaN', Number.NaN],
    ['datetime', '20240229120000.000000-060', CimDateTime.parse('20240229120000.000000-060')],
  ];
  test.each(good)('%s "%s" is %p', (type, text, value) => {
    expect(parseScalar(type, text)).toEqual(value);
  });

  const bad: readonly (readonly [CimType, string])[] = [
    ['char16', ''],
    ['char16', '😀'],
    ['boolean', '1'],
    ['boolean', 'yes'],
    ['uint8', '256'],
    ['uint8', '-1'],
    ['sint8', '128'],
    ['uint16', ''],
    ['uint16', '1.0'],
    ['uint32', '0x'],
    ['uint32', '1 2'],
    ['uint32', '1e3'],
    ['uint64', '18446744073709551616'],
    ['uint64', '9'.repeat(100_000)],
    ['real32', '1e39'],
    ['real32', '3.4028236E38'],
    ['real64', '1e309'],
    ['real64', '1,5'],
    ['real64', '0x10'],
    ['real64', 'Infinity'],
    ['datetime', '20240229'],
    ['datetime', '20241329120000.000000-060'],
    ['reference', 'root/cimv2:X'],
  ];
  test.each(bad)('%s "%.20s" is refused', (type, text) => {
    expect(() => parseScalar(type, text)).toThrow(wrong);
  });

  test('comes back from every value of every type', () => {
    const typed = fc
      .constantFrom(...cimTypes.filter((type) => type !== 'reference'))
      .chain((type) => scalar(type).map((value) => ({ type, value })));
    fc.assert(
      fc.property(typed, ({ type, value }) => {
        expect(parseScalar(type, formatScalar(type, value))).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  test.each<readonly [number, string]>([
    [1, '1.0'],
    [0.1, '0.1'],
    [1e21, '1.0e+21'],
    [1.5e-9, '1.5e-9'],
    [-0, '-0.0'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-INF'],
  ])('of the real %p is %s, with the point that DSP0201 demands', (value, text) => {
    expect(formatScalar('real64', value)).toBe(text);
  });

  const misplaced: readonly (readonly [CimType, CimScalar])[] = [
    ['string', 1],
    ['char16', 'ab'],
    ['boolean', 'true'],
    ['uint8', 256],
    ['uint8', 1.5],
    ['uint8', 1n],
    ['uint64', 1],
    ['sint64', 2n ** 63n],
    ['real32', 1e300],
    ['datetime', '20240229120000.000000-060'],
    ['reference', createClassPath('X')],
  ];
  test.each(misplaced)('of type %s is not made from %p', (type, value) => {
    expect(() => formatScalar(type, value)).toThrow(wrong);
  });
});

describe('a value that came without type', () => {
  const path = createInstancePath('X', { k: 1 });
  const good: readonly (readonly [CimType, boolean, CimValue, CimValue])[] = [
    ['uint8', false, '7', 7],
    ['uint64', false, 7n, 7n],
    ['uint8', false, 7n, 7],
    ['sint64', false, -7, -7n],
    ['string', false, 7n, '7'],
    ['string', false, true, 'true'],
    ['boolean', false, 'TRUE', true],
    ['real64', false, 7n, 7],
    ['datetime', false, '20240229120000.000000-060', CimDateTime.parse('20240229120000.000000-060')],
    ['reference', false, path, path],
    ['uint16', true, ['1', null, '2'], [1, null, 2]],
    ['uint16', true, [], []],
    ['uint16', true, null, null],
  ];
  test.each(good)('takes the type %s (array: %p) of the class', (type, isArray, value, typed) => {
    expect(coerceUntyped(type, isArray, value)).toEqual(typed);
  });

  const bad: readonly (readonly [CimType, boolean, CimValue])[] = [
    ['uint8', false, '256'],
    ['uint8', false, true],
    ['uint8', false, 1.5],
    ['boolean', false, 1n],
    ['uint8', false, ['1']],
    ['uint8', true, '1'],
    ['reference', false, 'X.k=1'],
    ['string', false, path],
    ['datetime', false, path],
  ];
  test.each(bad)('is refused as %s (array: %p) if it is %p', (type, isArray, value) => {
    expect(() => coerceUntyped(type, isArray, value)).toThrow(wrong);
  });

  test('keeps every value that has the type already', () => {
    const typed = fc.constantFrom(...cimTypes).chain((type) => scalar(type).map((value) => ({ type, value })));
    fc.assert(
      fc.property(typed, ({ type, value }) => {
        expect(coerceUntyped(type, false, value)).toEqual(value);
      }),
    );
  });
});

describe('a key that came without type', () => {
  test.each(Object.keys(integerRanges) as CimType[])('is a bigint for %s, from text and number alike', (type) => {
    expect([coerceKey(type, '0x07'), coerceKey(type, 7n), coerceKey(type, 7)]).toEqual([7n, 7n, 7n]);
  });

  test('keeps its text for a string, whatever it looks like', () => {
    expect([coerceKey('string', '007'), coerceKey('string', 7n), coerceKey('string', 'TRUE')]).toEqual([
      '007',
      '7',
      'TRUE',
    ]);
  });

  test('is the text of a datetime, checked', () => {
    expect(coerceKey('datetime', '20240229120000.000000-060')).toBe('20240229120000.000000-060');
    expect(() => coerceKey('datetime', 'today')).toThrow(wrong);
  });
});
