import { type Command, Option } from 'commander';
import type { HandDecision, ListedMigration } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection, withJobs } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { type Columns, print, type Streams, toJson, writeAnswer, writeRecords } from '../output/index.js';
import { isoTime } from './vm-record.js';
import { tellingState } from './vm-state.js';

interface MigrateOptions extends ConnectionOptions {
  readonly to?: string;
  readonly check?: boolean;
  readonly decide?: HandDecision;
  readonly yes?: boolean;
}

const help = `
The machine may be off, run or be paused. The destination is named as in peers.json of the host where the machine is; it
decides first, and until it holds all of the machine every failure leaves it where it was. Storage is shared: the
destination must know each volume under the same name, with the same label.

Where the other host is gone for good, and only then, a migration that is in doubt (see tvdc vm migrations) is ended by hand:
  --decide take-back   at the source (sending, committed): it has the machine again
  --decide accept      at the destination (prepared): it has the machine
  --decide discard     at the destination (prepared): it drops what it holds
It is refused while the other host answers. Make sure that the other host does not come back with the machine running.

Examples:
  tvdc vm migrate ma-1 --to host-b --check
  tvdc vm migrate ma-1 --to host-b
  tvdc vm migrate 0f3c… --decide take-back --yes`;

async function check(streams: Streams, name: string, to: string, options: MigrateOptions): Promise<void> {
  const form = outputForm(options);
  const { checkMigration } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const vm = await host.vm(name);
  const { isMigratable, reasons } = await checkMigration(host, vm, to);
  if (form === 'table') {
    const lines = reasons.map(({ code, sentence }) => `  ${code}: ${sentence}\n`);
    await print(streams, `${vm.name} ${isMigratable ? 'could' : 'cannot'} move to ${to}\n${lines.join('')}`);
  } else {
    const answer = { vm: vm.name, to, isMigratable, reasons };
    await print(streams, `${form === 'json' ? toJson(answer, 2) : toJson(answer)}\n`);
  }
  if (!isMigratable) throw new Exit(exitStatus.no);
}

async function move(streams: Streams, name: string, to: string, options: MigrateOptions): Promise<void> {
  const form = outputForm(options);
  const { migrateVm } = await import('../../client/management/index.js');
  const host = await connectHost(options, streams);
  const vm = await host.vm(name);
  await tellingState(host, name, 'move', () => migrateVm(host, vm, to));
  await writeAnswer(streams, form, `${vm.name} is on ${to} now`, { vm: vm.name, id: vm.id, host: to });
}

async function decide(streams: Streams, name: string, decision: HandDecision, options: MigrateOptions): Promise<void> {
  const form = outputForm(options);
  if (options.yes !== true)
    throw new UsageError(`--decide ${decision} needs --yes: the other host must never come back with the machine`);
  const { decideMigration, listMigrations } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const found = (await listMigrations(host)).find(({ vm, what }) => vm === name.toLowerCase() || what === name);
  await decideMigration(host, found?.vm ?? name.toLowerCase(), decision);
  await writeAnswer(streams, form, `${found?.what ?? name}: ${decision}, as decided by hand`, { vm: name, decision });
}

async function migrate(streams: Streams, name: string, options: MigrateOptions): Promise<void> {
  const { to, decide: decision } = options;
  if ((to === undefined) === (decision === undefined)) throw new UsageError('give either --to or --decide');
  if (decision !== undefined) await decide(streams, name, decision, options);
  else if (options.check === true) await check(streams, name, to as string, options);
  else await move(streams, name, to as string, options);
}

const columns: Columns<ListedMigration> = [
  ['VM', ({ what }) => what],
  ['WAY', ({ direction, peer }) => `${direction === 'out' ? 'to' : 'from'} ${peer}`],
  ['PHASE', ({ phase }) => phase],
  ['TIME', ({ time }) => time],
  ['UUID', ({ vm }) => vm],
];

/** `tvdc vm migrate` and `tvdc vm migrations`. */
export function addVmMigrate(vm: Command, streams: Streams): void {
  withJobs(withConnection(vm.command('migrate')))
    .argument('<vm>', 'name or UUID')
    .description('move a virtual machine to another host')
    .option('--to <host>', 'a host of the list of peers')
    .option('--check', 'only ask what stands against it, here and there; status 0 if nothing does')
    .addOption(
      new Option('--decide <decision>', 'end a migration in doubt by hand').choices(['take-back', 'accept', 'discard']),
    )
    .option('--yes', 'the other host is gone for good (with --decide)')
    .addHelpText('after', help)
    .action((name: string, options: MigrateOptions) => migrate(streams, name, options));
  withConnection(vm.command('migrations'))
    .description('migrations under way, and the last of those that are over')
    .action(async (options: ConnectionOptions) => {
      const form = outputForm(options);
      const { listMigrations } = await import('../../client/management/index.js');
      const found = await listMigrations(await connectHost(options));
      const rows = found.map((row) => ({ ...row, time: isoTime(row.time === '' ? null : row.time) ?? '' }));
      await writeRecords(streams, form, rows, columns);
    });
}
