import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

export interface Writer {
  readonly process: ChildProcess;
  /** Resolves when the store is open; rejects if the process ends before. */
  readonly ready: Promise<void>;
  /** Keys that were acknowledged. */
  readonly done: string[];
  /** Kills it as the machine would and waits for the end. */
  kill(): Promise<void>;
}

/** Starts `writer.ts` on a folder. */
export function startWriter(folder: string, first: number): Writer {
  const child = spawn(
    process.execPath,
    ['--import', join(here, '../../scripts/register-typescript.mjs'), join(here, 'writer.ts'), folder, String(first)],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const done: string[] = [];
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ready = new Promise<void>((resolve, reject) => {
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('ready')) resolve();
        else if (line.startsWith('done ')) done.push(line.slice(5));
      }
    });
    child.once('close', () => reject(new Error('the writer ended before it was ready')));
  });
  return {
    process: child,
    ready,
    done,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
