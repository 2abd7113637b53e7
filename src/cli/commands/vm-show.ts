import type { Command } from 'commander';
import { formatObjectPath } from '../../cim/uri/index.js';
import type { VmDetails } from '../../client/management/index.js';
import { connectHost, outputForm, withConnection } from '../connection/index.js';
import { print, type Streams, toJson } from '../output/index.js';
import { formatSize } from '../sizes.js';
import { lastVerdicts } from './known-verdicts.js';
import { type VerdictSource, withVerdicts } from './verdict-source.js';
import type { VerdictRecord } from './verdict-record.js';
import { toRecord } from './vm-record.js';

function lines(vm: VmDetails, verdict: VerdictRecord | undefined): readonly (readonly [string, string])[] {
  const { state, label, criticality, trusted, changed } = toRecord(vm);
  const { tpm } = vm;
  return [
    ['name', vm.name],
    ['state', changed === null ? state : `${state} since ${changed}`],
    ['label', label ?? '-'],
    ['domains', vm.domains.join(', ') || '-'],
    ['criticality', criticality ?? '-'],
    ['trusted', trusted ? 'yes' : 'no'],
    ['memory', vm.memoryMiB === null ? '-' : `${vm.memoryMiB} MiB`],
    ['processors', String(vm.processors ?? '-')],
    ...vm.disks.map((disk): readonly [string, string] => [
      'disk',
      `${disk.volume}  ${formatSize(disk.sizeBytes)}  ${disk.label ?? 'no label'}  ${disk.resource}`,
    ]),
    ...vm.ports.map((port): readonly [string, string] => [
      'interface',
      `${port.mac}  vlan:${port.vlan}  ${port.label ?? 'no label'}`,
    ]),
    ['virtual TPM', tpm === null ? '-' : `${tpm.id}  ${tpm.backend}, ${tpm.state}`],
    ['verdict', verdict === undefined ? 'not known here' : `${verdict.verdict}, ${verdict.issued}`],
    ...(verdict?.reasons.map((reason): readonly [string, string] => ['', reason]) ?? []),
    ['UUID', vm.id],
  ];
}

async function show(streams: Streams, name: string, options: VerdictSource): Promise<void> {
  const form = outputForm(options);
  const { vmDetails } = await import('../../client/management/index.js');
  const host = await connectHost(options);
  const vm = await vmDetails(host, await host.vm(name));
  const verdict = (await lastVerdicts(options)).get(vm.id.toLowerCase());
  if (form === 'table') {
    const text = lines(vm, verdict).map(([heading, value]) => `${heading.padEnd(13)}${value}\n`);
    return print(streams, text.join(''));
  }
  const record = {
    ...toRecord(vm),
    domains: vm.domains,
    memoryMiB: vm.memoryMiB,
    processors: vm.processors,
    disks: vm.disks.map(({ settings, kind: _, ...disk }) => ({ ...disk, path: formatObjectPath(settings) })),
    interfaces: vm.ports.map(({ settings, kind: _, ...port }) => ({ ...port, path: formatObjectPath(settings) })),
    tpm: vm.tpm,
    verdict: verdict ?? null,
  };
  await print(streams, `${toJson(record, form === 'json' ? 2 : undefined)}\n`);
}

/** `tvdc vm show`. */
export function addVmShow(vm: Command, streams: Streams): void {
  withVerdicts(withConnection(vm.command('show')))
    .argument('<vm>', 'name or UUID')
    .description('one virtual machine with disks, interfaces, virtual TPM, domains and the last verdict that is known')
    .action((name: string, options: VerdictSource) => show(streams, name, options));
}
