import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const main = join(root, 'src', 'cli', 'main.ts');
const register = join(root, 'scripts', 'register-typescript.mjs');

export interface CommandResult {
  readonly status: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Starts the `tvdc` command from its sources. */
export function startCommand(words: readonly string[]): ChildProcess {
  return startScript(main, words);
}

/** Starts a script that is written in TypeScript. */
export function startScript(file: string, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', '--import', register, file, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

function collected(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}

/** Runs the `tvdc` command to its end. */
export function runCommand(words: readonly string[]): Promise<CommandResult> {
  const child = startCommand(words);
  const output = collected(child.stdout);
  const errors = collected(child.stderr);
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (status) => done({ status, output: output(), errors: errors() }));
  });
}

/** Waits until a child has written something that matches. */
export function untilWritten(child: ChildProcess, pattern: RegExp): Promise<RegExpMatchArray> {
  return new Promise((done, fail) => {
    let text = '';
    const look = (chunk: Buffer): void => {
      text += chunk.toString();
      const match = pattern.exec(text);
      if (match !== null) done(match);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('close', (status) => fail(new Error(`ended with ${status}: ${text}`)));
  });
}
