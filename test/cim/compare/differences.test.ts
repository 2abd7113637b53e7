import {
  CimDateTime,
  type CimClass,
  compileMofStrictly,
  createInstance,
  createInstancePath,
  createMapLoader,
  createMemorySource,
  createSchema,
  differences,
  formatDifference,
  sameInstance,
  sameValue,
} from '../../../src/cim/index.js';

const head = `Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride, ToSubclass);
Qualifier Description : string = null, Scope(any);
Qualifier EmbeddedInstance : string = null, Scope(property, parameter, method);
Qualifier In : boolean = true, Scope(parameter);
`;

function classIn(text: string, name = 'T_Disk'): CimClass {
  const { namespaces } = compileMofStrictly(createMapLoader(new Map()), [{ name: 'mof', text: head + text }]);
  const schema = createSchema(createMemorySource(namespaces[0]?.classes ?? [], namespaces[0]?.qualifierTypes ?? []));
  const found = schema.get(name);
  if (found === undefined) throw new Error(`no class ${name}`);
  return found;
}

const text = `class T_Part { [Key] string Id; uint32 Size; };
class T_Disk { [Key, Description ("Its name.")] string Name; uint64 Size; datetime Since; string Tags[];
  [EmbeddedInstance ("T_Part")] string Part; uint32 Start([Description ("How.")] uint16 Mode); };`;
const disk = classIn(text);
const part = classIn(text, 'T_Part');
const values = {
  Name: 'a',
  Size: 5n,
  Since: CimDateTime.fromUnix(0),
  Tags: ['x', null],
  Part: createInstance(part, { Id: 'p', Size: 1 }),
};
const told = (a: CimClass, b: CimClass): string[] => differences(a, b).map(formatDifference);

describe('differences of instances', () => {
  test('are none where the same values came twice, in another order and spelling', () => {
    const other = classIn(`class T_Part { [Key] string ID; uint32 SIZE; };
      class t_disk { string tags[]; uint64 size; [Key] string name; datetime since;
      [EmbeddedInstance ("T_Part")] string part; };`);
    const a = createInstance(disk, values);
    const b = createInstance(other, { ...values, Part: createInstance(part, { Id: 'p', Size: 1 }) });
    expect(differences(a, b)).toEqual([]);
    expect(sameInstance(a, b)).toBe(true);
  });

  test('name the property and show both values, inside embedded instances too', () => {
    const a = createInstance(disk, values);
    const b = createInstance(disk, {
      ...values,
      Size: 6n,
      Tags: ['x'],
      Part: createInstance(part, { Id: 'p', Size: 2 }),
    });
    expect(differences(a, b).map(formatDifference)).toEqual([
      'Size: 5 → 6',
      'Tags: {"x", NULL} → {"x"}',
      'Part.Size: 1 → 2',
    ]);
    expect(sameInstance(a, b)).toBe(false);
  });

  test('tell NULL from nothing, and another path', () => {
    const a = createInstance(disk, { Name: 'a', Size: null });
    const b = createInstance(disk, { Name: 'b' }).select(['Name']);
    expect(differences(a, b).map(formatDifference)).toEqual([
      'path: T_Disk.Name="a" → T_Disk.Name="b"',
      'Name: "a" → "b"',
      'Size: NULL → nothing',
      'Since: NULL → nothing',
      'Tags: NULL → nothing',
      'Part: NULL → nothing',
    ]);
  });
});

describe('differences of classes', () => {
  test('are none between a class and itself read again', () => {
    expect(told(disk, classIn(text))).toEqual([]);
  });

  test('cover superclass, types, qualifiers, methods and parameters', () => {
    const other = classIn(`class T_Part { [Key] string Id; uint32 Size; }; class T_Base { };
      class T_Disk : T_Base { [Key, Description ("The name.")] string Name; uint32 Size = 1; datetime Since; string Tags[3];
      [EmbeddedInstance ("T_Part")] string Part; boolean Extra; uint32 Start(uint32 Mode, [In] string Who); uint32 Stop(); };`);
    expect(told(disk, other)).toEqual([
      'superclass: nothing → T_Base',
      'Name [Description]: "Its name." → "The name."',
      'Size type: uint64 → uint32',
      'Size default: NULL → 1',
      'Tags type: string[] → string[3]',
      'Extra: nothing → boolean',
      'Start(Mode) type: uint16 → uint32',
      'Start(Mode) [Description]: "How." → nothing',
      'Start(Who): nothing → string',
      'Stop(): nothing → uint32',
    ]);
  });
});

describe('equality of values', () => {
  const path = createInstancePath('T_Disk', { Name: 'a', Id: 1 }, { namespace: 'root/t' });
  const again = createInstancePath('t_disk', { ID: 1, name: 'a' }, { namespace: 'ROOT/T' });
  test.each([
    ['paths by class, keys in any order and place', path, again, true],
    ['paths at another place', path, { ...again, namespace: 'root/u' }, false],
    ['datetimes by their characters', CimDateTime.fromUnix(5), CimDateTime.fromUnix(5), true],
    ['arrays in order', ['a', 'b'], ['b', 'a'], false],
    ['a number and a bigint', 1, 1n, false],
    ['what is no number', Number.NaN, Number.NaN, true],
    ['NULL and an empty text', null, '', false],
    ['an array of one and its item', ['a'], 'a', false],
  ])('%s', (_what, a, b, same) => {
    expect(sameValue(a, b)).toBe(same);
    expect(sameValue(b, a)).toBe(same);
  });
});
