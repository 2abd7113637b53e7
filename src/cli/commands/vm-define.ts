import type { Command } from 'commander';
import type { CloneWish, DiskWish, VlanWish, VmChanges, VmDefinition } from '../../client/management/index.js';
import { confirm } from '../confirm.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection, withJobs } from '../connection/index.js';
import { Exit, exitStatus, UsageError } from '../exit.js';
import { type Streams, writeAnswer } from '../output/index.js';
import { parseCount, parseSize, parseVlan, tryParseSize } from '../sizes.js';
import { tellingState } from './vm-state.js';
import { criticalityNames, criticalityOf, toRecord, yesOrNo } from './vm-record.js';

interface SizeOptions extends ConnectionOptions {
  readonly memory?: string;
  readonly processors?: string;
  readonly criticality?: string;
  readonly trusted?: string;
}

interface DefineOptions extends SizeOptions {
  readonly from?: string;
  readonly uuid?: string;
  readonly label?: string;
  readonly disk?: readonly string[];
  readonly vlan?: readonly string[];
  /** False only where the user said --no-tpm. */
  readonly tpm: boolean;
}

interface DestroyOptions extends ConnectionOptions {
  readonly yes?: boolean;
}

interface SetOptions extends SizeOptions {
  readonly name?: string;
}

const mostMemoryMiB = 2 ** 24;
const mebibyte = 2 ** 20;

/** `512` is MiB; with a unit it may be any size of whole MiB. */
function memoryOf(text: string): number {
  if (/^\d+$/.test(text)) return parseCount(text, '--memory', 1, mostMemoryMiB);
  const bytes = parseSize(text, '--memory');
  if (bytes % mebibyte !== 0) throw new UsageError(`--memory takes whole MiB, not "${text}"`);
  return parseCount(String(bytes / mebibyte), '--memory', 1, mostMemoryMiB);
}

function sizesOf({ memory, processors, criticality, trusted }: SizeOptions): CloneWish {
  return {
    ...(memory === undefined ? {} : { memoryMiB: memoryOf(memory) }),
    ...(processors === undefined ? {} : { processors: parseCount(processors, '--processors', 1, 1024) }),
    ...(criticality === undefined ? {} : { criticality: criticalityOf(criticality) }),
    ...(trusted === undefined ? {} : { trusted: yesOrNo(trusted, '--trusted') }),
  };
}

/** `VOLUME[=LABEL]`, or `[NAME:]SIZE:[LABEL]` for one that is made. */
function diskOf(vm: string, text: string, at: number): DiskWish {
  const [, volume, wanted] = /^([^:=]+)(?:=(.+))?$/.exec(text) ?? [];
  if (volume !== undefined) return { volume, ...(wanted === undefined ? {} : { label: wanted }) };
  const found = /^(?:([^:]*):)?(\d+[A-Za-z]*):(.*)$/.exec(text);
  const [, name, size = '', label = ''] = found ?? [];
  const sizeBytes = tryParseSize(size);
  if (sizeBytes === null) {
    throw new UsageError(`--disk takes VOLUME[=LABEL], or [NAME:]SIZE:[LABEL] for a new one, not "${text}"`);
  }
  return { name: name ?? `${vm}-disk-${at + 1}`, sizeBytes, ...(label === '' ? {} : { label }) };
}

/** `NUMBER[=LABEL]`. */
function vlanOf(text: string): VlanWish {
  const [, number = '', label] = /^([^=]*)(?:=(.+))?$/.exec(text) ?? [];
  const vlan = parseVlan(number);
  return label === undefined ? vlan : { vlan, label };
}

function uuidOf(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
  throw new UsageError(`--uuid takes a UUID, not "${text}"`);
}

/** Options say it, over what the file says. */
async function definitionOf(named: string | undefined, options: DefineOptions): Promise<VmDefinition> {
  const { from, uuid, label, disk, vlan, tpm } = options;
  const base = from === undefined ? {} : (await import('./vm-document.js')).readDefinition(from);
  const name = named ?? base.name;
  if (name === undefined) throw new UsageError('name the virtual machine, or say its name in the file of --from');
  const disks = disk?.map((text, at) => diskOf(name, text, at)) ?? base.disks?.(name);
  return {
    ...base,
    ...sizesOf(options),
    name,
    ...(uuid === undefined ? {} : { uuid: uuidOf(uuid) }),
    ...(label === undefined ? {} : { label }),
    ...(disks === undefined ? {} : { disks }),
    ...(vlan === undefined ? {} : { vlans: vlan.map(vlanOf) }),
    ...(tpm ? {} : { tpm }),
  } as VmDefinition;
}

async function define(streams: Streams, name: string | undefined, options: DefineOptions): Promise<void> {
  const form = outputForm(options);
  const wish = await definitionOf(name, options);
  const { defineVm } = await import('../../client/management/index.js');
  const record = toRecord(await defineVm(await connectHost(options, streams), wish));
  const label = record.label === null ? 'without a label' : `with the label ${record.label}`;
  await writeAnswer(streams, form, `${record.name} is defined ${label}: ${record.id}`, { ...record });
}

