import ts from 'typescript';
import { writeTypeScriptTypes } from '../../../src/cim/mof/index.js';
import { compileGood } from './kit.js';

const { schema, classes } = compileGood(`
[Description ("An element. */")] class T_Element { [Key, Description ("Its name.")] string Name; uint64 Size;
  [ValueMap { "2", "3", "4..9" }, Values { "Really On", "Off", "Else" }] uint16 State; };
class T_System : T_Element { datetime Since; boolean Flags[]; [EmbeddedInstance ("T_Element")] string Part;
  [ValueMap { "0" }, Values { "Completed" }] uint32 Change([Required] uint16 State, string How, [In (FALSE), Out] T_System REF Made); };
class T_Box : T_Element { string Content; string Lists[]; [EmbeddedObject] string Any; };
class T_Crate : T_Box { [Override ("Content"), EmbeddedInstance ("T_Element")] string Content;
  [Override ("Lists"), EmbeddedInstance ("T_Element")] string Lists[];
  uint32 Close([In (FALSE), Out] string returnValue, [In (FALSE), Out] char16 class); boolean Change(sint64 with); };`);
const text = writeTypeScriptTypes(
  classes.map(
    ({ name }) =>
      schema.get(name) ??
      (() => {
        throw new Error(name);
      })(),
  ),
);

test('a class is an interface that extends its superclass', () => {
  expect(text).toContain('export interface T_System extends T_Element {');
  expect(text).toContain('  readonly Size: bigint | null;');
  expect(text).toContain('  readonly Flags: readonly (boolean | null)[] | null;');
  expect(text).toContain('  readonly Part: CimInstance | null;');
  expect(text).toContain("import type { CimClass, CimDateTime, CimInstance, CimObjectPath } from 'tvdc/cim';");
  expect(text).toContain('  readonly T_System: T_System;');
});

test('value maps are constants, parameters are interfaces', () => {
  expect(text).toContain('export const T_Element_State = {\n  ReallyOn: 2,\n  Off: 3,\n} as const;');
  expect(text).toContain('export const T_System_Change_Result = {\n  Completed: 0,\n} as const;');
  expect(text).toContain(
    'export interface T_System_Change_In {\n  readonly State: number | null;\n  readonly How?: string | null;\n}',
  );
  expect(text).toContain(
    'export interface T_System_Change_Out {\n  readonly returnValue: number | null;\n  readonly Made?: CimObjectPath | null;\n}',
  );
});

/** As much of the standard library as such texts need: all of it takes seconds to check. */
const library =
  'interface Array<T> { [at: number]: T }\ninterface ReadonlyArray<T> { readonly [at: number]: T }\n' +
  ['Boolean', 'Function', 'CallableFunction', 'NewableFunction', 'IArguments', 'Number', 'Object', 'RegExp', 'String']
    .map((name) => `interface ${name} {}\n`)
    .join('') +
  'type Exclude<T, U> = T extends U ? never : T;\ntype Pick<T, K extends keyof T> = { [P in K]: T[P] };\n' +
  'type Omit<T, K extends keyof any> = Pick<T, Exclude<keyof T, K>>;\n' +
  'type Record<K extends keyof any, T> = { [P in K]: T };\n';

/** What the compiler says of a text in its strictest form. */
function complaints(source: string): readonly string[] {
  const files: Readonly<Record<string, string>> = {
    '/types.ts': source,
    '/lib.d.ts': library,
    '/model.d.ts':
      "declare module 'tvdc/cim' {\n" +
      ['CimClass', 'CimDateTime', 'CimInstance', 'CimObjectPath']
        .map((name) => `  export interface ${name} { readonly kind: '${name}' }\n`)
        .join('') +
      '}\n',
  };
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    noLib: true,
    exactOptionalPropertyTypes: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (name) => name in files || fileExists.call(host, name);
  host.readFile = (name) => files[name] ?? readFile.call(host, name);
  host.getSourceFile = (name, version) => {
    const own = files[name];
    return own === undefined
      ? getSourceFile.call(host, name, version)
      : ts.createSourceFile(name, own, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram(Object.keys(files), options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

test('the text is strict TypeScript, also where a subclass makes an embedded object of a string', () => {
  expect(text).toContain("export interface T_Crate extends Omit<T_Box, 'Content' | 'Lists'> {");
  expect(complaints(text)).toEqual([]);
  expect(complaints(`${text}export const one: CimMethods['T_Crate']['Close']['out']['returnValue'] = 'x';\n`)).toEqual([
    expect.stringContaining("'string' is not assignable to type 'number'"),
  ]);
});
