import { createInterface } from 'node:readline/promises';
import { UsageError } from './exit.js';
import type { Streams } from './output/index.js';

type Terminal = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/**
 * Asks a person before something is done that cannot be undone; only `yes` and `y` are consent.
 * @throws UsageError where nobody can be asked
 */
export async function confirm(streams: Streams, question: string, input: Terminal = process.stdin): Promise<boolean> {
  const asks = (streams.notes as Partial<NodeJS.WriteStream>).isTTY === true && input.isTTY === true;
  if (!asks) throw new UsageError(`${question} There is nobody to ask here: say --yes`);
  const lines = createInterface({ input, output: streams.notes });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
