import Table from 'cli-table3';
import pc from 'picocolors';

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

/** Rows under headings, aligned, without lines: readable by people and by `awk`. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  coloured: boolean = isColoured(process.stdout),
): string {
  const { bold } = pc.createColors(coloured);
  const table = new Table({
    head: headings.map((heading) => bold(heading)),
    chars: bare,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
