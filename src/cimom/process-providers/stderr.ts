import type { Readable } from 'node:stream';
import type { Log } from '../../base/index.js';
import { foreignText } from './errors.js';
import { LineSplitter } from './lines.js';

const longestLine = 4096;
const mostLines = 100;
const window = 10_000;

/** Puts what a process says on its standard error into the log, a bounded number of lines in ten seconds. */
export function logLines(input: Readable, provider: string, log: Log): void {
  let lines = new LineSplitter(longestLine);
  let since = performance.now();
  let count = 0;
  const tell = (line: Buffer | null): void => {
    if (line !== null && line.length === 0) return;
    const now = performance.now();
    if (now - since > window) {
      if (count > mostLines) log.warn('provider.stderr_dropped', { provider, lines: count - mostLines });
      since = now;
      count = 0;
    }
    if (++count > mostLines) return;
    log.warn('provider.stderr', {
      provider,
      line: line === null ? '(a line that is too long)' : foreignText(line.toString()),
    });
  };
  input.on('data', (chunk: Buffer) => {
    for (const line of lines.push(chunk)) {
      tell(line);
      if (line === null) lines = new LineSplitter(longestLine);
    }
  });
  input.on('end', () => tell(lines.take()));
  input.on('error', () => undefined);
}
