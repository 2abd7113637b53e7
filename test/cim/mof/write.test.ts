import fc from 'fast-check';
import {
  CimDateTime,
  type CimInstance,
  type CimScalar,
  type CimType,
  createClassPath,
  createInstance,
  createInstancePath,
  findByName,
  integerRanges,
} from '../../../src/cim/model/index.js';
import { toMof, writeMof } from '../../../src/cim/mof/index.js';
import { compileGood } from './kit.js';

const parts = compileGood('class T_Part { [Key] string Name; [EmbeddedObject] string Inner; };');
const part = parts.schema.get('T_Part');
if (part === undefined) throw new Error('no class T_Part');

/** Values of each type, the ends of ranges among them. */
const values: Readonly<Record<CimType, fc.Arbitrary<CimScalar>>> = {
  boolean: fc.boolean(),
  string: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 20 })),
  char16: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  uint8: integers('uint8'),
  sint8: integers('sint8'),
  uint16: integers('uint16'),
  sint16: integers('sint16'),
  uint32: integers('uint32'),
  sint32: integers('sint32'),
  uint64: integers('uint64'),
  sint64: integers('sint64'),
  real32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  real64: fc.double({ noNaN: true, noDefaultInfinity: true }),
  datetime: fc.integer({ min: 0, max: 4_000_000_000_000 }).map((time) => CimDateTime.fromUnix(time)),
  reference: fc
    .string({ maxLength: 30 })
    .map((name) => createInstancePath('T_Part', [{ name: 'Name', type: 'string', value: name }])),
};

function integers(type: CimType): fc.Arbitrary<CimScalar> {
  const { min, max } = integerRanges[type] ?? { min: 0n, max: 0n };
  const wide = type === 'uint64' || type === 'sint64';
  return fc.bigInt({ min, max }).map((value) => (wide ? value : Number(value)));
}

const plainTypes = (Object.keys(values) as CimType[]).filter((type) => type !== 'reference');

