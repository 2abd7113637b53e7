import { createInstance } from '../../../src/cim/model/index.js';
import { textOfProperty, withPropertyTexts } from '../../../src/cim/schema/index.js';
import { errorLike } from '../../support/errors.js';
import { compileGood } from '../mof/kit.js';

const { schema } = compileGood(`class T_A { [Key] string Name;
  [ValueMap { "2", "3", "5..9" }, Values { "On", "Off", "Vendor" }] uint16 State;
  [ValueMap { "0", "1" }, Values { "Low", "High" }] uint64 Levels[];
  [ValueMap { "r", "w" }, Values { "Read", "Write" }] string Mode; };`);
const cls = schema.get('T_A');
if (cls === undefined) throw new Error('no class');
const instance = createInstance(cls, { Name: 'a', State: 7, Levels: [1n, null, 4n], Mode: 'w' });

test('values of an instance are told by what the class calls them', () => {
  expect(textOfProperty(cls, instance, 'state')).toBe('Vendor');
  expect(textOfProperty(cls, instance, 'Levels')).toEqual(['High', null, null]);
  expect(textOfProperty(cls, instance, 'Mode')).toBe('Write');
  expect(textOfProperty(cls, instance, 'Name')).toBeNull();
  expect(textOfProperty(cls, instance.with({ State: null }), 'State')).toBeNull();
  expect(() => textOfProperty(cls, instance, 'Other')).toThrow(errorLike({ code: 'no_such_property' }));
});

test('and are set by it, in the type of the property', () => {
  const changed = withPropertyTexts(cls, instance, { state: 'off', Levels: ['Low', 'High'], Mode: 'Read' });
  expect(changed.get('State')).toBe(3);
  expect(changed.get('Levels')).toEqual([0n, 1n]);
  expect(changed.get('Mode')).toBe('r');
});

test.each([['Vendor'], ['Unknown']])('%s is no one value', (text) => {
  expect(() => withPropertyTexts(cls, instance, { State: text })).toThrow(errorLike({ code: 'bad_value' }));
});
