import type { CimInstance, CimInstancePath } from '../../../src/cim/model/index.js';
import { compileMof, createMapLoader } from '../../../src/cim/mof/index.js';
import { compileGood, compileText, errorsIn, shippedFiles } from './kit.js';

const classes = `
class T_Node { [Key] string Id; string Text; uint8 Bytes[]; uint16 State = 5;
  [EmbeddedInstance ("T_Part")] string Part; [EmbeddedInstance ("T_Part")] string Parts[];
  [EmbeddedObject] string Anything; };
class T_Part { string Name; uint32 Size; [EmbeddedInstance ("T_Part")] string Inner; };
class T_SubPart : T_Part { };
[Association] class T_Link { [Key] T_Node REF From; [Key] T_Node REF To; };
`;

function instancesOf(text: string): readonly CimInstance[] {
  return compileGood(classes + text).instances;
}

test('an instance has its values, defaults and a path', () => {
  const [node] = instancesOf('instance of t_node { ID = "a"; bytes = { 1, 0x2 }; };');
  expect(node?.path).toMatchObject({ className: 'T_Node', keys: [{ name: 'Id', value: 'a' }] });
  expect(node?.get('Bytes')).toEqual([1, 2]);
  expect(node?.get('State')).toBe(5);
  expect(node?.get('Text')).toBeNull();
});

test('an alias may be used before and after its declaration', () => {
  const [link, , , second] = instancesOf(`
    instance of T_Link { From = $A; To = $B; };
    instance of T_Node as $A { Id = "a"; };
    instance of T_Node as $b { Id = "b"; };
    instance of T_Link as $L { From = $B; To = $A; };`);
  const ends = (instance: CimInstance | undefined) =>
    ['From', 'To'].map((name) => (instance?.get(name) as CimInstancePath | undefined)?.keys[0]?.value);
  expect(ends(link)).toEqual(['a', 'b']);
  expect(ends(second)).toEqual(['b', 'a']);
});

test('a reference may be the text of an object path; its keys get the types of the class', () => {
  const [link] = instancesOf('instance of T_Link { From = "t_node.id=\\"a\\""; To = "root/x:T_Node.Id=\\"b\\""; };');
  expect(link?.get('From')).toMatchObject({ className: 'T_Node', keys: [{ name: 'Id', type: 'string', value: 'a' }] });
  expect(link?.get('To')).toMatchObject({ namespace: 'root/x' });
});

test('embedded instances are written in place, by alias or as text', () => {
  const [node] = instancesOf(`
    instance of T_Node {
      Id = "a";
      Part = instance of T_SubPart { Name = "in place"; };
      Parts = { $P, "instance of T_Part { Name = \\"text\\"; Inner = \\"instance of T_Part { Size = 3; };\\"; };", NULL };
      Anything = "class T_Made { string P; };";
    };
    instance of T_Part as $P { Name = "alias"; };`);
  const part = node?.get('Part') as CimInstance;
  expect([part.className, part.get('Name')]).toEqual(['T_SubPart', 'in place']);
  const [byAlias, asText, nothing] = node?.get('Parts') as [CimInstance, CimInstance, null];
  expect(byAlias.get('Name')).toBe('alias');
  expect((asText.get('Inner') as CimInstance).get('Size')).toBe(3);
  expect(nothing).toBeNull();
  expect(node?.get('Anything')).toMatchObject({ kind: 'class', name: 'T_Made' });
});

test('an embedded object may be a class by alias', () => {
  const [node] = instancesOf('class T_Made as $C { string P; }; instance of T_Node { Id = "a"; Anything = $C; };');
  expect(node?.get('Anything')).toMatchObject({ kind: 'class', name: 'T_Made' });
});