async function clone(streams: Streams, name: string, copy: string, options: SizeOptions): Promise<void> {
  const form = outputForm(options);
  const wish = sizesOf(options);
  const { cloneVm } = await import('../../client/management/index.js');
  const host = await connectHost(options, streams);
  const record = toRecord(await cloneVm(host, await host.vm(name), copy, wish));
  await writeAnswer(streams, form, `${record.name} is a copy of ${name}: ${record.id}`, { ...record });
}

async function destroy(streams: Streams, name: string, options: DestroyOptions): Promise<void> {
  const form = outputForm(options);
  const { destroyVm } = await import('../../client/management/index.js');
  const host = await connectHost(options, streams);
  const vm = await host.vm(name);
  if (options.yes !== true) {
    const consent = await confirm(streams, `Destroy ${vm.name} (${vm.id}) with its virtual TPM? Its volumes stay.`);
    if (!consent) throw new Exit(exitStatus.no);
  }
  await tellingState(host, vm.id, 'be destroyed', () => destroyVm(host, vm));
  await writeAnswer(streams, form, `${vm.name} is destroyed`, { name: vm.name, id: vm.id, destroyed: true });
}

/** `has 512 MiB and 2 processors, is of high criticality`: of what was asked for. */
function describeChanges({ memoryMiB, processors, criticality, trusted }: VmChanges): string {
  const sizes = [
    ...(memoryMiB === undefined ? [] : [`${memoryMiB} MiB of memory`]),
    ...(processors === undefined ? [] : [`${processors} ${processors === 1 ? 'processor' : 'processors'}`]),
  ];
  return [
    ...(sizes.length === 0 ? [] : [`has ${sizes.join(' and ')}`]),
    ...(criticality === undefined ? [] : [`is of ${criticality} criticality`]),
    ...(trusted === undefined ? [] : [`is ${trusted ? '' : 'not '}trusted with several types`]),
  ].join(', ');
}

async function set(streams: Streams, name: string, options: SetOptions): Promise<void> {
  const form = outputForm(options);
  const changes: VmChanges = { ...sizesOf(options), ...(options.name === undefined ? {} : { name: options.name }) };
  if (Object.keys(changes).length === 0)
    throw new UsageError('say --name, --memory, --processors, --criticality or --trusted');
  const { changeVm } = await import('../../client/management/index.js');
  const host = await connectHost(options, streams);
  const vm = await host.vm(name);
  await tellingState(host, vm.id, 'be changed', () => changeVm(host, vm, changes));
  const record = toRecord(await host.vmAt(vm.path));
  const renamed = changes.name === undefined ? [] : [`is the new name of ${vm.name}`];
  const said = [...renamed, ...[describeChanges(changes)].filter((text) => text !== '')].join(', ');
  await writeAnswer(streams, form, `${record.name} ${said}`, { ...record });
}

function withSizes(command: Command): Command {
  return command
    .option('--memory <size>', 'MiB, or a size such as 2G')
    .option('--processors <number>', 'how many')
    .option('--criticality <level>', `${criticalityNames.join(', ')}: how much depends on it`)
    .option('--trusted <yes|no>', 'it may hold several types, and so carry data between workloads');
}

/** The verbs that make, rate and end virtual machines. */
export function addVmDefinition(vm: Command, streams: Streams): void {
  const online = (name: string, description: string): Command =>
    withConnection(vm.command(name).description(description));
  const working = (name: string, description: string): Command => withJobs(online(name, description));
  withSizes(working('define', 'make a virtual machine with label, disks, interfaces and virtual TPM: all or nothing'))
    .argument('[name]', 'what it is called; unique on the host')
    .option('--from <file>', 'a definition as JSON, - for standard input; options go before it')
    .option('--uuid <uuid>', 'of a machine that comes from elsewhere and keeps its identity; else a new one')
    .option('--label <label>', 'as MA, or ACM:tvdc-sample:MA')
    .option('--disk <disk...>', 'VOLUME[=LABEL] for one that is there; [NAME:]SIZE:[LABEL] for one that is made')
    .option('--vlan <number...>', 'NUMBER[=LABEL]: a network interface on this VLAN')
    .option('--no-tpm', 'without a virtual TPM')
    .action((name: string | undefined, options: DefineOptions) => define(streams, name, options));
  withSizes(working('clone', 'copy one that is off: same label, copies of its disks, a new identity and a new TPM'))
    .argument('<vm>', 'name or UUID')
    .argument('<name>', 'what the copy is called')
    .action((name: string, copy: string, options: SizeOptions) => clone(streams, name, copy, options));
  withSizes(working('set', 'change ratings in any state; name, memory and processors of one that is off'))
    .argument('<vm>', 'name or UUID')
    .option('--name <name>', 'what it is called from now on')
    .action((name: string, options: SetOptions) => set(streams, name, options));
  working('destroy', 'remove one that is off, with label and virtual TPM; its volumes stay')
    .argument('<vm>', 'name or UUID')
    .option('--yes', 'without asking')
    .action((name: string, options: DestroyOptions) => destroy(streams, name, options));
}
