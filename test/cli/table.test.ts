import { formatTable } from '../../src/cli/output/index.js';

const rows = [
  ['x', 'y'],
  ['wide cell', ''],
  ['', 'z'],
];

test('a table is aligned by its widest cells, without blanks at the ends of lines', () => {
  expect(formatTable(['A', 'LONG HEADING'], rows, false)).toBe(
    ['A          LONG HEADING', 'x          y', 'wide cell', '           z'].join('\n'),
  );
  expect(formatTable(['A', 'B'], [], false)).toBe('A  B');
  expect(formatTable(['A'], [['x']], true)).toContain('\u001b[1mA');
});

test('a table with other letters is aligned by what they take on a terminal', () => {
  const lines = formatTable(['A', 'LONG HEADING'], [...rows, ['日本', 'é']], false).split('\n');
  expect(lines.slice(0, 4)).toEqual(formatTable(['A', 'LONG HEADING'], rows, false).split('\n'));
  expect(lines[4]).toBe('日本       é');
});

test('nothing in a cell moves the cursor of a terminal or turns text round', () => {
  const line = formatTable(['A'], [['/tmp/\u001b[2J\u009b31m\u202ex\r']], false).split('\n')[1];
  expect(line).toBe('/tmp/\\u001b[2J\\u009b31m\\u202ex\\u000d');
});
