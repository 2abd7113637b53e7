import { Command, CommanderError } from 'commander';
import { CimError } from '../cim/operations/index.js';
import { messageOf, TvdcError } from '../base/index.js';
import { Exit, exitStatus, type ExitStatus, UsageError } from './exit.js';
import { nouns } from './nouns.js';

/** Codes of errors that mean: the server was not reached, or did not let us in. */
const unreachableCodes = new Set(['unreachable', 'timeout', 'unauthorized', 'http', 'bad_answer', 'tls']);
const answerIsNo = new Set(['method_refused', 'not_found', 'refused']);

function statusOf(error: unknown, raw: boolean): ExitStatus {
  if (error instanceof Exit) return error.status;
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
  if (error instanceof UsageError) return exitStatus.usage;
  if (error instanceof CimError) {
    const refusedByPolicy = error.status === 1 && /^TVDC02/.test(error.description);
    return !raw && (error.status === 6 || refusedByPolicy) ? exitStatus.no : exitStatus.cim;
  }
  if (error instanceof TvdcError) {
    if (unreachableCodes.has(error.code)) return exitStatus.unreachable;
    if (answerIsNo.has(error.code)) return exitStatus.no;
    return error.code === 'internal' ? exitStatus.internal : exitStatus.usage;
  }
  return exitStatus.internal;
}

function tell(error: unknown): void {
  if (error instanceof Exit || error instanceof CommanderError) return;
  const internal = !(error instanceof TvdcError);
  process.stderr.write(`tvdc: ${internal ? 'internal error: ' : ''}${messageOf(error)}\n`);
  if (internal && process.env['TVDC_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}

async function run(argv: readonly string[]): Promise<ExitStatus> {
  const program = new Command('tvdc')
    .description('Trusted Virtual Datacenter: isolation, virtual TPMs and attestation of virtual machines over CIM-XML')
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit status: 0 done or trusted, 1 the answer is no, 2 usage, 3 cannot reach or log in, 4 a CIM error, 5 internal.',
    );
  // Only the noun that is asked for is loaded: help and completion stay fast.
  const wanted = argv.find((word) => !word.startsWith('-'));
  for (const noun of nouns) {
    if (noun.name === wanted) program.addCommand(inherit(await noun.load()));
    else program.command(noun.name).description(noun.description);
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitStatus.done;
  } catch (error) {
    tell(error);
    return statusOf(error, wanted === 'wbem');
  }
}

/** Commander gives settings to subcommands only when they are made by `command()`. */
function inherit(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) inherit(child);
  return command;
}

process.exitCode = await run(process.argv.slice(2));
