import fc from 'fast-check';
import { decodeCimXml } from '../../../src/cim/codec/index.js';
import {
  type CimClass,
  CimInstance,
  type CimType,
  cimTypes,
  type CimValue,
  createInstance,
  createInstancePath,
  shapeOf,
} from '../../../src/cim/model/index.js';
import { JsonReader } from '../../../src/cimom/process-providers/from-json.js';
import { instanceToJson, pathToJson } from '../../../src/cimom/process-providers/to-json.js';
import type { ClassView } from '../../../src/cimom/index.js';
import { scalar } from '../../cim/codec/arbitraries.js';

const types = cimTypes.filter((type) => type !== 'reference');
const declared = (type: CimType, isArray: boolean): string =>
  isArray
    ? `<PROPERTY.ARRAY NAME="A_${type}" TYPE="${type}"></PROPERTY.ARRAY>`
    : `<PROPERTY NAME="P_${type}" TYPE="${type}"></PROPERTY>`;
const cls = decodeCimXml(
  `<CLASS NAME="T_All"><PROPERTY NAME="Id" TYPE="string"><QUALIFIER NAME="Key" TYPE="boolean"><VALUE>TRUE</VALUE></QUALIFIER></PROPERTY>${types
    .map((type) => declared(type, false) + declared(type, true))
    .join(
      '',
    )}<PROPERTY NAME="__proto__" TYPE="uint8"></PROPERTY><PROPERTY.REFERENCE NAME="Ref"></PROPERTY.REFERENCE><PROPERTY NAME="Inner" TYPE="string" EmbeddedObject="instance"></PROPERTY><PROPERTY.ARRAY NAME="Things" TYPE="string" EmbeddedObject="object"></PROPERTY.ARRAY></CLASS>`,
) as CimClass;

const simple = decodeCimXml('<CLASS NAME="T_Simple"><PROPERTY NAME="P" TYPE="uint8"></PROPERTY></CLASS>') as CimClass;

const classes: ClassView = {
  get: () => cls,
  find: (name) => (name === 'T_All' ? cls : undefined),
  isSubclass: () => true,
};

const valueOf = (type: CimType, isArray: boolean): fc.Arbitrary<CimValue> =>
  isArray
    ? fc.oneof(fc.constant(null), fc.array(fc.option(scalar(type), { nil: null }), { maxLength: 3 }))
    : fc.option(scalar(type), { nil: null });

const plain: fc.Arbitrary<Record<string, CimValue>> = fc.record(
  Object.fromEntries(
    types.flatMap((type) => [
      [`P_${type}`, valueOf(type, false)],
      [`A_${type}`, valueOf(type, true)],
    ]),
  ),
);

const reader = new JsonReader(classes, 'root/x');
const overTheWire = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

function same(instance: CimInstance): void {
  const read = reader.instance(overTheWire(instanceToJson(instance)));
  expect(read.shape).toBe(instance.shape);
  expect(read.values).toEqual(instance.values);
}

test('an instance with values of every type is the same after the way through JSON', () => {
  fc.assert(
    fc.property(plain, fc.option(scalar('reference'), { nil: null }), plain, (values, reference, inner) => {
      const embedded = createInstance(cls, { Id: 'inner', ...inner }).withPath(null);
      const inside = createInstance(cls, { Id: null, Inner: embedded }).withPath(null);
      // The keys of a path come without types: the class of the path says them.
      const Ref =
        reference !== null && typeof reference === 'object' && reference.kind === 'class-path' ? reference : null;
      const all: Record<string, CimValue> = {
        Id: 'x',
        ...values,
        Ref,
        Inner: inside,
        Things: [embedded, null, simple],
      };
      Object.defineProperty(all, '__proto__', { value: 5, enumerable: true });
      same(createInstance(cls, all, { namespace: 'root/x' }));
    }),
    { numRuns: 200 },
  );
});

test('what an instance does not have stays away', () => {
  const shape = shapeOf(cls);
  const values = shape.properties.map((_, at) => (at === 0 ? 'x' : undefined));
  const json = instanceToJson(new CimInstance(shape, values, null));
  expect(json).toEqual({ class: 'T_All', properties: { Id: 'x' } });
});

test('paths keep their keys: 64 bits as text, others as they are, paths within paths', () => {
  const inner = createInstancePath('T_B', { Name: 'n', Slot: 3n });
  const path = createInstancePath('T_A', [
    { name: 'Big', type: 'uint64', value: 2n ** 63n },
    { name: 'Small', type: 'uint16', value: 7n },
    { name: 'On', type: 'boolean', value: true },
    { name: 'Other', type: 'reference', value: inner },
  ]);
  const json = overTheWire(pathToJson(path));
  expect(json).toEqual({
    class: 'T_A',
    keys: { Big: '9223372036854775808', Small: 7, On: true, Other: { class: 'T_B', keys: { Name: 'n', Slot: 3 } } },
  });
  expect(reader.path(json).keys.map(({ value }) => value)).toMatchObject([
    '9223372036854775808',
    7n,
    true,
    { className: 'T_B' },
  ]);
});

test.each([
  { class: 'T_A', keys: { N: 2 ** 60 } },
  { class: 'T_A', keys: { N: null } },
  { class: 'T_A', keys: { N: ['x'] } },
  { class: 'T_A' },
  { keys: { N: 1 } },
  { class: 5, keys: {} },
  'T_A.N=1',
])('%j is no path', (json) => {
  expect(() => reader.path(json)).toThrow(expect.objectContaining({ code: 'provider_protocol' }) as Error);
});

test('a chain of embedded instances without end is refused', () => {
  let json: unknown = { class: 'T_All', properties: { Id: 'x' } };
  for (let at = 0; at < 40; at++) json = { class: 'T_All', properties: { Id: 'x', Inner: json } };
  expect(() => reader.instance(json)).toThrow(/nested too deep/);
});
