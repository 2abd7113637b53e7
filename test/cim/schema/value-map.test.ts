import { valueMapOf } from '../../../src/cim/schema/index.js';
import { compileGood } from '../mof/kit.js';

function mappingOf(property: string) {
  const { schema } = compileGood(`class T_A { ${property} };`);
  const [found] = schema.get('T_A')?.properties ?? [];
  if (found === undefined) throw new Error('no property');
  return valueMapOf(found);
}

test('values and names are found both ways', () => {
  const mapping = mappingOf('[ValueMap { "2", "0x10", "-1" }, Values { "On", "Hex", "Minus" }] sint32 P;');
  expect(mapping?.textOf(2)).toBe('On');
  expect(mapping?.textOf(16n)).toBe('Hex');
  expect(mapping?.valueOf('minus')).toBe(-1n);
  expect(mapping?.valueOf('Nothing')).toBeUndefined();
  expect(mapping?.textOf(3)).toBeNull();
  expect(mapping?.textOf(null)).toBeNull();
});

test('ranges cover what stands in them, an exact value wins, ".." takes the rest', () => {
  const mapping = mappingOf(
    '[ValueMap { "..1", "5..9", "7", "32768..", ".." }, Values { "Low", "Mid", "Seven", "Vendor", "Rest" }] uint32 P;',
  );
  expect([0, 5, 7, 9, 40_000, 100].map((value) => mapping?.textOf(value))).toEqual([
    'Low',
    'Mid',
    'Seven',
    'Mid',
    'Vendor',
    'Rest',
  ]);
  expect(mapping?.valueOf('Mid')).toBeUndefined();
  expect(mapping?.entryOf('mid')).toMatchObject({ from: 5n, to: 9n });
});

test('without ValueMap the values are places, and strings map texts', () => {
  expect(mappingOf('[Values { "A", "B" }] uint8 P;')?.textOf(1)).toBe('B');
  const strings = mappingOf('[ValueMap { "tcg", "ima" }, Values { "Boot", "Kernel" }] string P;');
  expect(strings?.textOf('ima')).toBe('Kernel');
  expect(strings?.valueOf('Boot')).toBe('tcg');
  expect(mappingOf('string P;')).toBeNull();
});
