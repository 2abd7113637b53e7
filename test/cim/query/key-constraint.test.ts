// An index may only be used where it finds everything that a look at each instance would find.
import {
  CimDateTime,
  type CimType,
  type CimValue,
  createInstance,
  createInstancePath,
  instanceIdentity,
} from '../../../src/cim/model/index.js';
import { compileFilter, keyConstraint, parseQuery } from '../../../src/cim/query/index.js';
import { normalizePath } from '../../../src/cim/schema/index.js';
import { compileGood } from '../mof/kit.js';

interface KeyCase {
  readonly value: CimValue;
  /** The same, or nearly the same, as queries may spell it. */
  readonly spellings: readonly string[];
}

const texts = ['', 'a', 'A', 'b\\c', "it's", '7', 'true', 'é', '日本'];
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
const doubly = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const numbers = ['0', '7', '7.0', '0x7', '111b', '-1', '-1.0', '7.5', '9007199254740993', '9007199254740992.0', '1e3'];

const cases: Readonly<Partial<Record<CimType, readonly KeyCase[]>>> = {
  string: texts.map((value) => ({ value, spellings: texts.flatMap((text) => [quoted(text), doubly(text)]) })),
  char16: ['a', '7', '☺'].map((value) => ({ value, spellings: ["'a'", "'7'", '"☺"', "'ab'"] })),
  boolean: [true, false].map((value) => ({ value, spellings: ['TRUE', 'false'] })),
  uint8: [0, 7, 255].map((value) => ({ value, spellings: numbers })),
  sint32: [-1, 0, 7, 1000].map((value) => ({ value, spellings: numbers })),
  uint64: [0n, 7n, 9007199254740992n, 9007199254740993n].map((value) => ({ value, spellings: numbers })),
  real64: [0, -0, 7, 7.5, 1000, -1].map((value) => ({ value, spellings: numbers })),
  real32: [0, 7.5, 0.1].map((value) => ({ value, spellings: [...numbers, '0.1'] })),
  datetime: ['20200101000000.000000+000', '00000001000000.000000:000'].map((value) => ({
    value: CimDateTime.parse(value),
    spellings: ["'20200101000000.000000+000'", "'20200101010000.000000+060'", "'00000001000000.000000:000'"],
  })),
  reference: [
    createInstancePath('K_string', { K: 'a' }, { namespace: 'root/cimv2' }),
    createInstancePath('K_uint8', { K: 7n }, { namespace: 'root/other' }),
  ].map((value) => ({
    value,
    spellings: [
      `'K_string.K="a"'`,
      `'k_STRING.k="a"'`,
      `'root/cimv2:K_string.K="a"'`,
      `'root/other:K_uint8.K=7'`,
      `'Root/Other:K_uint8.K="7"'`,
      `'//host/root/other:K_uint8.K=7'`,
      `'K_uint8.K=7'`,
    ],
  })),
};

const typeNames = Object.keys(cases) as CimType[];
const { schema } = compileGood(
  typeNames
    .map((type) =>
      type === 'reference'
        ? '[Association] class K_reference { [Key] K_string REF K; [Key] K_string REF Other; };'
        : `class K_${type} { [Key] ${type} K; [Key] uint8 N; };`,
    )
    .map((text) => text.replace(/\[Key\] uint8 N;/, ''))
    .join('\n')
    .replace('K_string REF K;', 'object REF K;')
    .replace('K_string REF Other;', 'object REF Other;'),
);

describe.each(typeNames)('a key of type %s', (type) => {
  const cls = schema.get(`K_${type}`);
  if (cls === undefined) throw new Error(`no class K_${type}`);

  test('is found by the index wherever a look at the instance finds it', () => {
    let used = 0;
    for (const { value, spellings } of cases[type] ?? []) {
      const values = type === 'reference' ? { K: value, Other: value } : { K: value };
      const instance = createInstance(cls, values, { namespace: 'root/cimv2' });
      if (instance.path === null) throw new Error('no path');
      const stored = instanceIdentity(normalizePath(cls, { ...instance.path, namespace: null }, schema));
      for (const one of spellings) {
        const other = type === 'reference' ? ` AND Other = ${one}` : '';
        for (const condition of [`K = ${one}${other}`, `${one} = K${other}`]) {
          const query = parseQuery('DMTF:CQL', `SELECT * FROM K_${type} WHERE ${condition}`);
          const passes = compileFilter(query, schema)(instance);
          const path = keyConstraint(query, cls, ({ host, namespace }) => host === null && namespace !== null);
          if (path !== null) used++;
          if (!passes || path === null) continue;
          expect([condition, instanceIdentity(normalizePath(cls, path, schema))]).toEqual([condition, stored]);
        }
      }
    }
    expect(used > 0).toBe(type !== 'datetime');
  });
});

test('only what every way through the condition demands is a constraint', () => {
  const cls = schema.get('K_string');
  if (cls === undefined) throw new Error('no class');
  const of = (condition: string) =>
    keyConstraint(parseQuery('WQL', `SELECT * FROM K_string WHERE ${condition}`), cls, () => true) !== null;
  expect(of("K = 'a' AND K IS NOT NULL")).toBe(true);
  expect(of("(K = 'a') AND (K LIKE '%' OR K = 'b')")).toBe(true);
  for (const open of ["K = 'a' OR K = 'b'", "NOT (K = 'a')", "K <> 'a'", "K LIKE 'a'", 'K = K', 'K IS NULL']) {
    expect([open, of(open)]).toEqual([open, false]);
  }
});
