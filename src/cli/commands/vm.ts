import { Command } from 'commander';
import type { ManagedVm, RequestedState } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Columns, print, type Streams, writeRecords } from '../output/index.js';

const criticalityTexts: Readonly<Record<number, string>> = { 2: 'low', 3: 'medium', 4: 'high' };

const columns: Columns<ManagedVm> = [
  ['NAME', (vm) => vm.name],
  ['STATE', (vm) => vm.state],
  ['LABEL', (vm) => vm.label ?? '-'],
  ['CRITICALITY', (vm) => criticalityTexts[vm.criticality ?? 0] ?? '-'],
  ['UUID', (vm) => vm.id],
];

const changes: readonly (readonly [verb: string, state: RequestedState, description: string])[] = [
  ['start', 'start', 'start a virtual machine'],
  ['stop', 'stop', 'end it at once'],
  ['shutdown', 'shutdown', 'ask its system to shut down'],
  ['pause', 'pause', 'stop its processors'],
  ['resume', 'start', 'let a paused one go on'],
  ['save', 'save', 'write its memory to disk and end it'],
  ['restore', 'start', 'bring a saved one back'],
  ['reset', 'reset', 'end it and boot it again'],
];

export function vmCommand(streams: Streams): Command {
  const vm = new Command('vm').description('virtual machines of a host');
  withConnection(vm.command('list').description('all virtual machines')).action(async (options: ConnectionOptions) => {
    await writeRecords(streams, outputForm(options), await (await connectHost(options)).vms(), columns);
  });
  withConnection(vm.command('show').argument('<vm>').description('one virtual machine')).action(
    async (name: string, options: ConnectionOptions) => {
      await writeRecords(streams, outputForm(options), [await (await connectHost(options)).vm(name)], columns);
    },
  );
  for (const [verb, state, description] of changes) {
    withConnection(vm.command(verb).argument('<vm>', 'name or UUID').description(description)).action(
      async (name: string, options: ConnectionOptions) => {
        const host = await connectHost(options);
        await host.requestState(name, state);
        const after = await host.vm(name);
        if (outputForm(options) === 'table') await print(streams, `${after.name} is ${after.state}\n`);
        else await writeRecords(streams, outputForm(options), [after], columns);
      },
    );
  }
  return vm;
}
