import { Command } from 'commander';
import { TvdcError } from '../../base/index.js';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { ManagedHost, ManagedVm, RequestedState } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Columns, type Streams, writeAnswer, writeRecords } from '../output/index.js';

const criticalityTexts: Readonly<Record<number, string>> = { 2: 'low', 3: 'medium', 4: 'high' };

interface VmRow {
  readonly name: string;
  readonly state: string;
  readonly label: string | null;
  readonly criticality: string | null;
  readonly id: string;
  readonly path: string;
}

function toRow({ name, state, label, criticality, id, path }: ManagedVm): VmRow {
  const text = criticality === null ? null : (criticalityTexts[criticality] ?? String(criticality));
  return { name, state, label, criticality: text, id, path: formatObjectPath(path) };
}

const columns: Columns<VmRow> = [
  ['NAME', (vm) => vm.name],
  ['STATE', (vm) => vm.state],
  ['LABEL', (vm) => vm.label ?? '-'],
  ['CRITICALITY', (vm) => vm.criticality ?? '-'],
  ['UUID', (vm) => vm.id],
];

/** `from`: the one state that the verb is for, where CIM's RequestedState does not tell it from a start. */
const changes: readonly (readonly [verb: string, state: RequestedState, description: string, from?: string])[] = [
  ['start', 'start', 'start a virtual machine'],
  ['stop', 'stop', 'end it at once'],
  ['shutdown', 'shutdown', 'ask its system to shut down'],
  ['pause', 'pause', 'stop its processors'],
  ['resume', 'start', 'let a paused one go on', 'paused'],
  ['save', 'save', 'write its memory to disk and end it'],
  ['restore', 'start', 'bring a saved one back', 'saved'],
  ['reset', 'reset', 'end it and boot it again'],
];

const invalidTransition = 4097;

/** "Invalid state transition" says nothing to someone who does not know the state. */
async function change(
  host: ManagedHost,
  name: string,
  verb: string,
  state: RequestedState,
  from?: string,
): Promise<void> {
  const cannot = (now: string, cause?: unknown) =>
    new TvdcError('refused', `${name} is ${now}: it cannot ${verb} from there`, { cause });
  if (from !== undefined) {
    const now = (await host.vm(name)).state;
    if (now !== from) throw cannot(now);
  }
  try {
    await host.requestState(name, state);
  } catch (error) {
    if (!(error instanceof TvdcError) || error.details['returnValue'] !== invalidTransition) throw error;
    throw cannot((await host.vm(name)).state, error);
  }
}

export function vmCommand(streams: Streams): Command {
  const vm = new Command('vm').description('virtual machines of a host');
  withConnection(vm.command('list').description('all virtual machines')).action(async (options: ConnectionOptions) => {
    const form = outputForm(options);
    await writeRecords(streams, form, (await (await connectHost(options)).vms()).map(toRow), columns);
  });
  withConnection(vm.command('show').argument('<vm>', 'name or UUID').description('one virtual machine')).action(
    async (name: string, options: ConnectionOptions) => {
      const form = outputForm(options);
      const row = toRow(await (await connectHost(options)).vm(name));
      if (form === 'table') await writeRecords(streams, form, [row], columns);
      else await writeAnswer(streams, form, '', { ...row });
    },
  );
  for (const [verb, state, description, from] of changes) {
    withConnection(vm.command(verb).argument('<vm>', 'name or UUID').description(description)).action(
      async (name: string, options: ConnectionOptions) => {
        const form = outputForm(options);
        const host = await connectHost(options);
        await change(host, name, verb, state, from);
        const row = toRow(await host.vm(name));
        await writeAnswer(streams, form, `${row.name} is ${row.state}`, { ...row });
      },
    );
  }
  return vm;
}
