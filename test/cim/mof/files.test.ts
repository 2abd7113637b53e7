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
      'Qualifier EmbeddedInstance : string, Scope (property, parameter);',
    'main.mof':
      '#pragma include ("qualifiers.mof")\nclass T_A : T_Super { [EmbeddedInstance ("T_Part")] string P; };\n' +
      '[Association] class T_L { [Key] T_A REF A; [Key] T_Other REF B; };\ninstance of T_Made { };',
    'x/T_Super.mof': 'class T_Super : T_Top { [Key] string K; };',
    'x/T_Top.mof': 'class T_Top { };',
    'x/T_Other.mof': 'class T_Other { [Key] string K; };',
    'x/T_Part.mof': 'class T_Part { };',
    'x/T_Made.mof': 'class T_Made { };',
  };
  const { errors, namespaces } = compile(files, 'main.mof', ['', 'x']);
  expect(errors.map(formatDiagnostic)).toEqual([]);
  expect(namespaces[0]?.classes.map(({ name }) => name).sort()).toEqual([
    'T_A',
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
