// Classes and instances of the measurement: those that the other servers were measured with, and a schema of usual size.
import { CimDateTime, type CimInstance, type CimInstancePath, createInstancePath } from '../../src/cim/model/index.js';
import { type CimClass, createInstance } from '../../src/cim/model/index.js';
import { compileMofStrictly, createMapLoader } from '../../src/cim/mof/index.js';
import type { NamespaceRepository, SchemaUnit } from '../../src/cimom/repository/index.js';

/** Namespaces by the number of their instances. */
export const namespaces = { usual: 'root/bench', large: 'root/bench10k', huge: 'root/bench100k' } as const;
/** A class like BENCH_Item whose instances come from a provider. */
export const providedClass = 'BENCH_Provided';
export const deepestClass = 'SCHEMA_Branch_12';

const items = (name: string, properties = ''): string => `
class ${name} {
  [Key, Description("Identity")] string Id;
  string Name;
  uint32 Count;
  uint64 Size;
  boolean Enabled;
  datetime LastChanged;
  string Tags[];
  uint16 Codes[];
  real64 Ratio;${properties}
};`;

const qualifiers = `
Qualifier Key : boolean = false, Scope(property, reference), Flavor(DisableOverride, ToSubclass);
Qualifier Association : boolean = false, Scope(association), Flavor(DisableOverride, ToSubclass);
Qualifier Description : string = null, Scope(any), Flavor(EnableOverride, ToSubclass, Translatable);
Qualifier Values : string[], Scope(property, method, parameter), Flavor(EnableOverride, ToSubclass, Translatable);
Qualifier ValueMap : string[], Scope(property, method, parameter), Flavor(EnableOverride, ToSubclass);`;

const itemMof = `${qualifiers}${items('BENCH_Item')}${items(providedClass)}
[Association] class BENCH_Link {
  [Key] BENCH_Item REF Parent;
  [Key] BENCH_Item REF Child;
  uint32 Weight;
};`;

const schemaClasses = 1631;
const ownProperties = 6;
const sentence = 'What the property tells is said here at the length that published schemas usually spend on it. ';

function schemaClass(name: string, superclass: string | null, number: number): string {
  let text = `[Description("${sentence}")] class ${name}${superclass === null ? '' : ` : ${superclass}`} {\n`;
  for (let at = 0; at < ownProperties; at++) {
    text += `[Description("${sentence}${sentence}"), ValueMap{"0","2","3","4"}, Values{"Unknown","OK","Degraded","Stopped"}]`;
    text += ` uint16 P${number}_${at};\n`;
  }
  return `${text}};\n`;
}

/** As many classes as the published schema has, in a tree; beside it one long branch whose end has 55 kB. */
function schemaMof(): string {
  let text = qualifiers;
  for (let at = 0; at < schemaClasses - 12; at++) {
    text += schemaClass(`SCHEMA_Class${at}`, at === 0 ? null : `SCHEMA_Class${Math.floor((at - 1) / 5)}`, at);
  }
  for (let at = 1; at <= 12; at++) {
    text += schemaClass(`SCHEMA_Branch_${at}`, at === 1 ? null : `SCHEMA_Branch_${at - 1}`, 10_000 + at);
  }
  return text;
}

function compile(text: string): SchemaUnit {
  const loader = createMapLoader(new Map([['bench.mof', text]]));
  const [unit] = compileMofStrictly(loader, ['bench.mof'], { namespace: namespaces.usual }).namespaces;
  if (unit === undefined) throw new Error('the classes of the measurement did not compile');
  return unit;
}

const keyOf = (at: number): string => `I${String(at).padStart(8, '0')}`;

/** Name of an item. */
export function itemPath(at: number, className = 'BENCH_Item'): CimInstancePath {
  return createInstancePath(className, { Id: keyOf(at) });
}

/** An item. @param bump changes its date */
export function item(cls: CimClass, at: number, bump = 0): CimInstance {
  const micros = String((at + bump) % 1_000_000).padStart(6, '0');
  return createInstance(cls, {
    Id: keyOf(at),
    Name: `Benchmark item number ${at} <&> of the set`,
    Count: at,
    Size: 9_007_199_254_740_993n + BigInt(at),
    Enabled: at % 2 === 1,
    LastChanged: CimDateTime.parse(`20240131123456.${micros}+060`),
    Tags: ['alpha', 'beta', `tag-${at % 97}`],
    Codes: [1, 2, 3, at % 65_536],
    Ratio: (at + 0.5) / 1000,
  });
}

/** Class of items without a repository, for requests. */
export function itemClass(): CimClass {
  const cls = compile(itemMof).classes.find((one) => one.name === 'BENCH_Item');
  if (cls === undefined) throw new Error('BENCH_Item is missing');
  return cls;
}

/** Puts classes, items and, in the usual namespace, 100 links of the first item and the large schema there. */
export async function fill(space: NamespaceRepository, count: number): Promise<void> {
  await space.importSchema(compile(itemMof));
  const cls = space.schema.get('BENCH_Item') as CimClass;
  for (let at = 0; at < count; at += 1000) {
    const some = Array.from({ length: Math.min(1000, count - at) }, (_, offset) => item(cls, at + offset));
    await Promise.all(some.map((one) => space.createInstance(one)));
  }
  if (space.name !== namespaces.usual) return;
  const link = space.schema.get('BENCH_Link') as CimClass;
  for (let at = 1; at <= 100; at++) {
    await space.createInstance(createInstance(link, { Parent: itemPath(0), Child: itemPath(at), Weight: at }));
  }
  await space.importSchema(compile(schemaMof()));
}
