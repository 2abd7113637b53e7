import { CimDateTime, type CimValue, findByName, hasQualifier, qualifierValue } from '../../../src/cim/model/index.js';
import { compileGood, compileText, errorsIn } from './kit.js';

function defaultOf(type: string, literal: string): CimValue | undefined {
  const { classes } = compileGood(`class T_A { ${type} = ${literal}; };`);
  return classes[0]?.properties[0]?.defaultValue;
}

describe('literals', () => {
  test.each<[string, string, CimValue]>([
    ['uint32 P', '42', 42],
    ['sint32 P', '-42', -42],
    ['sint32 P', '+42', 42],
    ['uint32 P', '0', 0],
    ['sint32 P', '-0', 0],
    ['uint32 P', '0x1F', 31],
    ['uint32 P', '0X1f', 31],
    ['uint32 P', '017', 15],
    ['uint32 P', '101b', 5],
    ['uint32 P', '101B', 5],
    ['uint64 P', '18446744073709551615', 18446744073709551615n],
    ['sint64 P', '-9223372036854775808', -9223372036854775808n],
    ['uint64 P', '1', 1n],
    ['real32 P', '1.5', 1.5],
    ['real64 P', '-.5e3', -500],
    ['real64 P', '7', 7],
    ['real32 P', '3.4028234e38', 3.4028234e38],
    ['char16 P', "'x'", 'x'],
    ['char16 P', '65', 'A'],
    ['char16 P', '0xFFFF', '\uffff'],
    ['char16 P', String.raw`'\x263A'`, '☺'],
    ['char16 P', String.raw`'\''`, "'"],
    ['boolean P', 'TRUE', true],
    ['boolean P', 'False', false],
    ['string P', 'NULL', null],
    ['string P', '"a" "b"  /* c */ "c"', 'abc'],
    ['string P', String.raw`"\b\t\n\f\r\"\'\\\x41\x00e9!"`, '\b\t\n\f\r"\'\\Aé!'],
    ['string P', '"größer 試験"', 'größer 試験'],
    ['string P', '""', ''],
    ['uint8 P[]', '{ 1, 2, NULL }', [1, 2, null]],
    ['uint8 P[]', '{ }', []],
    ['string P[3]', '{ "a" "b", "c" }', ['ab', 'c']],
  ])('%s = %s', (type, literal, value) => {
    expect(defaultOf(type, literal)).toEqual(value);
  });

  test('datetimes are strings of their own type', () => {
    expect(defaultOf('datetime P', '"20260102030405.000000+060"')).toEqual(
      CimDateTime.parse('20260102030405.000000+060'),
    );
  });

  test.each([
    ['uint8 P', '256', 'expected uint8 (0 to 255), got 256'],
    ['uint8 P', '1.0', 'got the real 1'],
    ['uint8 P', '"1"', 'got "1"'],
    ['uint8 P', '089', 'not an octal number'],
    ['uint8 P', '12abc', 'not a number'],
    ['boolean P', '1', 'expected boolean'],
    ['real32 P', '1.0e39', 'expected real32 (up to 3.4028235e38)'],
    ['real64 P', '-1.0e309', 'expected real64'],
    ['char16 P', '65536', 'expected char16'],
    ['char16 P', '-1', 'expected char16'],
    ['char16 P', "'ab'", 'one character'],
    ['datetime P', '"yesterday"', 'expected datetime'],
    ['string P', '{ "a" }', 'expected string, got an array'],
    ['string P[]', '"a"', 'expected string[] in braces'],
    ['string P', '"open', 'not closed'],
    ['string P', String.raw`"\q"`, 'unknown escape \\q'],
    ['string P', '"open \\\n', 'not closed'],
    ['T_A REF P', '"no path"', 'not an object path'],
  ])('%s = %s is refused', (type, literal, sentence) => {
    expect(errorsIn(`class T_A { ${type} = ${literal};\n };`)).toEqual(
      expect.arrayContaining([expect.stringContaining(sentence)]),
    );
  });
});

