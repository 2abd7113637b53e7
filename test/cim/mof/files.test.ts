import { createMemorySource } from '../../../src/cim/schema/index.js';
import { type CompileOptions, compileMof, createMapLoader, formatDiagnostic } from '../../../src/cim/mof/index.js';
import { compileGood } from './kit.js';

function compile(files: Record<string, string>, start: string, searchPath?: string[], options?: CompileOptions) {
  return compileMof(createMapLoader(new Map(Object.entries(files)), searchPath), [start], options);
}

test('files are included relative to the file that includes them, then from the search path', () => {
  const files = {
    'main.mof': '#pragma include ("sub/a.mof")',
    'sub/a.mof': '#pragma include ("b.mof")\n#pragma include ("common.mof")\nclass T_A : T_B { };',
    'sub/b.mof': 'class T_B : T_C { };',
    'lib/common.mof': 'class T_C { };',
  };
  const { errors, files: read } = compile(files, 'main.mof', ['', 'lib']);
  expect(errors).toEqual([]);
  expect(read).toEqual(['main.mof', 'sub/a.mof', 'sub/b.mof', 'lib/common.mof']);
});

test('a file that is included is found in any folder where texts come without a search path, nearest name first', () => {
  const files = {
    '/home/u/main.mof': '#pragma include ("lib/b.mof")',
    '/opt/x/b.mof': 'class T_Wrong { };',
    '/opt/mof/lib/b.mof': 'class T_Right { };',
  };
  const { errors, files: read } = compile(files, '/home/u/main.mof');
  expect(errors).toEqual([]);
  expect(read).toEqual(['/home/u/main.mof', '/opt/mof/lib/b.mof']);
});

test('a file that is included twice, or includes itself, is read once', () => {
  const files = {
    'a.mof': '#pragma include ("b.mof")\n#pragma include ("b.mof")',
    'b.mof': '#pragma include ("a.mof") class T_B { };',
  };
  const { errors, namespaces } = compile(files, 'a.mof');
  expect(errors).toEqual([]);
  expect(namespaces[0]?.classes).toHaveLength(1);
});

test('classes that nobody declares are found on the search path: superclass, reference, embedded, instance', () => {
  const files = {
    'qualifiers.mof':
      'Qualifier Key : boolean, Scope (property, reference); Qualifier Association : boolean, Scope (association);' +
      'Qualifier EmbeddedInstance : string, Scope (property, parameter);' +
      'Qualifier EmbeddedObject : boolean, Scope (property);',
    'main.mof':
      '#pragma include ("qualifiers.mof")\nclass T_A : T_Super { [EmbeddedInstance ("T_Part")] string P; };\n' +
      '[Association] class T_L { [Key] T_A REF A; [Key] T_Other REF B; };\n' +
      'instance of T_Made { O = instance of T_Inner { L = { instance of T_Innermost { } }; }; };',
    'x/T_Super.mof': 'class T_Super : T_Top { [Key] string K; };',
    'x/T_Top.mof': 'class T_Top { };',
    'x/T_Other.mof': 'class T_Other { [Key] string K; };',
    'x/T_Part.mof': 'class T_Part { };',
    'x/T_Made.mof': 'class T_Made { [EmbeddedObject] string O; };',
    'x/T_Inner.mof': 'class T_Inner { [EmbeddedObject] string L[]; };',
    'x/y/T_Innermost.mof': 'class T_Innermost { };',
  };
  const { errors, namespaces } = compile(files, 'main.mof', ['', 'x']);
  expect(errors.map(formatDiagnostic)).toEqual([]);
  expect(namespaces[0]?.classes.map(({ name }) => name).sort()).toEqual([
    'T_A',
    'T_Inner',
    'T_Innermost',
    'T_L',
    'T_Made',
    'T_Other',
    'T_Part',
    'T_Super',
    'T_Top',
  ]);
});

