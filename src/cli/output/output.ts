import { formatTable, isColoured } from './table.js';

/** Every form that some command has; which ones a command takes is its own. */
export const outputForms = ['table', 'json', 'ndjson', 'mof', 'xml', 'tree'] as const;
export type OutputForm = (typeof outputForms)[number];

/** For lists of plain records. */
export const recordForms = ['table', 'json', 'ndjson'] as const satisfies readonly OutputForm[];
/** For CIM objects. */
export const objectForms = [...recordForms, 'mof', 'xml'] as const satisfies readonly OutputForm[];
/** For classes. */
export const schemaForms = [...objectForms, 'tree'] as const satisfies readonly OutputForm[];

/** Where a command writes: machine output on `out`, words and progress on `notes`. */
export interface Streams {
  readonly out: NodeJS.WritableStream;
  readonly notes: NodeJS.WritableStream;
  /** Where lines come from that a command asks for; default: standard input. */
  readonly in?: NodeJS.ReadableStream;
}

export const processStreams: Streams = { out: process.stdout, notes: process.stderr };

/** Writes and waits while the reader is slower than we are. */
export async function print(streams: Streams, text: string | Uint8Array): Promise<void> {
  const { out } = streams;
  if (!out.write(text)) await new Promise<void>((resolve) => out.once('drain', resolve));
}

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

/** A table: heading and text of each record. */
export type Columns<T> = readonly (readonly [heading: string, text: (record: T) => string])[];

/** A list of plain records in the form asked for. */
export function writeRecords<T>(
  streams: Streams,
  form: OutputForm,
  records: readonly T[],
  columns: Columns<T>,
): Promise<void> {
  if (form === 'json') return print(streams, `${toJson(records, 2)}\n`);
  if (form === 'ndjson') return print(streams, records.map((record) => `${toJson(record)}\n`).join(''));
  const rows = records.map((record) => columns.map(([, text]) => text(record)));
  const headings = columns.map(([heading]) => heading);
  return print(streams, `${formatTable(headings, rows, isColoured(streams.out))}\n`);
}

/** What a command did: a sentence for people, a record for programs. */
export function writeAnswer(
  streams: Streams,
  form: OutputForm,
  sentence: string,
  record: Readonly<Record<string, unknown>>,
): Promise<void> {
  return print(streams, `${form === 'table' ? sentence : toJson(record, form === 'json' ? 2 : undefined)}\n`);
}
