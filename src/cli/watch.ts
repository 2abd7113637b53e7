import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { messageOf } from '../base/index.js';
import { keepConnections } from './connection/index.js';
import { Exit, UsageError } from './exit.js';
import { print, type Streams, toJson } from './output/index.js';
import { untilSignal } from './signals.js';
import type { WatchWanted } from './watch-option.js';

/** Lets the actions run once, whatever `--watch` says, in this form. */
function runOnce(program: Command, form: string | null): void {
  if (form === null) return;
  program.hook('preAction', (_program, action) => {
    action.setOptionValue('output', form);
  });
}

class Captured extends Writable {
  readonly isTTY: boolean;
  readonly #chunks: Buffer[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

/** One look: what it says, or how it failed. */
interface Look {
  readonly text: string;
  readonly error: string | null;
}

/** Shows each look. */
interface Show {
  show(look: Look): Promise<void>;
}

class Redrawn implements Show {
  readonly #streams: Streams;
  readonly #title: string;

  constructor(streams: Streams, title: string) {
    this.#streams = streams;
    this.#title = title;
  }

  show({ text, error }: Look): Promise<void> {
    // A pseudo-terminal that nobody has sized says 0.
    const rows = (this.#streams.out as Partial<NodeJS.WriteStream>).rows || 24;
    const lines = (error === null ? text : `${text}tvdc: ${error}\n`).trimEnd().split('\n');
    const room = Math.max(1, rows - 3);
    const shown =
      lines.length > room ? [...lines.slice(0, room - 1), `… ${lines.length - room + 1} more lines`] : lines;
    const clear = '\u001b[H\u001b[2J';
    const time = new Date().toTimeString().slice(0, 8);
    return print(this.#streams, `${clear}${this.#title}  ${time}\n\n${shown.join('\n')}\n`);
  }
}

/** What names an object from one look to the next; the object itself where nothing does. */
function nameOf(line: string): string {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) return line;
  const record = value as Readonly<Record<string, unknown>>;
  for (const key of ['path', 'uuid', 'id', 'name', 'hook', 'vm', 'class', 'qualifier']) {
    const named = record[key];
    if (typeof named === 'string') return `${key} ${named}`;
  }
  return line;
}

/** Changes as ndjson: at first everything is new. */
class Changes implements Show {
  readonly #streams: Streams;
  #before: ReadonlyMap<string, string> = new Map();
  #error: string | null = null;

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  async show({ text, error }: Look): Promise<void> {
    if (error !== null) {
      if (error !== this.#error) await this.#write('error', { error });
      this.#error = error;
      return;
    }
    this.#error = null;
    const now = new Map<string, string>();
    for (const line of text.split('\n')) if (line !== '') now.set(nameOf(line), line);
    for (const [name, line] of now) {
      const before = this.#before.get(name);
      if (before === undefined) await this.#write('added', { object: JSON.parse(line) });
      else if (before !== line) await this.#write('changed', { object: JSON.parse(line), before: JSON.parse(before) });
    }
    for (const [name, line] of this.#before) {
      if (!now.has(name)) await this.#write('removed', { object: JSON.parse(line) });
    }
    this.#before = now;
  }

  #write(change: string, rest: Readonly<Record<string, unknown>>): Promise<void> {
    return print(this.#streams, `${toJson({ change, at: new Date().toISOString(), ...rest })}\n`);
  }
}

function after(seconds: number): { readonly over: Promise<void>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
  });
  return { over, cancel: () => clearTimeout(timer) };
}

/**
 * Repeats a command until a signal comes. On a terminal each look takes the place of the one before; elsewhere only
 * changes are written, as ndjson. A failure of the first look is the command's; later ones are shown, for servers come back.
 * @param run the command with these streams; `program` is prepared for one look
 */
export async function watch(
  wanted: WatchWanted,
  title: string,
  streams: Streams,
  run: (streams: Streams, prepare: (program: Command) => void) => Promise<void>,
): Promise<void> {
  const isTerminal = (streams.out as Partial<NodeJS.WriteStream>).isTTY === true;
  if (!isTerminal && wanted.form !== null && wanted.form !== 'ndjson') {
    throw new UsageError('--watch writes changes as ndjson where the output is no terminal: leave -o out');
  }
  const form = isTerminal ? null : 'ndjson';
  const show = isTerminal ? new Redrawn(streams, title) : new Changes(streams);
  const close = keepConnections();
  let ended = false;
  const signal = untilSignal().then(() => {
    ended = true;
  });
  const look = async (isFirst: boolean): Promise<void> => {
    const out = new Captured(isTerminal);
    let error: string | null = null;
    try {
      await run({ out, notes: new Captured(false) }, (program) => runOnce(program, form));
    } catch (failure) {
      const isAnswer = failure instanceof Exit;
      if (isFirst && !isAnswer && !ended) throw failure;
      if (!isAnswer) error = messageOf(failure).replace(/\s*\n\s*/g, ' ');
    }
    if (!ended) await show.show({ text: out.text, error });
  };
  try {
    for (let isFirst = true; !ended; isFirst = false) {
      await Promise.race([look(isFirst), signal]);
      const pause = after(wanted.seconds);
      if (!ended) await Promise.race([pause.over, signal]);
      pause.cancel();
    }
  } finally {
    await close();
  }
}
