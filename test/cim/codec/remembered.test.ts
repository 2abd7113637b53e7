import { encodeResponse, recycle } from '../../../src/cim/codec/index.js';
import { ByteBudget, ByteMemory } from '../../../src/cim/codec/byte-memory.js';
import { CimInstance, createInstancePath, InstanceShape, relocate } from '../../../src/cim/model/index.js';
import type { Associators, CimRequest, CimResult, EnumerateInstances } from '../../../src/cim/operations/index.js';

const namespace = 'root/tvdc';
const enumerate: EnumerateInstances = {
  kind: 'EnumerateInstances',
  namespace,
  className: 'T_A',
  deepInheritance: true,
  includeClassOrigin: false,
  propertyList: null,
};
const associators: Associators = {
  kind: 'Associators',
  namespace,
  objectName: createInstancePath('T_A', { Id: 'x' }),
  assocClass: null,
  resultClass: null,
  role: null,
  resultRole: null,
  includeQualifiers: false,
  includeClassOrigin: false,
  propertyList: null,
};

const shape = new InstanceShape('T_A', [
  {
    name: 'Id',
    type: 'string',
    isArray: false,
    arraySize: null,
    embedded: null,
    referenceClass: null,
    classOrigin: 'T_Base',
    propagated: true,
    isKey: true,
  },
]);

function instance(id: string, values: readonly string[] = Object.freeze([id])): CimInstance {
  return new CimInstance(shape, values, createInstancePath('T_A', { Id: id }), true);
}

async function* once<T>(batch: readonly T[]): AsyncGenerator<readonly T[], void, undefined> {
  yield batch;
}