test('what a namespace holds already counts as declared', () => {
  const before = compileGood('class T_Old { [Key] string K; };');
  const existing = createMemorySource(before.classes, before.qualifierTypes);
  const options: CompileOptions = {
    namespace: 'root/x',
    existing: (name) => (name === 'root/x' ? existing : undefined),
  };
  const text = 'class T_New : T_Old { [Write] string P; }; instance of T_New { K = "a"; };';
  const { errors, namespaces } = compile({ 'a.mof': text }, 'a.mof', [''], options);
  expect(errors).toEqual([]);
  expect(namespaces[0]?.classes.map(({ name }) => name)).toEqual(['T_New']);
  expect(namespaces[0]?.instances[0]?.path?.keys[0]?.value).toBe('a');
});

describe('errors', () => {
  test('have file, line, column, the line and a caret, several in one run', () => {
    const files = {
      'a.mof':
        '#pragma include ("b.mof")\nclass T_A {\n\tstring P = 5;\n  uint8 Q = "x";\n  string R\n  string S;\n  boolean T = TRUE;\n};\nclass T_C : { };\nclass T_D { };',
      'b.mof': '  class T_B { nonsense P; };',
    };
    const { errors, namespaces } = compile(files, 'a.mof');
    expect(errors.map(formatDiagnostic)).toEqual([
      'a.mof:3:13: error: default of P: expected string, got 5\n  \tstring P = 5;\n  \t           ^',
      'a.mof:4:13: error: default of Q: expected uint8 (0 to 255), got "x"\n    uint8 Q = "x";\n              ^',
      'a.mof:6:3: error: expected ";", got string\n    string S;\n    ^',
      'a.mof:9:13: error: expected the name of the superclass, got {\n  class T_C : { };\n              ^',
      'b.mof:1:15: error: unknown type nonsense\n    class T_B { nonsense P; };\n                ^',
    ]);
    expect(namespaces[0]?.classes.map(({ name }) => name)).toEqual(['T_B', 'T_A', 'T_D']);
  });

  test('in the midst of something leave the rest of the text readable', () => {
    const text =
      'class T_A { uint8 A[] = { 1, x, 3 }; uint8 B = 300; };\n' +
      'class T_B { string S = "a\\q b"; nonsense N; };\n' +
      'class T_C { string S = "open; };\n' +
      'class T_D { uint8 A[] = { 1, 2; uint8 B = "x"; };\n' +
      'instance of T_A { A = { 1, y }; B = z; };\n' +
      'class T_E { wrong W; };';
    expect(compile({ 'a.mof': text }, 'a.mof').errors.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '1 expected a value, got x',
      '1 default of B: expected uint8 (0 to 255), got 300',
      '2 unknown escape \\q',
      '2 unknown type nonsense',
      '3 this string is not closed on its line',
      '4 expected "}", got ;',
      '4 default of B: expected uint8 (0 to 255), got "x"',
      '5 expected a value, got y',
      '5 expected a value, got z',
      '6 unknown type wrong',
    ]);
  });

  test('have the caret below tabs, wide characters and marks, and in the middle of a line without end', () => {
    const caretOf = (text: string): readonly string[] => {
      const [error] = compile({ 'a.mof': text }, 'a.mof').errors;
      return error === undefined ? [] : formatDiagnostic(error).split('\n').slice(1);
    };
    expect(caretOf('class T_A { string\tS = "日本😀e\u0301" x; };')).toEqual([
      '  class T_A { string\tS = "日本😀e\u0301" x; };',
      `  ${' '.repeat(18)}\t${' '.repeat(14)}^`,
    ]);
    const [line = '', caret = ''] = caretOf(`class T_A { ${'uint8 P; '.repeat(20_000)}here${' '.repeat(500)}};`);
    expect(line.length).toBeLessThan(500);
    expect(line.slice(caret.length - 1)).toMatch(/^}|^here/);
  });

  test('of lines that end by CR alone have their numbers', () => {
    const { errors, namespaces } = compile({ 'a.mof': '// one\rclass T_A { };\rclass T_B {\r  wrong W;\r};' }, 'a.mof');
    expect(errors.map(({ line, column }) => [line, column])).toEqual([[4, 3]]);
    expect(namespaces[0]?.classes.map(({ name }) => name)).toEqual(['T_A', 'T_B']);
  });

  test('of class rules point at the element that breaks them', () => {
    const files = {
      'a.mof':
        'Qualifier Key : boolean, Scope (property);\nclass T_A {\n  [Key] string K;\n  string P;\n};\n' +
        'class T_B : T_A {\n  [Key]\n  string P;\n  [Key] uint32 M();\n};',
    };
    const { errors } = compile(files, 'a.mof');
    expect(errors.map(({ line, column }) => [line, column])).toEqual([[8, 10]]);
  });

  test('of a missing file or include are errors like others', () => {
    expect(compile({}, 'none.mof').errors).toMatchObject([{ file: 'none.mof', message: 'the file was not found' }]);
    const { errors } = compile({ 'a.mof': '\n #pragma include ("none.mof")' }, 'a.mof');
    expect(errors).toMatchObject([{ file: 'a.mof', line: 2, column: 2, message: 'file none.mof was not found' }]);
  });

  test('stop at a limit', () => {
    const text = 'nonsense;\n'.repeat(50);
    expect(compile({ 'a.mof': text }, 'a.mof', [''], { mostErrors: 7 }).errors).toHaveLength(7);
  });

  test.each([
    'class T_A {',
    'class T_A { string P = {',
    '/* open',
    '[',
    '#',
    'class T_A { uint32 M(',
    'instance of',
    '"',
  ])('a text that ends too early is an error: %s', (text) => {
    expect(compile({ 'a.mof': text }, 'a.mof').errors.length).toBeGreaterThan(0);
  });

  test('deep nesting is refused, not followed', () => {
    const text = `instance of T_A { P = ${'instance of T_A { P = '.repeat(500)}1`;
    expect(compile({ 'a.mof': text }, 'a.mof').errors[0]?.message).toContain('too deep');
  });
});