test('references across namespaces carry the namespace', () => {
  const { namespaces, errors } = compileText(`${classes}
    instance of T_Node as $A { Id = "a"; };
    #pragma namespace ("root/other")
    #pragma include ("qualifiers.mof")
    ${classes}
    instance of T_Node as $B { Id = "b"; };
    instance of T_Link { From = $A; To = $B; };`);
  expect(errors).toEqual([]);
  const link = namespaces[1]?.instances[1];
  expect(link?.get('From')).toMatchObject({ namespace: 'root/cimv2' });
  expect(link?.get('To')).toMatchObject({ namespace: null });
});

test.each([
  ['instance of T_None { };', 'class T_None does not exist'],
  ['instance of T_Node { Id = "a"; Colour = 1; };', 'no property Colour'],
  ['instance of T_Node { Id = "a"; id = "b"; };', 'has a value already'],
  ['instance of T_Node { Id = 5; };', 'Id: expected string, got 5'],
  ['instance of T_Link { From = $None; To = $None; };', 'alias $None is not declared'],
  ['instance of T_Node as $A { Id = "a"; }; instance of T_Node as $a { Id = "b"; };', 'declared twice'],
  ['instance of T_Link as $L { From = $L; To = $L; };', 'refers to itself'],
  ['instance of T_Part as $P { Inner = $P; }; instance of T_Node { Id = "a"; Part = $P; };', 'refers to itself'],
  ['instance of T_Node as $A { }; instance of T_Link { From = $A; To = $A; };', 'no keys yet'],
  ['instance of T_Node { Id = "a"; Part = "nonsense"; };', 'in the embedded object'],
  [
    'instance of T_Node { Id = "a"; Part = $N; }; instance of T_Node as $N { Id = "n"; };',
    'expected an instance of T_Part',
  ],
  ['[Abstract] class T_Ghost { }; instance of T_Ghost { };', 'abstract'],
])('%s is refused', (text, sentence) => {
  expect(errorsIn(classes + text)).toEqual(expect.arrayContaining([expect.stringContaining(sentence)]));
});

test('every compiled thing knows where it was declared', () => {
  const compilation = compileText(`${classes}instance of T_Node { Id = "a"; };`);
  const [namespace] = compilation.namespaces;
  expect(compilation.locate(namespace?.instances[0] ?? {})).toEqual({ file: 'test.mof', line: 8, column: 13 });
  expect(compilation.locate(namespace?.classes[0] ?? {})).toMatchObject({ file: 'test.mof', line: 2 });
  expect(compilation.locate({})).toBeNull();
});

describe('aliases', () => {
  const classes = 'class T_Nest { [Key] string K; [EmbeddedInstance ("T_Nest")] string L[]; };\n';

  test('that multiply are refused, not followed', () => {
    const levels = Array.from(
      { length: 40 },
      (_, at) => `instance of T_Nest as $N${at} { K = "${at}"; L = { $N${at + 1}, $N${at + 1} }; };\n`,
    );
    const { errors } = compileText(`${classes}${levels.join('')}instance of T_Nest as $N40 { K = "end"; };`);
    expect(errors[0]).toMatchObject({ line: 2, message: expect.stringContaining('more than 10000') as string });
  });

  test('of another file are told where they are used', () => {
    const files = new Map([
      [
        'a.mof',
        `#pragma include ("qualifiers.mof")\n#pragma include ("b.mof")\n${classes}instance of T_Nest { K = "a"; L = { $Far }; };`,
      ],
      ['b.mof', `${'\n'.repeat(20)}   instance of T_Nest as $Far { K = "b"; Wrong = 1; };`],
      ['qualifiers.mof', shippedFiles().get('qualifiers.mof') ?? ''],
    ]);
    const { errors } = compileMof(createMapLoader(files), ['a.mof']);
    expect(errors.map(({ file, line, column }) => [file, line, column])).toEqual([
      ['a.mof', 4, 37],
      ['b.mof', 21, 42],
    ]);
    expect(errors[0]?.sourceLine.slice(36)).toMatch(/^\$Far/);
  });
});
