import Table from 'cli-table3';
import pc from 'picocolors';
import { printableLines } from './printable.js';

const bare = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Colour only on a terminal, and not where NO_COLOR asks for none. */
export function isColoured(stream: NodeJS.WritableStream): boolean {
  const noColor = process.env['NO_COLOR'];
  return (stream as Partial<NodeJS.WriteStream>).isTTY === true && (noColor === undefined || noColor === '');
}

/** Text in which each character takes one column; the table writer, which knows the others, takes 1 ms a row. */
const plainForm = /^[ -~]*$/;

function alignPlain(headings: readonly string[], rows: readonly (readonly string[])[], coloured: boolean): string {
  const { bold } = pc.createColors(coloured);
  const widths = headings.map((heading) => heading.length);
  for (const row of rows) {
    for (const [at, cell] of row.entries()) if (cell.length > (widths[at] ?? 0)) widths[at] = cell.length;
  }
  const line = (cells: readonly string[], painted: readonly string[]): string =>
    cells
      .map((cell, at) => (painted[at] ?? '') + ' '.repeat((widths[at] ?? 0) - cell.length))
      .join('  ')
      .trimEnd();
  const lines = rows.map((row) => line(row, row));
  return [
    line(
      headings,
      headings.map((heading) => bold(heading)),
    ),
    ...lines,
  ].join('\n');
}

/** Rows under headings, aligned, without lines: readable by people and by `awk`. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  coloured: boolean = isColoured(process.stdout),
): string {
  const isPlain = (cell: string): boolean => plainForm.test(cell);
  const isWhole = rows.every((row) => row.length === headings.length && row.every(isPlain));
  if (isWhole && headings.every(isPlain)) return alignPlain(headings, rows, coloured);
  const { bold } = pc.createColors(coloured);
  const table = new Table({
    head: headings.map((heading) => bold(heading)),
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  for (const row of rows) table.push(row.map(printableLines));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