describe('declarations', () => {
  test('keywords are names where a name is expected', () => {
    const { classes } = compileGood(`
      class Class { string Instance; uint8 Class; boolean Of; string ref; string Qualifier; string As; datetime Scope;
        uint32 Indication(string Association, uint8 any); };`);
    const [cls] = classes;
    expect(cls?.name).toBe('Class');
    expect(cls?.properties.map(({ name }) => name)).toEqual([
      'Instance',
      'Class',
      'Of',
      'ref',
      'Qualifier',
      'As',
      'Scope',
    ]);
    expect(cls?.methods[0]?.parameters.map(({ name }) => name)).toEqual(['Association', 'any']);
  });

  test('keywords may be in any case', () => {
    const { classes, instances } = compileGood('CLASS T_A AS $C { [KEY] STRING K; }; INSTANCE OF t_a { k = "x"; };');
    expect(classes[0]?.properties[0]?.type).toBe('string');
    expect(instances[0]?.path?.keys[0]?.value).toBe('x');
  });

  test('comments, blanks and a byte order mark do not matter', () => {
    const { classes } = compileGood('\ufeff// first\r\nclass/**/T_A/* a\n b */{\tstring P;};// last');
    expect(classes[0]?.name).toBe('T_A');
  });

  test('qualifier types have scopes, flavors, defaults and sizes', () => {
    const { qualifierTypes } = compileGood(`
      Qualifier Mark : uint8[4] = { 1, 2 }, Scope (any), Flavor (DisableOverride, Restricted, Translatable);
      Qualifier Plain : boolean, Scope (class, method);
      Qualifier Turned : string = "x", Flavor (EnableOverride), Scope (property);`);
    expect(findByName(qualifierTypes, 'Mark')).toMatchObject({
      type: 'uint8',
      isArray: true,
      arraySize: 4,
      defaultValue: [1, 2],
      flavor: { overridable: false, toSubclass: false, translatable: true },
    });
    expect(findByName(qualifierTypes, 'Mark')?.scopes.size).toBe(7);
    expect([...(findByName(qualifierTypes, 'Plain')?.scopes ?? [])]).toEqual(['class', 'method']);
    expect(findByName(qualifierTypes, 'Turned')?.flavor.toSubclass).toBe(true);
  });

  test('a qualifier without parameter is TRUE or NULL, and its use may change the flavor', () => {
    const { classes } = compileGood(
      '[Description, Version ("1") : ToSubclass] class T_A { [Write : Restricted] string P; };',
    );
    const [cls] = classes;
    if (cls === undefined) throw new Error('no class');
    expect(qualifierValue(cls, 'Description')).toBeNull();
    expect(cls.qualifiers[1]?.flavor.toSubclass).toBe(true);
    expect(hasQualifier(cls.properties[0] ?? { qualifiers: [] }, 'Write')).toBe(true);
    expect(cls.properties[0]?.qualifiers[0]?.flavor.toSubclass).toBe(false);
  });

  test('superclasses, references and qualifier types may be declared later', () => {
    const { classes } = compileGood(`
      [Later (1)] class T_C : T_B { };
      [Association] class T_Link { [Key] T_C REF A; [Key] T_B REF B; };
      class T_B : T_A { };
      class T_A { };
      Qualifier Later : uint8, Scope (class);`);
    const order = classes.map(({ name }) => name);
    expect(order.indexOf('T_A')).toBeLessThan(order.indexOf('T_B'));
    expect(order.indexOf('T_B')).toBeLessThan(order.indexOf('T_C'));
  });

  test('a circle of superclasses is an error, not a hang', () => {
    expect(errorsIn('class T_A : T_B { }; class T_B : T_C { }; class T_C : T_A { };')).toEqual([
      expect.stringContaining('derived from itself'),
    ]);
  });

  test.each([
    ['class T_A { }; class t_a { };', 'declared twice'],
    ['class T_A : T_None { };', 'class T_None is not declared'],
    ['class T_A { [EmbeddedInstance ("T_None")] string P; };', 'class T_None is not declared'],
    ['class T_A { uint32 M(T_None REF P); };', 'class T_None is not declared'],
    ['[Nonsense] class T_A { };', 'qualifier Nonsense has no declaration'],
    ['class T_A { int P; };', 'unknown type int'],
    ['class T_A { string P[0]; };', 'size of 1 or more'],
    ['Qualifier Q : uint8, Scope (somewhere);', 'unknown scope somewhere'],
    ['Qualifier Q : uint8 = "x", Scope (class);', 'qualifier type Q'],
    ['Qualifier Q : uint8;', 'no scope'],
    ['class T_A { [Write : Sometimes] string P; };', 'unknown flavor sometimes'],
  ])('%s is refused', (text, sentence) => {
    expect(errorsIn(text)).toEqual(expect.arrayContaining([expect.stringContaining(sentence)]));
  });
});

describe('pragmas', () => {
  test('namespace sends what follows elsewhere, until the end of its file', () => {
    const { namespaces, errors } = compileText(`
      #pragma namespace ("/root/a/")
      Qualifier Key : boolean = false, Scope (property, reference), Flavor (DisableOverride, ToSubclass);
      class T_A { [Key] string K; };
      #pragma namespace ("root/b")
      class T_A { };`);
    expect(errors).toEqual([]);
    expect(namespaces.map(({ name, classes }) => [name, classes.length])).toEqual([
      ['root/cimv2', 0],
      ['root/a', 1],
      ['root/b', 1],
    ]);
  });

  test('a namespace on another host is refused', () => {
    expect(errorsIn('#pragma namespace ("http://elsewhere/root/a")')).toEqual([
      expect.stringContaining('names a host'),
    ]);
    expect(errorsIn('#pragma namespace ("a b")')).toEqual([expect.stringContaining('not a namespace')]);
  });

  test('locale is accepted, an unknown pragma is a warning', () => {
    const { errors, warnings } = compileText('#pragma locale ("en_US")\n#pragma nonsense\n#pragma other ("x")');
    expect(errors).toEqual([]);
    expect(warnings.map(({ message, line }) => [message, line])).toEqual([
      ['pragma nonsense is unknown and was ignored', 2],
      ['pragma other is unknown and was ignored', 3],
    ]);
  });
});
