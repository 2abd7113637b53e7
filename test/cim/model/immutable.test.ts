import { decodeResponse, encodeResponse } from '../../../src/cim/codec/index.js';
import {
  type CimClass,
  CimDateTime,
  CimInstance,
  createClassPath,
  createInstance,
  createInstancePath,
  defaultFlavor,
  InstanceShape,
  type PropertyShape,
  relocate,
} from '../../../src/cim/model/index.js';
import { parseObjectPath } from '../../../src/cim/uri/index.js';
import { createTestServer } from '../../../src/host/testing/index.js';
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
const keyQualifier = {
  name: 'Key',
  type: 'boolean',
  isArray: false,
  value: true,
  flavor: defaultFlavor,
  propagated: false,
} as const;
const shape = new InstanceShape('T_A', [property('Name', true), property('Text'), property('More')]);
const path = createInstancePath('T_A', { Name: 'a' });
const instance = new CimInstance(shape, ['a', 'b', undefined], path);

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

/** Every object that can be reached, with the way to it. */
function* reachable(value: unknown, way = 'it', seen = new Set<object>()): Generator<readonly [string, object]> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  yield [way, value];
  for (const [name, part] of Object.entries(value)) yield* reachable(part, `${way}.${name}`, seen);
}

function changeable(value: unknown): string[] {
  return [...reachable(value)].filter(([, object]) => !Object.isFrozen(object)).map(([way]) => way);
}

async function* piece(text: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (text instanceof Uint8Array) yield text;
  else yield* text;
}

const cls: CimClass = {
  kind: 'class',
  name: 'T_A',
  superclass: null,
  qualifiers: [],
  properties: [
    { ...property('Name'), qualifiers: [keyQualifier], defaultValue: null },
    { ...property('Tags'), isArray: true, qualifiers: [], defaultValue: null },
    { ...property('Since'), type: 'datetime', qualifiers: [], defaultValue: null },
    { ...property('Other'), type: 'reference', qualifiers: [], defaultValue: null },
  ],
  methods: [],
  path: null,
};

describe('nobody changes', () => {
  test('an instance that was made, nor through what it was made of', () => {
    const tags = ['x'];
    const made = createInstance(cls, { Name: 'a', Tags: tags, Since: CimDateTime.fromUnix(0), Other: path });
    const changed = made.with({ Tags: tags });
    tags.push('y');
    expect([made.get('Tags'), changed.get('Tags')]).toEqual([['x'], ['x']]);
    for (const one of [made, changed, made.withPath(relocate(path, { namespace: 'n' })), made.select(['Tags'])]) {
      expect(changeable(one)).toEqual([]);
    }
    expect(() => (made.values as unknown[]).push(1)).toThrow(TypeError);
    expect(() => Object.assign(made, { path: null })).toThrow(TypeError);
  });

  test('a path, nor through the keys that it was made of', () => {
    const keys = [{ name: 'Name', type: 'string' as const, value: 'a' }];
    const made = createInstancePath('T_A', keys);
    Object.assign(keys[0] ?? {}, { value: 'b' });
    expect(made).toEqual(createInstancePath('T_A', { Name: 'a' }));
    expect(changeable([made, createClassPath('T_A'), parseObjectPath('n:T_A.Name="a",Other=1')]).slice(1)).toEqual([]);
  });

  test('what an answer brought', async () => {
    const given = createInstance(cls, { Name: 'a', Tags: ['x'], Since: CimDateTime.fromUnix(0), Other: path });
    const find = { namespace: 'n', className: 'T_A', includeClassOrigin: false, propertyList: null } as const;
    const request = { kind: 'GetInstance', ...find, instanceName: path } as const;
    const text = encodeResponse('1', request, { kind: 'instance', instance: given });
    const { instance: got } = await decodeResponse(request, piece(text));
    expect(got.get('Tags')).toEqual(['x']);
    expect(changeable(got)).toEqual([]);
    const ask = { kind: 'GetClass', ...find, localOnly: false, includeQualifiers: true } as const;
    const answer = encodeResponse('1', ask, { kind: 'class', class: cls });
    const { class: read } = await decodeResponse(ask, piece(answer));
    expect(read.properties).toHaveLength(4);
    expect(changeable(read)).toEqual([]);
  });

  test('a class of a schema, though a client in this process gets the very same one', async () => {
    await using server = await createTestServer({
      listen: 'process',
      mof: 'class T_Base { [Key, Description ("The name.")] string Name; uint32 Do([IN] string What[]); }; class T_A : T_Base { };',
    });
    const read = await server.client.getClass('T_A');
    expect(read.methods).toHaveLength(1);
    expect(changeable(read)).toEqual([]);
  });
});
