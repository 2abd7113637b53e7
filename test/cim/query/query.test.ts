import { CimDateTime, type CimInstance, createInstancePath } from '../../../src/cim/model/index.js';
import { compileFilter, keyConstraint, parseQuery, project, queryLanguages } from '../../../src/cim/query/index.js';
import { check, make, passes, schema } from './support.js';

function refusal(status: number, text = ''): Error {
  return expect.objectContaining({ status, description: expect.stringContaining(text) as string }) as Error;
}

const vm = make('Q_VM', {
  Name: 'vm1',
  Number: 7,
  State: 2,
  Size: 18446744073709551615n,
  Load: 0.5,
  Enabled: true,
  Since: CimDateTime.parse('20260101120000.000000+060'),
  Roles: ['web', null, 'db'],
  Ports: [80, 443],
  Owner: createInstancePath('Q_Element', { Name: 'o', Number: 1n }),
  Setting: make('Q_Setting', { Weight: -3, Label: 'gold' }),
  Memory: 1024n,
});
const indication = make('Q_Indication', { SourceInstance: vm });

describe.each([...queryLanguages])('a condition in %s', (language) => {
  test.each([
    ['Name = "vm1"', true],
    ["name = 'vm1'", true],
    ['Name = "VM1"', false],
    ['Name <> "vm2"', true],
    ['State >= 2 AND State < 3', true],
    ['State = 0x2 AND Number = 111b', true],
    ['2 < State OR Load = 5.0e-1', true],
    ['Size = 18446744073709551615', true],
    ['Size > 18446744073709551614.0', false],
    ['Load > -1', true],
    ['NOT State = 3', true],
    ['NOT NOT State = 2', true],
    ['NOT (State = 2 OR State = 3)', false],
    ['State = 2 OR State = 3 AND State = 4', true],
    ['(State = 2 OR State = 3) AND State = 4', false],
    ['Enabled = TRUE', true],
    ['Enabled = false', false],
    ['Caption IS NULL', true],
    ['Name IS NOT NULL', true],
    ['Caption = "x"', false],
    ['NOT Caption = "x"', false],
    ['Caption <> "x" OR State = 2', true],
    ['Caption = "x" AND State = 3', false],
    ['NOT (Caption = "x" AND State = 3)', true],
    ['Since = "20260101110000.000000+000"', true],
    ['Since > "20260101110000.000000+000"', false],
    ['Since < "202602********.******+000"', true],
    ['Roles[0] = "web"', true],
    ['Roles[1] IS NULL', true],
    ['Roles[9] = "web"', false],
    ['ANY Roles = "db"', true],
    ['"db" = ANY Roles', true],
    ['ANY Ports > 400', true],
    ['400 < ANY Ports', true],
    ['EVERY Ports > 79', true],
    ['EVERY Ports > 80', false],
    ['EVERY Roles LIKE "web"', false],
    ['Setting.Weight < 0', true],
    ['Setting.Label = "gold"', true],
    ['Setting.Q_Setting::Weight = -3', true],
    ['Setting ISA Q_Setting', true],
    ['Setting ISA "Q_VM"', false],
    ['Q_VM::Memory = 1024', true],
    ['Owner = "Q_Element.Name=\\"o\\",Number=1"', true],
    ['Owner = "Q_Element.Name=\\"p\\",Number=1"', false],
    ['Owner ISA Q_Element', true],
  ])('%s is %s', (condition, expected) => {
    expect(passes(vm, condition, language)).toBe(expected);
  });
});

test.each([
  ['Name LIKE "v%"', true],
  ['Name LIKE "%1"', true],
  ['Name LIKE "_m_"', true],
  ['Name LIKE "vm[0-9]"', true],
  ['Name LIKE "vm[^0-9]"', false],
  ['Name LIKE "vm"', false],
  ['Name NOT LIKE "x%"', true],
  ['Caption LIKE "%"', false],
  ['ANY Roles LIKE "d%"', true],
])('in WQL %s is %s', (condition, expected) => {
  expect(passes(vm, condition, 'WQL')).toBe(expected);
});

