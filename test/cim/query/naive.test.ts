// The evaluator against one that is written for obviousness: it walks the condition for each instance.
import fc from 'fast-check';
import { CimDateTime, type CimInstance } from '../../../src/cim/model/index.js';
import { compileFilter, parseQuery } from '../../../src/cim/query/index.js';
import { make, schema } from './support.js';

type Truth = boolean | null;
type Scalar = string | number | null;

interface Leaf {
  readonly kind: 'leaf';
  readonly text: string;
  /** Where the languages differ: the text in WQL. */
  readonly wql?: string;
  readonly truth: (row: Row) => Truth;
}
type Tree =
  | Leaf
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Tree[] }
  | { readonly kind: 'not'; readonly part: Tree };
type Row = Readonly<Record<'Name' | 'Caption' | 'State' | 'Size' | 'Load', Scalar>> & {
  readonly Enabled: boolean | null;
  /** Minutes of a day, and minutes that the clock which told them is ahead of UTC. */
  readonly Since: readonly [number, number] | null;
  readonly Ports: readonly (number | null)[] | null;
  readonly Setting: { readonly Weight: number | null; readonly Label: string | null } | null;
};

const operators = ['=', '<>', '<', '<=', '>', '>='] as const;

function compare(operator: string, a: Scalar, b: Scalar): Truth {
  if (a === null || b === null) return null;
  if (operator === '=') return a === b;
  if (operator === '<>') return a !== b;
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

const word = fc.constantFrom('', 'a', 'b', 'ab', "it's", 'A');
const small = fc.integer({ min: 0, max: 4 });
const operator = fc.constantFrom(...operators);
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const textLeaf = fc.tuple(fc.constantFrom('Name' as const, 'Caption' as const), operator, word).map(
  ([name, sign, value]): Leaf => ({
    kind: 'leaf',
    text: `${name} ${sign} ${quoted(value)}`,
    truth: (row) => compare(sign, row[name], value),
  }),
);
const numberLeaf = fc.tuple(fc.constantFrom('State' as const, 'Size' as const), operator, small, fc.boolean()).map(
  ([name, sign, value, hex]): Leaf => ({
    kind: 'leaf',
    text: `${name}${sign}${hex ? `0x${value.toString(16)}` : value}`,
    truth: (row) => compare(sign, row[name], value),
  }),
);
const pairLeaf = operator.map(
  (sign): Leaf => ({ kind: 'leaf', text: `State ${sign} Size`, truth: (row) => compare(sign, row.State, row.Size) }),
);
const nullLeaf = fc.tuple(fc.constantFrom('Caption' as const, 'State' as const), fc.boolean()).map(
  ([name, negated]): Leaf => ({
    kind: 'leaf',
    text: `${name} is ${negated ? 'NOT ' : ''}null`,
    truth: (row) => (row[name] === null) !== negated,
  }),
);
const anyLeaf = fc.tuple(fc.boolean(), operator, small).map(
  ([every, sign, value]): Leaf => ({
    kind: 'leaf',
    text: `${every ? 'every' : 'any'} Ports ${sign} ${value}`,
    truth: ({ Ports }) => {
      if (Ports === null) return null;
      const truths = Ports.map((port) => compare(sign, port, value));
      if (truths.includes(!every)) return !every;
      return truths.includes(null) ? null : every;
    },
  }),
);

const real = fc.constantFrom('0.5', '1.0', '2.5e0', '3', '.5');
const realLeaf = fc.tuple(fc.constantFrom('Load' as const, 'State' as const, 'Size' as const), operator, real).map(
  ([name, sign, value]): Leaf => ({
    kind: 'leaf',
    text: `${value} ${sign} ${name}`,
    truth: (row) => compare(sign, Number(value), row[name]),
  }),
);
const flagLeaf = fc.constantFrom<Leaf>(
  { kind: 'leaf', text: 'Enabled', truth: (row) => row.Enabled },
  { kind: 'leaf', text: 'Enabled = TRUE', truth: (row) => row.Enabled },
  {
    kind: 'leaf',
    text: 'Enabled <> true',
    truth: (row) => (row.Enabled === null ? null : !row.Enabled),
  },
);
const clock = fc.tuple(fc.integer({ min: 600, max: 603 }), fc.constantFrom(0, 60, -30));
const spelt = ([minute, ahead]: readonly [number, number]): string => {
  const local = minute + ahead;
  const two = (value: number): string => String(value).padStart(2, '0');
  const zone = `${ahead < 0 ? '-' : '+'}${String(Math.abs(ahead)).padStart(3, '0')}`;
  return `20260102${two(Math.floor(local / 60))}${two(local % 60)}00.000000${zone}`;
};
const timeLeaf = fc.tuple(operator, clock).map(
  ([sign, value]): Leaf => ({
    kind: 'leaf',
    text: `Since ${sign} '${spelt(value)}'`,
    truth: (row) => compare(sign, row.Since?.[0] ?? null, value[0]),
  }),
);
const likeLeaf = fc
  .constantFrom(
    ['a%', 'a.*', /^a/],
    ['_', '.', /^.$/],
    ['[a-b]%', '[a-b].*', /^[ab]/],
    ['%b', '.*b', /b$/],
    ['[^a]%', '[^a].*', /^[^a]/],
    ["it''s", "it''s", /^it's$/],
    ['', '', /^$/],
  )
  .chain(([wql, other, expression]) =>
    fc.tuple(fc.constantFrom('Name' as const, 'Caption' as const), fc.boolean()).map(([name, negated]): Leaf => {
      const sign = negated ? 'NOT LIKE' : 'LIKE';
      return {
        kind: 'leaf',
        text: `${name} ${sign} '${String(other)}'`,
        wql: `${name} ${sign} '${String(wql)}'`,
        truth: (row) => {
          const value = row[name];
          return value === null ? null : expression.test(String(value)) !== negated;
        },
      };
    }),
  );
const embeddedLeaf = fc.oneof(
  fc.tuple(operator, small).map(
    ([sign, value]): Leaf => ({
      kind: 'leaf',
      text: `Setting.Weight ${sign} ${value}`,
      truth: ({ Setting }) => compare(sign, Setting?.Weight ?? null, value),
    }),
  ),
  fc.constantFrom<Leaf>(
    {
      kind: 'leaf',
      text: 'Setting.Q_Setting::Label IS NULL',
      truth: ({ Setting }) => (Setting?.Label ?? null) === null,
    },
    { kind: 'leaf', text: 'Setting ISA Q_Setting', truth: ({ Setting }) => (Setting === null ? null : true) },
    { kind: 'leaf', text: 'Setting ISA Q_VM', truth: ({ Setting }) => (Setting === null ? null : false) },
  ),
);
const indexLeaf = fc.tuple(fc.integer({ min: 0, max: 3 }), operator, small).map(
  ([at, sign, value]): Leaf => ({
    kind: 'leaf',
    text: `Ports[${at}]${sign}${value}`,
    truth: ({ Ports }) => compare(sign, Ports?.[at] ?? null, value),
  }),
);

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    textLeaf,
    numberLeaf,
    pairLeaf,
    nullLeaf,
    anyLeaf,
    realLeaf,
    flagLeaf,
    timeLeaf,
    likeLeaf,
    embeddedLeaf,
    indexLeaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('tree'), { minLength: 2, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
  ),
}));

