import { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { HostVlan } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { type Streams, writeAnswer, writeRecords } from '../output/index.js';
import { parseVlan } from '../sizes.js';

type CreateOptions = ConnectionOptions & { readonly name?: string; readonly label?: string };

function management() {
  return import('../../client/management/index.js');
}

function toRecord({ name, number, title, label, interfaces, id, path }: HostVlan) {
  return { name, number, title, label, interfaces, id, path: formatObjectPath(path) };
}

async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { hostVlans } = await management();
  const rows = (await hostVlans(await connectHost(options))).map(toRecord);
  await writeRecords(streams, form, rows, [
    ['VLAN', (row) => row.name],
    ['NAME', (row) => row.title],
    ['LABEL', (row) => row.label ?? '-'],
    ['INTERFACES', (row) => String(row.interfaces)],
  ]);
}

async function create(streams: Streams, number: string, options: CreateOptions): Promise<void> {
  const form = outputForm(options);
  const vlan = parseVlan(number, '<number>');
  const { label, name: title = `vlan:${vlan}` } = options;
  const { createVlan } = await management();
  const host = await connectHost(options);
  const made = await createVlan(host, { number: vlan, title, ...(label === undefined ? {} : { label }) });
  await writeAnswer(streams, form, `${made.name} is there, ${made.label ?? 'without a label'}`, toRecord(made));
}

async function remove(streams: Streams, text: string, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { deleteVlan, hostVlan } = await management();
  const host = await connectHost(options);
  const vlan = await hostVlan(host, text);
  await deleteVlan(host, vlan);
  await writeAnswer(streams, form, `${vlan.name} is deleted`, { name: vlan.name, number: vlan.number, deleted: true });
}

export function vlanCommand(streams: Streams): Command {
  const vlan = new Command('vlan').description('labelled VLANs of a host');
  const online = (name: string, description: string): Command =>
    withConnection(vlan.command(name).description(description));
  online('list', 'the VLANs that the caller may see').action((options: ConnectionOptions) => list(streams, options));
  online('create', 'make a VLAN with its bridge')
    .argument('<number>', '1 to 4094')
    .option('--name <name>', 'what people call it')
    .option('--label <label>', 'its label; where that is not possible there is no VLAN')
    .action((number: string, options: CreateOptions) => create(streams, number, options));
  online('delete', 'remove a VLAN that no interface is on')
    .argument('<vlan>', 'its number, vlan:<number> or its name')
    .action((text: string, options: ConnectionOptions) => remove(streams, text, options));
  return vlan;
}