async function text(request: CimRequest, result: CimResult, host = 'here'): Promise<string> {
  const answer = encodeResponse('1', request, result, { host });
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function named(batch: readonly CimInstance[], request: CimRequest = enumerate): Promise<string> {
  return text(request, { kind: 'named-instances', batches: once(batch) });
}

describe('a frozen batch', () => {
  test('is written alike the first, the second and every later time', async () => {
    const batch = Object.freeze(Array.from({ length: 500 }, (_, at) => instance(`id ${at} & more`)));
    const first = await named(batch);
    expect(first.match(/<VALUE\.NAMEDINSTANCE>/g)).toHaveLength(500);
    for (let turn = 0; turn < 3; turn++) expect(await named(batch)).toBe(first);
  });

  test('is remembered apart for each view of it', async () => {
    const batch = Object.freeze([instance('a'), instance('b')]);
    const withOrigin = { ...enumerate, includeClassOrigin: true };
    for (let turn = 0; turn < 4; turn++) {
      expect(await named(batch)).not.toContain('CLASSORIGIN');
      expect((await named(batch, withOrigin)).match(/CLASSORIGIN="T_Base"/g)).toHaveLength(2);
    }
  });

  test('of paths is remembered as names', async () => {
    const paths = Object.freeze([createInstancePath('T_A', { Id: 'a' }), createInstancePath('T_A', { Id: 'b' })]);
    const request: CimRequest = { kind: 'EnumerateInstanceNames', namespace, className: 'T_A' };
    const first = await text(request, { kind: 'instance-names', batches: once(paths) });
    expect(first.match(/<INSTANCENAME CLASSNAME="T_A">/g)).toHaveLength(2);
    for (let turn = 0; turn < 3; turn++) {
      expect(await text(request, { kind: 'instance-names', batches: once(paths) })).toBe(first);
    }
  });
});

describe('memory that is used again', () => {
  async function sent(batch: readonly CimInstance[]): Promise<string> {
    const answer = encodeResponse('1', enumerate, { kind: 'named-instances', batches: once(batch) }, { host: 'here' });
    let all = '';
    for await (const piece of answer) {
      all += piece.toString();
      recycle(piece);
    }
    return all;
  }

  test('never holds what is remembered', async () => {
    const batches = [3, 40, 500].map((count) =>
      Object.freeze(Array.from({ length: count }, (_, at) => instance(`known ${at} of ${count}`))),
    );
    const first = await Promise.all(batches.map(sent));
    for (let turn = 0; turn < 6; turn++) {
      await sent(Array.from({ length: 3000 }, (_, at) => instance(`other ${turn}-${at}`)));
      for (const [at, batch] of batches.entries()) expect(await sent(batch)).toBe(first[at]);
    }
  });

  test('is not given twice, however often it comes back', async () => {
    const getInstance: CimRequest = {
      kind: 'GetInstance',
      namespace,
      instanceName: createInstancePath('T_A', { Id: 'a' }),
      includeClassOrigin: false,
      propertyList: null,
    };
    const whole = encodeResponse('1', getInstance, { kind: 'instance', instance: instance('a') });
    if (Symbol.asyncIterator in whole) throw new Error('expected an answer that is there');
    for (const piece of whole) {
      recycle(piece);
      recycle(piece);
    }
    const one = encodeResponse('1', getInstance, { kind: 'instance', instance: instance('one') });
    const other = encodeResponse('2', getInstance, { kind: 'instance', instance: instance('other') });
    expect(Buffer.concat(one as readonly Buffer[]).toString()).toContain('<VALUE>one</VALUE>');
    expect(Buffer.concat(other as readonly Buffer[]).toString()).toContain('<VALUE>other</VALUE>');
  });
});

describe('what may still change', () => {
  test('a batch that its source uses again is written as it is each time', async () => {
    const batch = [instance('a')];
    for (let turn = 0; turn < 4; turn++) {
      batch[0] = instance(`turn ${turn}`);
      expect(await named(batch)).toContain(`<VALUE>turn ${turn}</VALUE>`);
    }
  });

  test('values belong to their instance: whoever made them cannot use them again', () => {
    const values = ['a'];
    const made = instance('a', values);
    expect(() => values.push('b')).toThrow(TypeError);
    expect(made.values).toEqual(['a']);
  });
});

describe('remembered instances', () => {
  test('stand under the place and the host of each answer', async () => {
    const known = instance('a');
    for (let turn = 0; turn < 4; turn++) {
      for (const host of ['here', 'there']) {
        const answer = await text(associators, { kind: 'objects', batches: once([known]) }, host);
        expect(answer).toContain(`<VALUE.OBJECTWITHPATH><INSTANCEPATH><NAMESPACEPATH><HOST>${host}</HOST>`);
        expect(answer).toContain('</INSTANCENAME></INSTANCEPATH><INSTANCE CLASSNAME="T_A">');
      }
    }
  });

  test('with another path around the same values show that path', async () => {
    const known = instance('a');
    const path = createInstancePath('T_A', { Id: 'a' });
    const elsewhere = known.withPath(relocate(path, { host: 'far', namespace: 'root/other' }));
    const renamed = known.withPath(createInstancePath('T_A', { Id: 'another' }));
    for (let turn = 0; turn < 4; turn++) {
      expect(await named([known])).toContain('>a</KEYVALUE>');
      expect(await named([renamed])).toContain('>another</KEYVALUE>');
      const answer = await text(associators, { kind: 'objects', batches: once([elsewhere]) });
      expect(answer).toContain('<HOST>far</HOST>');
      expect(answer).toContain('<NAMESPACE NAME="root"/><NAMESPACE NAME="other"/>');
    }
  });

  test('with the same values in another class show that class', async () => {
    const values = Object.freeze(['a']);
    const other = new CimInstance(
      new InstanceShape('T_B', shape.properties),
      values,
      createInstancePath('T_B', { Id: 'a' }),
      true,
    );
    for (let turn = 0; turn < 4; turn++) {
      expect(await named([instance('a', values)])).toContain('<INSTANCE CLASSNAME="T_A">');
      expect(await named([other])).toContain('<INSTANCE CLASSNAME="T_B">');
    }
  });
});

describe('the budget of bytes', () => {
  test('drops what was not used while half of it was spent, in every memory that shares it', () => {
    const budget = new ByteBudget(200);
    const some = new ByteMemory<object, object>(budget);
    const others = new ByteMemory<object, object>(budget);
    const [used, unused, filler] = [{}, {}, {}];
    some.set(used, { used }, 40);
    others.set(unused, { unused }, 40);
    others.set(filler, { filler }, 40);
    expect(some.get(used)).toEqual({ used });
    others.set({}, {}, 40);
    expect(some.get(used)).toEqual({ used });
    expect(others.get(unused)).toBeUndefined();
  });

  test('takes nothing that is larger than half of it', () => {
    const memory = new ByteMemory<object, object>(new ByteBudget(200));
    const [small, large] = [{}, {}];
    memory.set(small, { small }, 50);
    memory.set(large, { large }, 101);
    expect(memory.get(large)).toBeUndefined();
    expect(memory.get(small)).toEqual({ small });
  });

  test('bounds their number as well', () => {
    const memory = new ByteMemory<object, object>(new ByteBudget(1000, 2));
    const [first, second, third, fourth, fifth] = [{}, {}, {}, {}, {}];
    for (const key of [first, second, third, fourth, fifth]) memory.set(key, { key }, 1);
    expect(memory.get(first)).toBeUndefined();
    expect(memory.get(second)).toBeUndefined();
    expect(memory.get(fifth)).toEqual({ key: fifth });
    expect(memory.get(third)).toEqual({ key: third });
  });

  test('an object is new again when very many others came in between', () => {
    const memory = new ByteMemory<object, object>(new ByteBudget(200));
    const key = {};
    const others = Array.from({ length: 40_000 }, () => ({}));
    expect(memory.isSecond(key)).toBe(false);
    for (const other of others.slice(0, 10_000)) memory.isSecond(other);
    expect(memory.isSecond(key)).toBe(true);
    for (const other of others.slice(10_000)) memory.isSecond(other);
    expect(memory.isSecond(key)).toBe(false);
  });

  test('an object is new once', () => {
    const memory = new ByteMemory<object, object>(new ByteBudget(200));
    const key = {};
    expect([memory.isSecond(key), memory.isSecond(key), memory.isSecond({})]).toEqual([false, true, false]);
  });
});
