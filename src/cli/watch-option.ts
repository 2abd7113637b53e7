import type { Command } from 'commander';
import { TvdcError } from '../base/index.js';
import { UsageError } from './exit.js';

/** Commands that only look, and may be repeated without an end. */
const watchable: ReadonlySet<string> = new Set([
  ...['gi', 'ei', 'ein', 'gp', 'query', 'gc', 'ec', 'ecn', 'ai', 'ain', 'ri', 'rin'].map((verb) => `wbem ${verb}`),
  ...[
    'vm list',
    'vm show',
    'vm preflight',
    'vtpm list',
    'vtpm pcrs',
    'volume list',
    'vlan list',
    'tvd list',
    'label list',
  ],
  ...['policy list', 'policy statistics', 'explain', 'attest history', 'user list', 'role list', 'schema list'],
]);

/** Commands that got the option here: those that have one of their own do what they do. */
const repeated = new WeakSet<Command>();

const defaultSeconds = 2;
const leastSeconds = 0.1;

/** Gives the commands of a noun that only look the option to go on looking. */
export function addWatch(noun: Command): void {
  for (const command of [noun, ...noun.commands]) {
    const name = command === noun ? noun.name() : `${noun.name()} ${command.name()}`;
    if (!watchable.has(name)) continue;
    repeated.add(command);
    command.option(
      '--watch [seconds]',
      `again and again, every ${defaultSeconds} seconds or so many; ends by a signal`,
    );
  }
}

/** Thrown in place of the action: the command is to be repeated. */
export class WatchWanted extends TvdcError<'watch'> {
  readonly seconds: number;
  readonly form: string | null;

  constructor(seconds: number, form: string | null) {
    super('watch', `every ${seconds} seconds`);
    this.seconds = seconds;
    this.form = form;
  }
}

/** Makes the actions of a program with `--watch` throw {@link WatchWanted}. */
export function refuseWatch(program: Command): void {
  program.hook('preAction', (_program, action) => {
    const { watch, output } = action.opts<{ readonly watch?: string | boolean; readonly output?: string }>();
    if (watch === undefined || !repeated.has(action)) return;
    const seconds = watch === true ? defaultSeconds : Number(watch);
    if (!(seconds >= leastSeconds)) {
      throw new UsageError(`--watch takes seconds, at least ${leastSeconds}, not "${String(watch)}"`);
    }
    throw new WatchWanted(seconds, output ?? null);
  });
}
