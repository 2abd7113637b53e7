import { CimDateTime, type CimType, createInstancePath } from '../../../src/cim/model/index.js';
import { mappedValue, toTypedValue } from '../../../src/client/wbem/index.js';
import { testClass } from '../../http/support.js';

const as = (type: CimType, isArray = false) => ({ name: 'P', type, isArray });

test.each([
  ['uint8', 255, 255],
  ['uint32', 7n, 7],
  ['sint16', ' -5 ', -5],
  ['uint64', 3, 3n],
  ['sint64', '-9223372036854775808', -(2n ** 63n)],
  ['real32', 2n, 2],
  ['real64', '1.5e3', 1500],
  ['real64', 'NaN', Number.NaN],
  ['boolean', 'TRUE', true],
  ['boolean', false, false],
  ['char16', 'x', 'x'],
  ['string', '', ''],
  ['datetime', '20240101000000.000000+000', CimDateTime.parse('20240101000000.000000+000')],
  ['string', null, null],
] as const)('%s from %j', (type, value, expected) => {
  expect(toTypedValue(as(type), value)).toEqual(expected);
});

test('references are read from text', () => {
  expect(toTypedValue(as('reference'), 'root:C.K=1')).toEqual(
    createInstancePath('C', { K: 1n }, { namespace: 'root' }),
  );
});

test('arrays are converted item by item and may hold NULL', () => {
  expect(toTypedValue(as('uint64', true), [1, null, '2'])).toEqual([1n, null, 2n]);
});

test.each([
  ['uint8', 256],
  ['uint8', -1],
  ['uint64', 2 ** 60],
  ['uint64', -1n],
  ['uint32', 1.5],
  ['uint32', '0x10'],
  ['uint32', true],
  ['real32', ''],
  ['real32', 'many'],
  ['boolean', 'yes'],
  ['boolean', 1],
  ['char16', 'xy'],
  ['string', 5],
  ['datetime', 5],
  ['reference', 5],
] as const)('%s from %j is refused', (type, value) => {
  expect(() => toTypedValue(as(type), value)).toThrow(expect.objectContaining({ code: 'bad_value' }) as Error);
});

test('one value is not an array, and an array is not one value', () => {
  expect(() => toTypedValue(as('uint8', true), 1)).toThrow('expected an array of uint8');
  expect(() => toTypedValue(as('uint8'), [1])).toThrow('expected one uint8');
});

test('ValueMap and Values name numbers', () => {
  const flavor = { overridable: true, toSubclass: true, translatable: false };
  const strings = (name: string, value: readonly string[]) => ({
    name,
    type: 'string' as const,
    isArray: true,
    value,
    flavor,
    propagated: false,
  });
  const [id, n] = testClass.properties;
  if (id === undefined || n === undefined) throw new Error('expected two properties');
  const mapped = {
    ...testClass,
    properties: [{ ...n, qualifiers: [strings('ValueMap', ['2', '11']), strings('Values', ['DMTF', 'SNIA'])] }],
  };
  expect(mappedValue(mapped, 'n', 11)).toBe('SNIA');
  expect(mappedValue(mapped, 'N', 3)).toBeNull();
  const listed = { ...testClass, properties: [{ ...n, qualifiers: [strings('Values', ['zero', 'one'])] }] };
  expect(mappedValue(listed, 'N', 1n)).toBe('one');
  expect(mappedValue(testClass, 'N', 1)).toBeNull();
  expect(mappedValue(testClass, 'Nope', 1)).toBeNull();
});