describe('bytes', () => {
  const text = 'class T_A { string S = "größer 試験 \ufffd"; };';
  const utf16 = (bytes: Buffer, mark: readonly number[]): Buffer => Buffer.concat([Buffer.from(mark), bytes]);

  test.each<[string, Buffer]>([
    ['UTF-8', Buffer.from(text)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16, little endian', utf16(Buffer.from(text, 'utf16le'), [0xff, 0xfe])],
    ['UTF-16, big endian', utf16(Buffer.from(text, 'utf16le').swap16(), [0xfe, 0xff])],
  ])('of %s are read', (_name, bytes) => {
    const { errors, namespaces } = compileMof(createMapLoader(new Map([['a.mof', bytes]])), ['a.mof']);
    expect(errors).toEqual([]);
    expect(namespaces[0]?.classes[0]?.properties[0]?.defaultValue).toBe('größer 試験 \ufffd');
  });

  test.each<[string, Buffer, string, number]>([
    ['Latin-1', Buffer.from('class T_A {\n string S = "\ufffdé"; };', 'latin1'), '0xFD', 14],
    ['Latin-1 behind UTF-8', Buffer.concat([Buffer.from('//\n// \ufffd '), Buffer.from([0xe9, 0x20])]), '0xE9', 6],
    ['half a UTF-16 character', Buffer.from([0xff, 0xfe, 0x41, 0x00, 0x41]), 'not UTF-16', 2],
  ])('of %s are an error that names the place', (_name, bytes, what, column) => {
    const { errors, namespaces } = compileMof(createMapLoader(new Map([['a.mof', bytes]])), ['a.mof']);
    expect(errors).toMatchObject([{ file: 'a.mof', column, message: expect.stringContaining(what) as string }]);
    expect(namespaces[0]?.classes).toEqual([]);
  });
});
