import { Command } from 'commander';
import { packageIdentity } from '../base/index.js';
import type { ExitStatus } from './exit.js';
import { nouns } from './nouns.js';
import type { Streams } from './output/index.js';
import { addWatch, refuseWatch, WatchWanted } from './watch-option.js';

const exitStatuses = `
Exit status: 0 done, trusted or permitted; 1 the answer is no: denied, untrusted, not found;
2 wrong usage; 3 cannot reach the server or log in; 4 a CIM error; 5 an internal error.

Examples:
  tvdc demo                                   both use cases, on a sample datacenter
  tvdc serve --sample                         an object manager with something in it
  tvdc vm list -o json
  tvdc explain ma-1 su-1                      may these two share?
  tvdc wbem ei 'https://host:5989/root/cimv2:CIM_ComputerSystem'
  tvdc COMMAND --help`;

/** Commander hands its settings down only to commands that are made by `command()`. */
function inherit(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const child of command.commands) inherit(child, command);
  return command;
}

/** The program with the commands of one noun loaded, or of all: help and completion of the rest need names alone. */
async function createProgram(streams: Streams, wanted: (noun: string) => boolean): Promise<Command> {
  const program = new Command('tvdc')
    .description('Trusted Virtual Datacenter: isolation, virtual TPMs and attestation of virtual machines over CIM-XML')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void streams.out.write(text),
      writeErr: (text) => void streams.notes.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'tvdc: ').replace(/\n\(/, ' (')),
    })
    .showSuggestionAfterError(true)
    .helpCommand('help [command]', 'help of a command')
    .addHelpText('after', exitStatuses);
  const whole = (): Promise<Command> => createProgram(streams, () => true);
  for (const noun of nouns) {
    if (!wanted(noun.name)) {
      program.command(noun.name).description(noun.description);
      continue;
    }
    const command = await noun.load(streams, whole);
    addWatch(command);
    program.addCommand(inherit(command, program));
  }
  return program;
}

/** Repeats the command. @returns why it failed; null: a signal ended it */
async function watched(
  wanted: WatchWanted,
  argv: readonly string[],
  streams: Streams,
  noun: string | undefined,
): Promise<unknown> {
  const { watch } = await import('./watch.js');
  try {
    await watch(wanted, `tvdc ${argv.join(' ')}`, streams, async (captured, prepare) => {
      const program = await createProgram(captured, (name) => name === noun);
      program.enablePositionalOptions();
      prepare(program);
      await program.parseAsync([...argv], { from: 'user' });
    });
    return null;
  } catch (error) {
    return error;
  }
}

/**
 * The command line as a function: nothing but what the user asked for goes to `out`.
 * @returns the status for the shell; never throws
 */
export async function runCommandLine(argv: readonly string[], streams: Streams): Promise<ExitStatus> {
  const words = argv.filter((word) => !word.startsWith('-'));
  const [noun] = words[0] === 'help' ? words.slice(1) : words;
  try {
    const program = await createProgram(streams, (name) => name === noun);
    if (argv[0] === '--version' || argv[0] === '-V') {
      streams.out.write(`${packageIdentity().version}\n`);
      return 0;
    }
    // Behind a noun --version may mean the version of something else.
    program.enablePositionalOptions().option('-V, --version', 'the version of this program');
    refuseWatch(program);
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (failure) {
    const error = failure instanceof WatchWanted ? await watched(failure, argv, streams, noun) : failure;
    if (error === null) return 0;
    const { statusOf, tell } = await import('./status.js');
    tell(error, streams);
    return statusOf(error, noun === 'wbem');
  }
}
