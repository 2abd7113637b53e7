import { formatTable } from './table.js';

export const outputForms = ['table', 'json', 'ndjson', 'mof', 'xml'] as const;
export type OutputForm = (typeof outputForms)[number];

/** Where a command writes: machine output on `out`, words and progress on `notes`. */
export interface Streams {
  readonly out: NodeJS.WritableStream;
  readonly notes: NodeJS.WritableStream;
}

export const processStreams: Streams = { out: process.stdout, notes: process.stderr };

/** JSON text of anything: bigint as a decimal string where it would lose digits, bytes as base64. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, item: unknown) => {
      if (typeof item === 'bigint') return Number.isSafeInteger(Number(item)) ? Number(item) : item.toString();
      if (item instanceof Uint8Array) return Buffer.from(item).toString('base64');
      return item;
    },
    indent,
  );
}

/** A list of plain records in the form asked for; `columns` gives the table: heading and text of each record. */
export function writeRecords<T>(
  streams: Streams,
  form: OutputForm,
  records: readonly T[],
  columns: readonly (readonly [heading: string, text: (record: T) => string])[],
): void {
  if (form === 'json') {
    streams.out.write(`${toJson(records, 2)}\n`);
  } else if (form === 'ndjson') {
    for (const record of records) streams.out.write(`${toJson(record)}\n`);
  } else {
    const headings = columns.map(([heading]) => heading);
    streams.out.write(
      `${formatTable(
        headings,
        records.map((record) => columns.map(([, text]) => text(record))),
      )}\n`,
    );
  }
}
