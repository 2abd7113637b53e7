import { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { HostVolume, ManagedHost } from '../../client/management/index.js';
import { confirm } from '../confirm.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection, withJobs } from '../connection/index.js';
import { Exit, exitStatus } from '../exit.js';
import { type Streams, writeAnswer, writeRecords } from '../output/index.js';
import { formatSize, parseSize } from '../sizes.js';
import { isoTime } from './vm-record.js';

type CreateOptions = ConnectionOptions & { readonly label?: string };
type EndOptions = ConnectionOptions & { readonly yes?: boolean };

function management() {
  return import('../../client/management/index.js');
}

function toRecord(
  { name, id, sizeBytes, label, resource, erased, users, path }: HostVolume,
  vms: readonly string[] = users,
) {
  return { name, id, sizeBytes, label, resource, erased: isoTime(erased), vms, path: formatObjectPath(path) };
}

async function namesOfUsers(host: ManagedHost): Promise<(id: string) => string> {
  const { vmNames } = await management();
  const names = await vmNames(host);
  return (id) => names.get(id) ?? id;
}

async function list(streams: Streams, options: ConnectionOptions): Promise<void> {
  const form = outputForm(options);
  const { hostVolumes } = await management();
  const host = await connectHost(options);
  const nameOf = await namesOfUsers(host);
  const rows = (await hostVolumes(host)).map((volume) => toRecord(volume, volume.users.map(nameOf)));
  await writeRecords(streams, form, rows, [
    ['VOLUME', (row) => row.name],
    ['SIZE', (row) => formatSize(row.sizeBytes)],
    ['LABEL', (row) => row.label ?? '-'],
    ['VM', (row) => row.vms.join(', ') || '-'],
    ['ERASED', (row) => row.erased ?? '-'],
    ['UUID', (row) => row.id],
  ]);
}

async function create(streams: Streams, name: string, size: string, options: CreateOptions): Promise<void> {
  const form = outputForm(options);
  const sizeBytes = parseSize(size, '<size>');
  const { createVolume } = await management();
  const { label } = options;
  const host = await connectHost(options);
  const made = await createVolume(host, { name, sizeBytes, ...(label === undefined ? {} : { label }) });
  await writeAnswer(streams, form, `${name} has ${formatSize(made.sizeBytes)}: ${made.id}`, toRecord(made));
}

async function demandConsent(streams: Streams, question: string, { yes }: EndOptions): Promise<void> {
  if (yes !== true && !(await confirm(streams, question))) throw new Exit(exitStatus.no);
}

async function remove(streams: Streams, name: string, options: EndOptions): Promise<void> {
  const form = outputForm(options);
  const { deleteVolume, hostVolume } = await management();
  const host = await connectHost(options);
  const volume = await hostVolume(host, name);
  await demandConsent(streams, `Delete the volume ${volume.name} (${volume.id}) with its content?`, options);
  await deleteVolume(host, volume);
  await writeAnswer(streams, form, `${volume.name} is deleted`, { name: volume.name, id: volume.id, deleted: true });
}

async function erase(streams: Streams, name: string, options: EndOptions): Promise<void> {
  const form = outputForm(options);
  const { eraseVolume, hostVolume } = await management();
  const host = await connectHost(options, streams);
  const volume = await hostVolume(host, name);
  await demandConsent(streams, `Erase all content of the volume ${volume.name} (${volume.id})?`, options);
  await eraseVolume(host, volume);
  const erased = await hostVolume(host, volume.id);
  await writeAnswer(streams, form, `${volume.name} is erased and may get another label`, toRecord(erased));
}

const examples = `
Examples:
  tvdc volume create data 10G --label MA
  tvdc label assign data SU                   refused: the workload MA has used it
  tvdc volume erase data --yes`;

export function volumeCommand(streams: Streams): Command {
  const volume = new Command('volume').description('volumes of a host').addHelpText('after', examples);
  const online = (name: string, description: string): Command =>
    withConnection(volume.command(name).description(description));
  online('list', 'the volumes that the caller may see').action((options: ConnectionOptions) => list(streams, options));
  online('create', 'make an empty volume')
    .argument('<name>', 'unique on the host')
    .argument('<size>', 'bytes, or with a unit: 512M, 10G')
    .option('--label <label>', 'its label; where that is not possible there is no volume')
    .action((name: string, size: string, options: CreateOptions) => create(streams, name, size, options));
  withJobs(online('erase', 'overwrite a volume that no machine uses now, so that it may get another label'))
    .argument('<volume>', 'name or UUID')
    .option('--yes', 'without asking')
    .action((name: string, options: EndOptions) => erase(streams, name, options));
  online('delete', 'remove a volume that no machine has, with its content')
    .argument('<volume>', 'name or UUID')
    .option('--yes', 'without asking')
    .action((name: string, options: EndOptions) => remove(streams, name, options));
  return volume;
}
