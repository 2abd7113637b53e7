import fc from 'fast-check';
import { compileMof, createMapLoader } from '../../../src/cim/mof/index.js';
import { compileText } from './kit.js';

const tokens = fc.constantFrom(
  ...['class', 'instance', 'of', 'as', 'ref', 'qualifier', 'scope', 'flavor', 'any', 'string', 'uint8', 'T_A', 'NULL'],
  ...['{', '}', '(', ')', '[', ']', ';', ',', ':', '=', '$A', '#pragma', '"text"', "'c'", '1', '-1', '0x', '1.5', '1.'],
  ...['/*', '*/', '//', '"', "'", '\\', '\n', '$', '#', '+', '\u0000', 'é', 'true'],
);

test('any sequence of tokens ends with a result, and places lie within the text', () => {
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 40 }), (list) => {
      const text = list.join(' ');
      const { errors } = compileText(text);
      const lines = text.split('\n');
      for (const { file, line, column } of errors) {
        if (file !== 'test.mof') continue;
        expect(line).toBeLessThanOrEqual(lines.length);
        expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
      }
    }),
    { numRuns: 300 },
  );
});

test('a cut text never throws', () => {
  const whole =
    'Qualifier Key : boolean = false, Scope (property);\nclass T_A { [Key] string K = "a" "b"; uint32 M(uint8 p[]); };\ninstance of T_A as $A { K = "x"; };';
  for (let length = 0; length <= whole.length; length++) {
    const compilation = compileMof(createMapLoader(new Map([['a.mof', whole.slice(0, length)]])), ['a.mof']);
    expect(Array.isArray(compilation.errors)).toBe(true);
  }
  expect(compileMof(createMapLoader(new Map([['a.mof', whole]])), ['a.mof']).errors).toEqual([]);
});
