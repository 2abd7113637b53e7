import type { CimClass } from '../../../src/cim/model/index.js';
import { CimError } from '../../../src/cim/operations/index.js';
import { createMemorySource, createSchema, type MemorySource, type Schema } from '../../../src/cim/schema/index.js';
import { compileGood } from '../mof/kit.js';

const sample = `
[Abstract] class T_Element {
  [MaxLen (8)] string Caption;
  [Write] string Label = "none";
  uint16 State = 5;
  [ValueMap { "2", "3" }, Values { "On", "Off" }, Required]
  uint32 Change([Required, ValueMap { "2" }, Values { "On" }] uint16 State, [In (FALSE), Out] string Why);
};
class T_System : T_Element {
  [Key] string Name;
  [Key] uint16 Slot;
  [Override ("Caption"), Description ("Shorter.")] string Caption;
  [MinValue (1), MaxValue (10)] uint64 Size;
  uint8 Bytes[4];
  boolean Ready;
  datetime Since;
  [Required] string Owner = "nobody";
};
class T_Host : T_System {
  [Override ("State")] uint16 State = 2;
  [EmbeddedInstance ("T_Setting")] string Setting;
  [EmbeddedInstance ("T_Setting")] string Settings[];
  [EmbeddedObject] string Anything;
};
class T_Guest : T_System { real32 Load; char16 Letter; };
class T_Setting { [Key] string Id; uint32 Amount; };
class T_SpecialSetting : T_Setting { string More; };
[Association] class T_Hosts {
  [Key, Max (1)] T_Host REF Host;
  [Key] T_System REF Guest;
};
class T_NoKey { string Text; };
`;

/** A schema of a few classes, and the source behind it, which may be changed. */
export function sampleSchema(): { readonly schema: Schema; readonly source: MemorySource } {
  const compiled = compileGood(sample);
  const source = createMemorySource(compiled.classes, compiled.qualifierTypes);
  return { schema: createSchema(source), source };
}

/** A declared class from MOF that may name the classes of the sample. */
export function declare(text: string): CimClass {
  const compiled = compileGood(`${sample}${text}`);
  return compiled.classes[compiled.classes.length - 1] as CimClass;
}

export function classOf(schema: Schema, name: string): CimClass {
  const cls = schema.get(name);
  if (cls === undefined) throw new Error(`no class ${name}`);
  return cls;
}

/** Status and description of the CimError that `work` throws; null if it throws nothing. */
export function failureOf(work: () => unknown): { readonly status: number; readonly description: string } | null {
  try {
    work();
  } catch (error) {
    if (error instanceof CimError) return { status: error.status, description: error.description };
    throw error;
  }
  return null;
}