test.each([
  ["Name LIKE 'v.*'", true],
  ["Name LIKE '^vm1$'", true],
  ["Name LIKE 'vm'", false],
  ["Name LIKE 'v(m|n)[0-9]+'", true],
  ["Name LIKE 'vm1?'", true],
  ["Name LIKE 'v\\.1'", false],
  ["Name LIKE '(a|v|)m*'", false],
  ["ClassName(Q_VM) = 'Q_VM'", true],
  ["ClassName(Owner) = 'Q_Element'", true],
  ['ObjectPath(Q_VM) = "Q_VM.Name=\\"vm1\\",Number=7"', true],
  ['ObjectPath() = ObjectPath(Q_VM)', true],
  ["NameSpaceName() = 'root/q'", true],
  ["ReferenceToString(Owner) LIKE '.*Q_Element.*'", true],
  ["UpperCase(Name) = 'VM1'", true],
  ["StringToUint('0x10') = 16 AND StringToSint('-4') = -4 AND StringToReal('1e1') = 10", true],
  ['StringToUint(Name) = 1 OR StringToUint(Name) <> 1', false],
  ["NumericToString(State) = '2'", true],
  ["CurrentDateTime() = '19700101001640.000000+000'", true],
  ['CurrentDateTime() < Since', true],
  ["DateTime('20260101110000.000000+000') = Since", true],
  ["DateTimeToMicrosecond(DateTime('00000001000000.000001:000')) = 86400000001", true],
  ["MicrosecondToTimestamp(1000000000000) = '19700112134640.000000+000'", true],
  ["MicrosecondToInterval(86400000001) = DateTime('00000001000000.000001:000')", true],
  ['Q_VM ISA Q_Element', true],
  ['Q_VM.State = 2', true],
])('in CQL %s is %s', (condition, expected) => {
  expect(passes(vm, condition)).toBe(expected);
});

test.each([
  ['SourceInstance ISA Q_VM', true],
  ['SourceInstance ISA Q_Element AND SourceInstance.Q_VM::Memory = 1024', true],
  ['SourceInstance.Q_Setting::Weight = 1', false],
  ['SourceInstance.Name = "vm1"', true],
  ['Q_Indication.SourceInstance.Setting.Label = "gold"', true],
  ['SourceInstance.Nothing = 1', false],
])('an indication filter %s is %s', (condition, expected) => {
  expect(passes(indication, condition)).toBe(expected);
  expect(passes(indication, condition, 'WQL')).toBe(expected);
});

test('an alias of the FROM class stands for it', () => {
  const query = parseQuery('DMTF:CQL', 'SELECT x.Name, x.Setting.Label FROM Q_VM AS x WHERE x.State = 2');
  expect(compileFilter(query, schema)(vm)).toBe(true);
  const cut = project(query, vm);
  expect(cut.properties().map((one) => one.name)).toEqual(['Name', 'Setting']);
  expect((cut.get('Setting') as CimInstance).properties().map((one) => one.name)).toEqual(['Label']);
  expect(cut.path).toBe(vm.path);
});

test.each(['SELECT * FROM Q_VM', 'SELECT Q_VM.* FROM Q_VM', 'SELECT Name, * FROM Q_VM'])(
  '%s selects everything',
  (text) => {
    expect(project(parseQuery('DMTF:CQL', text), vm)).toBe(vm);
  },
);

test.each([
  ['WQL', 'SELECT', 15, 7],
  ['WQL', 'SELECT * FROM', 15, 14],
  ['WQL', 'SELECT * FROM Q_VM WHERE', 15, 25],
  ['WQL', 'SELECT * FROM Q_VM WHERE Name = ', 15, 33],
  ['WQL', 'SELECT * FROM Q_VM WHERE Name = "x', 15, 33],
  ['WQL', 'SELECT * FROM Q_VM WHERE (Name = "x"', 15, 37],
  ['WQL', 'SELECT * FROM Q_VM WHERE Name = "x" "y"', 15, 37],
  ['WQL', 'SELECT * FROM Q_VM WHERE Name = NULL', 15, 33],
  ['WQL', 'SELECT * FROM Q_VM WHERE Name ; 1', 15, 31],
  ['WQL', 'SELECT * FROM Q_VM WHERE State = 12ab', 15, 34],
  ['WQL', 'SELECT * FROM Q_VM WHERE 1 < 2 < 3', 15, 32],
  ['DMTF:FQL', 'Name =', 15, 7],
  ['DMTF:FQL', '', 15, 1],
  ['DMTF:CQL', 'SELECT DISTINCT Name FROM Q_VM', 29, 8],
  ['DMTF:CQL', 'SELECT FIRST 5 Name FROM Q_VM', 29, 8],
  ['DMTF:CQL', 'SELECT Name AS n FROM Q_VM', 29, 13],
  ['DMTF:CQL', 'SELECT COUNT(*) FROM Q_VM', 29, 8],
  ['DMTF:CQL', 'SELECT * FROM Q_VM, Q_Element', 29, 19],
  ['DMTF:CQL', 'SELECT * FROM Q_VM ORDER BY Name', 29, 20],
  ['DMTF:CQL', 'SELECT * FROM Q_VM WHERE State + 1 = 2', 29, 32],
  ['DMTF:CQL', "SELECT * FROM Q_VM WHERE State = Q_VM.State#'On'", 29, 44],
  ['DMTF:CQL', 'SELECT * FROM Q_VM WHERE Roles[0..1] = 1', 29, 33],
  ['WQL', 'SELECT * FROM Q_VM WITHIN 5', 29, 20],
])('%s: %s fails with %i at column %i', (language, text, status, column) => {
  expect(() => parseQuery(language, text)).toThrow(refusal(status, `(column ${column})`));
});

