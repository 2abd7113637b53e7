import {
  CimDateTime,
  CimInstance,
  type CimValue,
  createInstance,
  createInstancePath,
  InstanceShape,
  type PropertyShape,
  shapeOf,
} from '../../../src/cim/model/index.js';
import {
  checkInstance,
  coerceInstance,
  coerceValue,
  type InstancePurpose,
  normalizePath,
} from '../../../src/cim/schema/index.js';
import { classOf, failureOf, sampleSchema } from './kit.js';

const { schema } = sampleSchema();
const system = classOf(schema, 'T_System');
const host = classOf(schema, 'T_Host');

type Sent = readonly [name: string, type: PropertyShape['type'], value: CimValue];

/** An instance as a decoder makes it: a shape of its own. */
function decoded(className: string, sent: readonly Sent[], keys: Record<string, string | bigint> | null = null) {
  const shape = new InstanceShape(
    className,
    sent.map(([name, type, value]) => ({
      name,
      type,
      isArray: Array.isArray(value),
      arraySize: null,
      embedded: null,
      referenceClass: null,
      classOrigin: null,
      propagated: false,
      isKey: false,
    })),
  );
  const path = keys === null ? null : createInstancePath(className, keys);
  return new CimInstance(
    shape,
    sent.map(([, , value]) => value),
    path,
  );
}

const named: readonly Sent[] = [
  ['slot', 'uint16', 3],
  ['NAME', 'string', 'a'],
];

describe('an instance to be created', () => {
  test('comes back on the shape of its class, with defaults and a path from its keys', () => {
    const made = checkInstance(schema, system, decoded('T_System', named), 'create');
    expect(made.shape).toBe(shapeOf(system));
    expect(made.get('Label')).toBe('none');
    expect(made.get('State')).toBe(5);
    expect(made.get('Owner')).toBe('nobody');
    expect(made.get('Ready')).toBeNull();
    expect(made.path?.keys).toEqual([
      { name: 'Name', type: 'string', value: 'a' },
      { name: 'Slot', type: 'uint16', value: 3n },
    ]);
  });

  test('may lack keys only where the provider makes them', () => {
    const partial = decoded('T_System', [['Name', 'string', 'a']]);
    expect(failureOf(() => checkInstance(schema, system, partial, 'create'))).toMatchObject({
      status: 4,
      description: expect.stringContaining('Slot'),
    });
    expect(checkInstance(schema, system, partial, 'create', { keysOptional: true }).path).toBeNull();
  });

  test('is refused for an abstract class', () => {
    const element = classOf(schema, 'T_Element');
    const failure = failureOf(() => checkInstance(schema, element, decoded('T_Element', []), 'create'));
    expect(failure?.description).toContain('abstract');
  });

  test.each<[string, Sent, string]>([
    ['an unknown property', ['Colour', 'string', 'red'], 'no property Colour'],
    ['another type', ['Ready', 'string', 'TRUE'], 'expected boolean'],
    ['an array in place of one value', ['Ready', 'boolean', [true]], 'expected boolean'],
    ['one value in place of an array', ['Bytes', 'uint8', 1], 'expected uint8[]'],
    ['a value outside the range of its type', ['Slot', 'uint16', 70_000], 'expected uint16'],
    ['too many items', ['Bytes', 'uint8', [1, 2, 3, 4, 5]], 'at most 4 items'],
    ['too many characters', ['Caption', 'string', '123456789'], 'at most 8 characters'],
    ['a value below MinValue', ['Size', 'uint64', 0n], 'outside 1..10'],
    ['a value above MaxValue', ['Size', 'uint64', 11n], 'outside 1..10'],
    ['NULL for a required property', ['Owner', 'string', null], 'Owner is required'],
    ['NULL for a key', ['Name', 'string', null], 'Name'],
  ])('is refused with 4 for %s', (_what, sent, sentence) => {
    const rest = named.filter(([name]) => name.toLowerCase() !== sent[0].toLowerCase());
    const failure = failureOf(() => checkInstance(schema, system, decoded('T_System', [...rest, sent]), 'create'));
    expect(failure).toMatchObject({ status: 4, description: expect.stringContaining(sentence) });
  });
});

