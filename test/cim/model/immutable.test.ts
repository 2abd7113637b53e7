import {
  CimInstance,
  createInstancePath,
  InstanceShape,
  type PropertyShape,
  relocate,
} from '../../../src/cim/model/index.js';
import { errorLike } from '../../support/errors.js';

const property = (name: string, isKey = false): PropertyShape => ({
  name,
  type: 'string',
  isArray: false,
  arraySize: null,
  embedded: null,
  referenceClass: null,
  classOrigin: null,
  propagated: false,
  isKey,
});
const shape = new InstanceShape('T_A', [property('Name', true), property('Text'), property('More')]);
const path = createInstancePath('T_A', { Name: 'a' });
// Frozen: whatever writes into it throws.
const instance = new CimInstance(shape, Object.freeze(['a', 'b', undefined]), Object.freeze(path));

test('changes make another instance and leave the first as it was', () => {
  const changed = instance.with({ TEXT: 'c', more: null });
  const placed = instance.withPath(relocate(path, { namespace: 'root/t' }));
  const cut = instance.select(['text']);
  expect(changed.properties().map(({ name, value }) => [name, value])).toEqual([
    ['Name', 'a'],
    ['Text', 'c'],
    ['More', null],
  ]);
  expect(placed.path?.namespace).toBe('root/t');
  expect(cut.has('Name')).toBe(false);
  expect(instance.values).toEqual(['a', 'b', undefined]);
  expect(instance.path).toEqual(createInstancePath('T_A', { Name: 'a' }));
});

test('names are found in any case and kept as they were written', () => {
  expect(instance.get('tEXT')).toBe('b');
  expect(instance.with({ text: 'c' }).properties()[1]?.name).toBe('Text');
  expect(() => instance.with({ Other: 'x' })).toThrow(errorLike({ code: 'no_such_property' }));
});