test('an unknown language is refused with 14', () => {
  expect(() => parseQuery('SQL', 'SELECT * FROM a')).toThrow(refusal(14));
  expect(parseQuery('cim:cql', 'SELECT * FROM a').dialect).toBe('cql');
});

test.each([
  ['Nothing = 1', 15],
  ['Name = 1', 15],
  ['State = "x"', 15],
  ['Enabled > FALSE', 15],
  ['Since = "yesterday"', 15],
  ['Owner = "::"', 15],
  ['Roles = "web"', 15],
  ['ANY Name = "x"', 15],
  ['Name[0] = "x"', 15],
  ['Setting = "x"', 15],
  ['Setting.Nothing = 1', 15],
  ['Name.Label = "x"', 15],
  ['Q_Nothing::Name = "x"', 15],
  ['State LIKE "x"', 15],
  ['Name LIKE "[a"', 15],
  ['Name ISA Q_VM', 15],
  ['Name', 15],
  ['UpperCase(State) = "X"', 15],
  ['UpperCase() = "X"', 15],
  ['Sum(State) = 1', 29],
  ['Owner.Name = "x"', 29],
])('against the class %s fails with %i', (condition, status) => {
  expect(() => check(condition)).toThrow(refusal(status));
});

test('a missing class and unknown selected properties are refused with 15', () => {
  expect(() => compileFilter(parseQuery('WQL', 'SELECT * FROM Nope'), schema)).toThrow(refusal(15));
  expect(() => compileFilter(parseQuery('WQL', 'SELECT Nope FROM Q_VM'), schema)).toThrow(refusal(15));
});

test('deep nesting, many parts and long texts are refused, not suffered', () => {
  for (const text of ['('.repeat(100_000), 'NOT '.repeat(10_000), 'a=1 AND '.repeat(7_000), 'x'.repeat(70_000)]) {
    expect(() => parseQuery('DMTF:FQL', text)).toThrow(refusal(15));
  }
});

test('patterns that make others backtrack are matched in linear time', () => {
  const long = make('Q_VM', { Name: 'a'.repeat(20_000), Number: 1 });
  expect(passes(long, "Name LIKE '(a*)*b'")).toBe(false);
  expect(passes(long, "Name LIKE '(a|a)*(a|a)*'")).toBe(true);
});

test('demands on every key name the only candidate', () => {
  const cls = schema.get('Q_VM');
  if (cls === undefined) throw new Error('no class');
  const path = (where: string) =>
    keyConstraint(parseQuery('WQL', `SELECT * FROM Q_Element WHERE ${where}`), cls, () => true);
  expect(path('Name = "vm1" AND 7 = Number AND State = 2')).toMatchObject({
    className: 'Q_VM',
    keys: [
      { name: 'Name', value: 'vm1' },
      { name: 'Number', value: 7n },
    ],
  });
  expect(path('Name = "vm1" OR Number = 7')).toBeNull();
  expect(path('Name = "vm1" AND NOT Number = 7')).toBeNull();
  expect(path('Name = "vm1" AND Number > 7')).toBeNull();
});

test('a path through an array needs an index, but may select from every item', () => {
  const item = (Label: string): CimInstance => make('Q_Setting', { Label }).withPath(null);
  const instance = make('Q_VM', { Name: 'a', Number: 1, Settings: [item('one'), item('two')] });
  expect(passes(instance, "Settings[1].Label = 'two'")).toBe(true);
  expect(passes(instance, "Settings[2].Label = 'two'")).toBe(false);
  expect(passes(instance, 'Settings[2].Label IS NULL')).toBe(true);
  for (const condition of ["Settings.Label = 'two'", "ANY Settings.Label = 'two'", 'Settings.Label IS NULL']) {
    expect(() => check(condition)).toThrow(expect.objectContaining({ status: 15 }) as Error);
  }
  const query = parseQuery('DMTF:CQL', 'SELECT Settings.Label FROM Q_VM');
  expect(compileFilter(query, schema)(instance)).toBe(true);
  const selected = project(query, instance).get('Settings') as readonly CimInstance[];
  expect(selected.map((one) => one.properties().map(({ name, value }) => [name, value]))).toEqual([
    [['Label', 'one']],
    [['Label', 'two']],
  ]);
});