describe('an instance to be modified', () => {
  const keys = { Name: 'a', Slot: 3n };

  test('keeps only what was sent', () => {
    const sent = decoded('T_System', [['Ready', 'boolean', true]], keys);
    const checked = checkInstance(schema, system, sent, 'modify');
    expect(checked.properties().map(({ name, value }) => [name, value])).toEqual([['Ready', true]]);
    expect(checked.path).toBe(sent.path);
  });

  test('may repeat its keys but not change them', () => {
    expect(failureOf(() => checkInstance(schema, system, decoded('T_System', named, keys), 'modify'))).toBeNull();
    const other = decoded('T_System', [['Slot', 'uint16', 4]], keys);
    expect(failureOf(() => checkInstance(schema, system, other, 'modify'))).toMatchObject({
      status: 4,
      description: expect.stringContaining('Slot'),
    });
  });

  test('is refused with 12 for an unknown property', () => {
    const sent = decoded('T_System', [['Colour', 'string', 'red']], keys);
    expect(failureOf(() => checkInstance(schema, system, sent, 'modify'))?.status).toBe(12);
  });

  test('is refused without a name', () => {
    expect(failureOf(() => checkInstance(schema, system, decoded('T_System', []), 'modify'))?.status).toBe(4);
  });
});

describe('an instance from a provider', () => {
  const good = createInstance(system, { Name: 'a', Slot: 3, Since: CimDateTime.fromUnix(0), Bytes: [1, 2] });

  test('passes as the same object where it is right', () => {
    expect(checkInstance(schema, system, good, 'provider')).toBe(good);
  });

  test.each<[string, Record<string, CimValue>]>([
    ['a value of another type', { Ready: 'yes' }],
    ['a key without a value', { Name: null }],
    ['a number that is none', { Slot: 1.5 }],
    ['an array with an item of another type', { Bytes: [1, 'x'] }],
  ])('is refused with 1 for %s', (_what, values) => {
    expect(failureOf(() => checkInstance(schema, system, good.with(values), 'provider'))?.status).toBe(1);
  });

  test('is refused with 1 where its path names another instance', () => {
    const path = createInstancePath('T_System', { Name: 'b', Slot: 3n });
    expect(failureOf(() => checkInstance(schema, system, good.withPath(path), 'provider'))?.status).toBe(1);
  });
});

describe('references and embedded objects', () => {
  const setting = classOf(schema, 'T_Setting');
  const special = createInstance(classOf(schema, 'T_SpecialSetting'), { Id: 'x', More: 'm' });

  const withSetting = (value: CimValue, purpose: InstancePurpose = 'create') =>
    checkInstance(schema, host, createInstance(host, { Name: 'a', Slot: 1, Setting: value }), purpose);

  test('an embedded instance may be of a subclass', () => {
    expect(withSetting(special).get('Setting')).toBe(special);
    expect(withSetting(special, 'provider').get('Setting')).toBe(special);
  });

  test('an embedded instance of another class is refused, and so is a class', () => {
    const wrong = createInstance(classOf(schema, 'T_NoKey'), {});
    expect(failureOf(() => withSetting(wrong))?.description).toContain('expected an instance of T_Setting');
    expect(failureOf(() => withSetting(setting))?.description).toContain('got a class');
    expect(failureOf(() => withSetting(wrong, 'provider'))?.status).toBe(1);
  });

  test('an embedded instance is checked against its own class', () => {
    const bad = new CimInstance(shapeOf(setting), ['x', 'many'], null);
    expect(failureOf(() => withSetting(bad))?.description).toContain('Amount');
  });

  test('embedded text is read by the decoder that the caller gives', () => {
    const sent = decoded('T_Host', [
      ...named,
      ['Setting', 'string', '<text>'],
      ['Settings', 'string', ['<text>', null]],
    ]);
    const seen: string[] = [];
    const made = checkInstance(schema, host, sent, 'create', {
      decodeEmbedded: (text) => {
        seen.push(text);
        return special;
      },
    });
    expect(seen).toEqual(['<text>', '<text>']);
    expect(made.get('Setting')).toBe(special);
    expect(made.get('Settings')).toEqual([special, null]);
    expect(failureOf(() => checkInstance(schema, host, sent, 'create'))?.status).toBe(4);
  });

  test('a reference must name the class that the association wants, or a subclass', () => {
    const hosts = classOf(schema, 'T_Hosts');
    const ref = (name: string, namespace: string | null = null) =>
      createInstancePath(name, { Name: 'a', Slot: 1n }, { namespace });
    const link = (host_: string, guest: string, namespace: string | null = null) =>
      checkInstance(schema, hosts, createInstance(hosts, { Host: ref(host_, namespace), Guest: ref(guest) }), 'create');
    expect(link('T_Host', 'T_Guest').path).not.toBeNull();
    expect(failureOf(() => link('T_Guest', 'T_Guest'))?.description).toContain('expected a reference to T_Host');
    expect(failureOf(() => link('X_Elsewhere', 'T_Guest', 'root/elsewhere'))).toBeNull();
    expect(failureOf(() => link('X_Elsewhere', 'T_Guest'))?.description).toContain('there is no class X_Elsewhere');
  });
});

