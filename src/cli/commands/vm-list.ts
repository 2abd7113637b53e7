import type { Command } from 'commander';
import type { VmExtras } from '../../client/management/index.js';
import { connectHost, type ConnectionOptions, outputForm, withConnection } from '../connection/index.js';
import { UsageError } from '../exit.js';
import { type Columns, type Streams, writeRecords } from '../output/index.js';
import { criticalityNames, criticalityOf, toRecord, type VmRecord, yesOrNo } from './vm-record.js';

interface ListOptions extends ConnectionOptions {
  readonly state?: string;
  readonly label?: string;
  readonly tvd?: string;
  readonly criticality?: string;
  readonly trusted?: string;
  readonly columns?: string;
}

interface ListedRecord extends VmRecord {
  readonly domains?: readonly string[];
  readonly memoryMiB?: number | null;
  readonly processors?: number | null;
  readonly disks?: number;
  readonly vlans?: readonly number[];
}

const states = ['running', 'off', 'paused', 'saved'] as const;

/** Every column; those of {@link VmExtras} are read only where they are asked for. */
const columns = {
  name: (vm) => vm.name,
  state: (vm) => vm.state,
  label: (vm) => vm.label ?? '-',
  criticality: (vm) => vm.criticality ?? '-',
  trusted: (vm) => (vm.trusted ? 'yes' : 'no'),
  domains: (vm) => vm.domains?.join(', ') || '-',
  memory: (vm) => (typeof vm.memoryMiB === 'number' ? `${vm.memoryMiB} MiB` : '-'),
  processors: (vm) => String(vm.processors ?? '-'),
  disks: (vm) => String(vm.disks ?? 0),
  vlans: (vm) => vm.vlans?.join(' ') || '-',
  changed: (vm) => vm.changed ?? '-',
  uuid: (vm) => vm.id,
} as const satisfies Readonly<Record<string, (vm: ListedRecord) => string>>;

type Column = keyof typeof columns;

const usual: readonly Column[] = ['name', 'state', 'label', 'criticality', 'uuid'];
const extras: Readonly<Partial<Record<Column, keyof VmExtras>>> = {
  domains: 'domains',
  memory: 'memoryMiB',
  processors: 'processors',
  disks: 'disks',
  vlans: 'vlans',
};

function columnsOf(text: string | undefined): readonly Column[] {
  if (text === undefined) return usual;
  return text.split(',').map((word) => {
    const name = word.trim().toLowerCase();
    if (Object.hasOwn(columns, name)) return name as Column;
    throw new UsageError(`--columns takes ${Object.keys(columns).join(',')}, not "${word}"`);
  });
}

async function list(streams: Streams, options: ListOptions): Promise<void> {
  const form = outputForm(options);
  const wanted = columnsOf(options.columns);
  const { state, label, tvd, criticality, trusted } = options;
  if (state !== undefined && !states.some((name) => name === state))
    throw new UsageError(`--state takes ${states.join(', ')}, not "${state}"`);
  const { criticalityValues, hostDomain, matchesFilter, vmExtras } = await import('../../client/management/index.js');
  const filter = {
    ...(state === undefined ? {} : { state }),
    ...(label === undefined ? {} : { label: label === '' ? null : label }),
    ...(criticality === undefined ? {} : { criticality: criticalityValues[criticalityOf(criticality)] }),
    ...(trusted === undefined ? {} : { trusted: yesOrNo(trusted, '--trusted') }),
  };
  const host = await connectHost(options);
  const domain = tvd === undefined ? undefined : (await hostDomain(host, tvd)).name;
  const names = new Set<string>(wanted.flatMap((column) => extras[column] ?? []));
  const found = await vmExtras(host, domain === undefined ? names : new Set([...names, 'domains']));
  const narrowed = domain === undefined ? filter : { ...filter, domain };
  const vms = (await host.vms()).filter((vm) => matchesFilter(vm, found.domains.get(vm.id) ?? [], narrowed));
  const rows = vms.map((vm): ListedRecord => {
    const { id } = vm;
    return {
      ...toRecord(vm),
      ...(names.has('domains') ? { domains: found.domains.get(id) ?? [] } : {}),
      ...(names.has('memoryMiB') ? { memoryMiB: found.memoryMiB.get(id) ?? null } : {}),
      ...(names.has('processors') ? { processors: found.processors.get(id) ?? null } : {}),
      ...(names.has('disks') ? { disks: found.disks.get(id) ?? 0 } : {}),
      ...(names.has('vlans') ? { vlans: found.vlans.get(id) ?? [] } : {}),
    };
  });
  const shown: Columns<ListedRecord> = wanted.map((column) => [column.toUpperCase(), columns[column]]);
  await writeRecords(streams, form, rows, shown);
}

/** `tvdc vm list`. */
export function addVmList(vm: Command, streams: Streams): void {
  withConnection(vm.command('list').description('the virtual machines that the caller may see'))
    .option('--state <state>', `only those that are ${states.join(', ')}`)
    .option('--label <label>', "only those with this label; '' for those without")
    .option('--tvd <domain>', 'only members of this Trusted Virtual Domain')
    .option('--criticality <level>', `only those of ${criticalityNames.join(', ')}`)
    .option('--trusted <yes|no>', 'only those that may hold several types, or may not')
    .option('--columns <names>', `${Object.keys(columns).join(',')} (default ${usual.join(',')})`)
    .action((options: ListOptions) => list(streams, options));
}
