import ts from 'typescript';
import { writeTypeScriptTypes } from '../../../src/cim/mof/index.js';
import { compileGood } from './kit.js';

const { schema, classes } = compileGood(`
[Description ("An element. */")] class T_Element { [Key, Description ("Its name.")] string Name; uint64 Size;
  [ValueMap { "2", "3", "4..9" }, Values { "Really On", "Off", "Else" }] uint16 State; };
class T_System : T_Element { datetime Since; boolean Flags[]; [EmbeddedInstance ("T_Element")] string Part;
  [ValueMap { "0" }, Values { "Completed" }] uint32 Change([Required] uint16 State, string How, [In (FALSE), Out] T_System REF Made); };`);
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
  expect(text).toContain("import type { CimDateTime, CimInstance, CimObjectPath } from 'tvdc/cim';");
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

test('the text is TypeScript', () => {
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
  expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([]);
});