describe('values without a type', () => {
  const target = { name: 'Size', type: 'uint64', isArray: false, embedded: null } as const;

  test('are read as the type of their target', () => {
    expect(coerceValue(target, null, '0x10')).toBe(16n);
    expect(coerceValue({ ...target, type: 'boolean' }, null, 'true')).toBe(true);
    expect(coerceValue({ ...target, type: 'uint8', isArray: true }, null, ['1', null])).toEqual([1, null]);
    expect(coerceValue(target, 'uint64', null)).toBeNull();
  });

  test('fail with the status that the operation has', () => {
    expect(failureOf(() => coerceValue(target, null, 'many'))?.status).toBe(4);
    expect(failureOf(() => coerceValue(target, null, 'many', { failure: 13 }))?.status).toBe(13);
    expect(failureOf(() => coerceValue(target, 'uint32', 5))?.description).toContain('uint32');
  });

  test('an instance that is on the right shape already is not copied', () => {
    const instance = createInstance(system, { Name: 'a', Slot: 1 });
    expect(coerceInstance(system, instance)).toBe(instance);
  });

  test('a property that stands twice is refused', () => {
    const twice = decoded('T_System', [...named, ['name', 'string', 'b']]);
    expect(failureOf(() => coerceInstance(system, twice))?.description).toContain('twice');
  });
});

describe('a path', () => {
  test('gets the names, the order and the types of its class', () => {
    const path = normalizePath(
      system,
      createInstancePath('t_system', [
        { name: 'SLOT', type: null, value: '3' },
        { name: 'name', type: null, value: 5n },
      ]),
    );
    expect(path).toMatchObject({
      className: 'T_System',
      keys: [
        { name: 'Name', type: 'string', value: '5' },
        { name: 'Slot', type: 'uint16', value: 3n },
      ],
    });
    expect(normalizePath(system, path)).toBe(path);
  });

  test('may leave out the name of its only key', () => {
    const setting = classOf(schema, 'T_Setting');
    const short = createInstancePath('T_Setting', [{ name: '', type: null, value: 'x' }]);
    expect(normalizePath(setting, short).keys).toEqual([{ name: 'Id', type: 'string', value: 'x' }]);
  });

  test.each([
    ['a missing key', { Name: 'a' }, 'Slot is missing'],
    ['an unknown key', { Name: 'a', Slot: 1n, More: 'x' }, 'More is not a key'],
    ['a value of another type', { Name: 'a', Slot: 'x' }, 'expected uint16'],
    ['a value out of range', { Name: 'a', Slot: 70_000n }, 'expected uint16'],
  ])('is refused with 4 for %s', (_what, keys, sentence) => {
    const failure = failureOf(() => normalizePath(system, createInstancePath('T_System', keys)));
    expect(failure).toMatchObject({ status: 4, description: expect.stringContaining(sentence) });
  });

  test('has its references normalized too, where the schema is given', () => {
    const hosts = classOf(schema, 'T_Hosts');
    const inner = createInstancePath('t_host', { slot: 1n, name: 'a' });
    const path = normalizePath(hosts, createInstancePath('T_Hosts', { guest: inner, HOST: inner }), schema);
    expect(path.keys[0]?.value).toMatchObject({ className: 'T_Host', keys: [{ name: 'Name' }, { name: 'Slot' }] });
  });
});
