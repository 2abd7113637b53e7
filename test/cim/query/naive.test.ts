// The evaluator against one that is written for obviousness: it walks the condition for each instance.
import fc from 'fast-check';
import type { CimInstance } from '../../../src/cim/model/index.js';
import { compileFilter, parseQuery } from '../../../src/cim/query/index.js';
import { make, schema } from './support.js';

type Truth = boolean | null;
type Scalar = string | number | null;

interface Leaf {
  readonly kind: 'leaf';
  readonly text: string;
  readonly truth: (row: Row) => Truth;
}
type Tree =
  | Leaf
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Tree[] }
  | { readonly kind: 'not'; readonly part: Tree };
type Row = Readonly<Record<'Name' | 'Caption' | 'State' | 'Size', Scalar>> & {
  readonly Ports: readonly (number | null)[] | null;
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

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    textLeaf,
    numberLeaf,
    pairLeaf,
    nullLeaf,
    anyLeaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('tree'), { minLength: 2, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
  ),
}));

function write(node: Tree): string {
  if (node.kind === 'leaf') return node.text;
  if (node.kind === 'not') return `NOT (${write(node.part)})`;
  return node.parts.map((part) => `(${write(part)})`).join(node.kind === 'and' ? ' AND ' : ' OR ');
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
  Ports: fc.option(fc.array(fc.option(small), { maxLength: 3 })),
});

function instanceOf(values: Row): CimInstance {
  return make('Q_VM', { ...values, Number: 1, Size: values.Size === null ? null : BigInt(values.Size) });
}

test.each(['WQL', 'DMTF:CQL', 'DMTF:FQL'])('%s agrees with the naive evaluator', (language) => {
  fc.assert(
    fc.property(tree, fc.array(row, { minLength: 1, maxLength: 5 }), (node, rows) => {
      const condition = write(node);
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