describe('what was written compiles to the same', () => {
  test.each(plainTypes)('for values of %s, alone and in arrays', (type) => {
    const declared = compileGood(`class T_A { [Key] string K; ${type} One; ${type} Many[]; };`);
    const cls = declared.schema.get('T_A');
    if (cls === undefined) throw new Error('no class T_A');
    const text = writeMof({ classes: declared.classes });
    const one = values[type];
    fc.assert(
      fc.property(one, fc.array(fc.option(one, { nil: null }), { maxLength: 12 }), (single, many) => {
        const instance = createInstance(cls, { K: 'k', One: single, Many: many });
        const [again] = compileGood(text + toMof(instance)).instances;
        expect(again?.values).toEqual(instance.values);
      }),
      { numRuns: 20 },
    );
  });

  test('for references, within and across namespaces, to instances and classes', () => {
    const text = `class T_Part { [Key] string Name; };
      [Association] class T_L { [Key] T_Part REF A; [Key] T_Part REF B; };`;
    const cls = compileGood(text).schema.get('T_L');
    if (cls === undefined) throw new Error('no class T_L');
    fc.assert(
      fc.property(values.reference, fc.constantFrom(null, 'root/other'), (path, namespace) => {
        const there = { ...(path as ReturnType<typeof createInstancePath>), namespace };
        const instance = createInstance(cls, { A: path, B: there });
        expect(compileGood(text + toMof(instance)).instances[0]?.values).toEqual(instance.values);
      }),
      { numRuns: 30 },
    );
    const asClass = createInstance(cls, { A: createClassPath('T_Part'), B: createClassPath('T_Part') });
    expect(toMof(asClass)).toContain('A = "T_Part";');
  });

  test('for embedded instances and classes, nested', () => {
    const embedded = (made: CimInstance): CimInstance => made.withPath(null);
    const inner = embedded(createInstance(part, { Name: 'inner "quoted" \\ and\nbroken' }));
    const middle = embedded(createInstance(part, { Name: 'middle', Inner: inner }));
    const outer = createInstance(part, { Name: 'outer', Inner: middle });
    const [again] = compileGood(writeMof({ classes: parts.classes, instances: [outer] })).instances;
    expect(again?.get('Inner')).toEqual(middle);
    const withClass = createInstance(part, { Name: 'x', Inner: parts.classes[0] ?? null });
    const [second] = compileGood(writeMof({ classes: parts.classes, instances: [withClass] })).instances;
    expect(second?.get('Inner')).toEqual(parts.classes[0]);
  });

  test('for classes with every kind of element', () => {
    const text = `
      Qualifier Sizes : uint64[] = { 1 }, Scope (any), Flavor (DisableOverride, ToSubclass);
      [Description ("A \\"class\\"."), Version ("1.0")] class T_A { [Key, Sizes { 1, 18446744073709551615 }] string K;
        sint8 P[7] = { -1, NULL }; [Write : Restricted, Description ("x") : DisableOverride] real64 R = -2.5e-3;
        datetime D = "00000001000000.000000:000"; char16 C = '\\'';
        [ValueMap { "0", ".." }, Values { "Done", "Else" }] uint32 M([In (FALSE), Out] T_A REF Where, string Many[]); boolean N(); };
      class T_B : T_A { [Override ("K")] string K = "b"; };`;
    const first = compileGood(text);
    const options = { qualifierTypes: (name: string) => first.schema.qualifierType(name) };
    const written = writeMof(first, options);
    const second = compileGood(written.replace(/^[\s\S]*?(?=Qualifier Sizes)/, ''));
    expect(second.classes).toEqual(first.classes);
    expect(findByName(second.qualifierTypes, 'Sizes')).toEqual(findByName(first.qualifierTypes, 'Sizes'));
    expect(writeMof(first, options)).toBe(written);
  });

  test('for a resolved class as for the declared one', () => {
    const { schema } = compileGood('class T_A { [Key] string K; }; class T_B : T_A { uint8 P; };');
    const resolved = schema.get('T_B');
    const declared = schema.declared('T_B');
    if (resolved === undefined || declared === undefined) throw new Error('no class T_B');
    expect(toMof(resolved)).toBe(toMof(declared));
  });
});

describe('the form', () => {
  test('is fixed', () => {
    const { classes } = compileGood(
      '[Abstract, Description ("Short.")] class T_A { [Key] string K; [Values {"a","b"}] uint8 P[] = {1,2}; uint32 M(string X, [Out] uint8 Y[]); };',
    );
    expect(writeMof({ classes }, { qualifierTypes: (name) => findByName(parts.qualifierTypes, name) })).toBe(
      `[Abstract, Description ("Short.")]
class T_A {
  [Key]
  string K;

  [Values { "a", "b" }]
  uint8 P[] = { 1, 2 };

  uint32 M(
    string X,
    [Out]
    uint8 Y[]);
};
`,
    );
  });

  test('wraps at 80 columns', () => {
    const words = 'several words that go on and on '.repeat(20);
    const list = Array.from({ length: 40 }, (_, at) => `"Value ${at}"`).join(', ');
    const { classes } = compileGood(
      `class T_A { [Description ("${words}"), Values { ${list} }] string P = "${words}"; };`,
    );
    const lines = writeMof({ classes }).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.length).toBeGreaterThan(20);
  });

  test('has flavors only where they differ from the qualifier type', () => {
    const { classes, qualifierTypes } = compileGood('class T_A { [Key, Write : Restricted] string K; };');
    const known = writeMof({ classes }, { qualifierTypes: (name) => findByName(qualifierTypes, name) });
    expect(known).toContain('[Key, Write : Restricted]');
    expect(writeMof({ classes })).toContain('[Key : DisableOverride, Write : Restricted]');
  });

  test('has no literal for infinity', () => {
    const cls = compileGood('class T_A { real64 P; };').schema.get('T_A');
    if (cls === undefined) throw new Error('no class T_A');
    expect(() => compileGood(`class T_A { real64 P; };${toMof(createInstance(cls, { P: Infinity }))}`)).toThrow();
  });
});
