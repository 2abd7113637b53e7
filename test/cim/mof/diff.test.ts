import { diffSchemas } from '../../../src/cim/mof/index.js';
import { compileGood } from './kit.js';

const base = `
Qualifier Colour : string = null, Scope(class);
class T_Top { [Key] string Id; uint16 State = 5; };
class T_Base : T_Top {
  [Override("State")] uint16 State;
  [Description("a size")] uint32 Size;
  string Gone;
  uint32 Reset([In] uint32 Delay, [In] string Reason);
};
class T_Lost {};
`;

function differences(before: string, after: string): readonly string[] {
  return diffSchemas(compileGood(before), compileGood(after)).map(({ change, element, detail }) =>
    detail === null ? `${change} ${element}` : `${change} ${element}: ${detail}`,
  );
}

test('a schema does not differ from itself, whatever the order and spelling', () => {
  const spelt = base
    .replace('class T_Lost {};\n', '')
    .replace('class T_Top', 'class T_Lost {};\nclass t_top')
    .replaceAll('Size', 'SIZE');
  expect(differences(base, base)).toEqual([]);
  expect(differences(base, spelt)).toEqual([]);
});

test.each([
  ['a class that came', 'class T_Lost {};', 'class T_Lost {};\nclass T_New {};', ['added T_New']],
  ['a class that went', 'class T_Lost {};', '', ['removed T_Lost']],
  ['another superclass', 'class T_Lost {', 'class T_Lost : T_Top {', ['changed T_Lost: superclass none becomes T_Top']],
  ['a property that went', '  string Gone;\n', '', ['removed T_Base.Gone']],
  ['another type', 'uint32 Size', 'uint64 Size', ['changed T_Base.Size: type uint32 becomes uint64']],
  ['an array', 'uint32 Size', 'uint32 Size[]', ['changed T_Base.Size: type uint32 becomes uint32[]']],
  ['another default', 'uint16 State = 5;', 'uint16 State = 6;', ['changed T_Top.State: default has another value']],
  [
    'another qualifier value',
    '"a size"',
    '"the size"',
    ['changed T_Base.Size: qualifier Description has another value'],
  ],
  [
    'a qualifier that came',
    '[Description("a size")]',
    '[Description("a size"), Write]',
    ['changed T_Base.Size: qualifier Write is added'],
  ],
  ['another return type', 'uint32 Reset', 'uint16 Reset', ['changed T_Base.Reset(): returns uint16, not uint32']],
  ['another parameter', 'uint32 Delay', 'uint64 Delay', ['changed T_Base.Reset(Delay): type uint32 becomes uint64']],
  ['a parameter that went', ', [In] string Reason', '', ['removed T_Base.Reset(Reason)']],
  [
    'another qualifier type',
    'Colour : string = null',
    'Colour : string = "red"',
    ['changed Colour: the qualifier type is declared otherwise'],
  ],
] as const)('%s', (_what, was, is, expected) => {
  expect(differences(base, base.replace(was, is))).toEqual(expected);
});

test('a default that the one inherits and the other repeats is the same; another one is not', () => {
  const overriding = '[Override("State")] uint16 State';
  expect(differences(base, base.replace(overriding, `${overriding} = 5`))).toEqual([]);
  expect(differences(base, base.replace(overriding, `${overriding} = 6`))).toEqual([
    'changed T_Base.State: default has another value',
  ]);
});