const binding = { or: 0, and: 1, not: 2, leaf: 3 } as const;

/** With no more parentheses than the precedences of NOT, AND and OR need, or with all of them. */
function write(node: Tree, language: string, sparing: boolean): string {
  if (node.kind === 'leaf') return language === 'WQL' ? (node.wql ?? node.text) : node.text;
  const within = (part: Tree): string => {
    const text = write(part, language, sparing);
    return sparing && binding[part.kind] >= binding[node.kind] ? text : `(${text})`;
  };
  if (node.kind === 'not') return `NOT ${within(node.part)}`;
  return node.parts.map(within).join(node.kind === 'and' ? ' AND ' : ' OR ');
}

function evaluate(node: Tree, row: Row): Truth {
  if (node.kind === 'leaf') return node.truth(row);
  if (node.kind === 'not') {
    const truth = evaluate(node.part, row);
    return truth === null ? null : !truth;
  }
  const truths = node.parts.map((part) => evaluate(part, row));
  const decisive = node.kind === 'or';
  if (truths.includes(decisive)) return decisive;
  return truths.includes(null) ? null : !decisive;
}

const row = fc.record<Row>({
  Name: word,
  Caption: fc.option(word),
  State: fc.option(small),
  Size: fc.option(small),
  Load: fc.option(fc.constantFrom(0, 0.5, 1, 2.5, 3)),
  Enabled: fc.option(fc.boolean()),
  Since: fc.option(clock),
  Ports: fc.option(fc.array(fc.option(small), { maxLength: 3 })),
  Setting: fc.option(fc.record({ Weight: fc.option(small), Label: fc.option(word) })),
});

function instanceOf(values: Row): CimInstance {
  const { Size, Since, Setting } = values;
  return make('Q_VM', {
    ...values,
    Number: 1,
    Size: Size === null ? null : BigInt(Size),
    Since: Since === null ? null : CimDateTime.parse(spelt(Since)),
    Setting: Setting === null ? null : make('Q_Setting', Setting).withPath(null),
  });
}

test.each(['WQL', 'DMTF:CQL', 'DMTF:FQL'])('%s agrees with the naive evaluator', (language) => {
  fc.assert(
    fc.property(tree, fc.array(row, { minLength: 1, maxLength: 5 }), fc.boolean(), (node, rows, sparing) => {
      const condition = write(node, language, sparing);
      const text = language === 'DMTF:FQL' ? condition : `SELECT * FROM Q_VM WHERE ${condition}`;
      const filter = compileFilter(parseQuery(language, text), schema, { className: 'Q_VM' });
      for (const values of rows) expect(filter(instanceOf(values))).toBe(evaluate(node, values) === true);
    }),
    { numRuns: 300 },
  );
});

test('patterns agree with regular expressions', () => {
  const part = fc.constantFrom('a', 'b', '.', 'a*', '(a|b)', '[ab]', '[^a]', 'b+', 'a?', '(ab)*', '(a*|b)+');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), fc.stringMatching(/^[ab]{0,7}$/), (parts, text) => {
      const pattern = parts.join('');
      const filter = compileFilter(parseQuery('DMTF:FQL', `Name LIKE '${pattern}'`), schema, { className: 'Q_VM' });
      expect(filter(make('Q_VM', { Name: text, Number: 1 }))).toBe(new RegExp(`^(?:${pattern})$`, 'u').test(text));
    }),
    { numRuns: 500 },
  );
});

test('any text is either read or refused with a CIM status', () => {
  const token = fc.constantFrom(
    'SELECT',
    '*',
    'FROM',
    'Q_VM',
    'WHERE',
    'Name',
    '=',
    '"a"',
    '(',
    ')',
    '.',
    '[',
    '1',
    ']',
    'NOT',
    'ANY',
    "'",
    '::',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(token, { maxLength: 12 }).map((all) => all.join(' ')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        for (const language of ['DMTF:CQL', 'DMTF:FQL']) {
          try {
            compileFilter(parseQuery(language, text), schema)(make('Q_VM', { Name: 'a', Number: 1 }));
          } catch (error) {
            expect([15, 29]).toContain((error as { readonly status?: number }).status);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});
