import { Writable } from 'node:stream';
import { runCommandLine } from '../../src/cli/run.js';

export interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly notes: string;
}

class Captured extends Writable {
  readonly chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/** Runs a command in this process and captures what it writes. */
export async function run(...argv: readonly string[]): Promise<Outcome> {
  const out = new Captured();
  const notes = new Captured();
  const status = await runCommandLine(argv, { out, notes });
  return { status, out: out.text, notes: notes.text };
}
