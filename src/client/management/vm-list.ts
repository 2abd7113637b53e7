import { stringKey } from '../../cim/index.js';
import type { ManagedHost, ManagedVm } from './managed-host.js';
import { pathOf } from './texts.js';

/** What a list of virtual machines can say beside what each tells by itself. */
export interface VmExtras {
  readonly domains: ReadonlyMap<string, readonly string[]>;
  readonly memoryMiB: ReadonlyMap<string, number>;
  readonly processors: ReadonlyMap<string, number>;
  readonly disks: ReadonlyMap<string, number>;
  readonly vlans: ReadonlyMap<string, readonly number[]>;
}

/** Names of the virtual machines, by UUID. */
export async function vmNames({ client, namespace }: ManagedHost): Promise<ReadonlyMap<string, string>> {
  const out = new Map<string, string>();
  for await (const vm of client.instances('TVDC_ComputerSystem', { namespace, propertyList: ['ElementName'] }))
    out.set(stringKey(pathOf(vm.path, 'path'), 'Name') ?? '', vm.getString('ElementName') ?? '');
  return out;
}

/** Names of the domains of each virtual machine, by its UUID. */
export async function vmDomains({ client, namespace }: ManagedHost): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, string>();
  for await (const domain of client.instances('TVDC_TrustedVirtualDomain', { namespace }))
    names.set(domain.getString('InstanceID') ?? '', domain.getString('ElementName') ?? '');
  const out = new Map<string, string[]>();
  for await (const link of client.instances('TVDC_DomainMember', { namespace })) {
    const member = pathOf(link.get('Member'), 'member');
    if (member.className !== 'TVDC_ComputerSystem') continue;
    const id = stringKey(member, 'Name') ?? '';
    const name = names.get(stringKey(pathOf(link.get('Collection'), 'domain'), 'InstanceID') ?? '');
    if (name !== undefined) out.set(id, [...(out.get(id) ?? []), name].sort());
  }
  return out;
}

async function bySettings<T>(
  { client, namespace }: ManagedHost,
  className: string,
  add: (before: T | undefined, quantity: number, connection: string) => T,
): Promise<ReadonlyMap<string, T>> {
  const out = new Map<string, T>();
  for await (const setting of client.instances(className, { namespace })) {
    const vm = /^TVDC:([^/]+)/.exec(setting.getString('InstanceID') ?? '')?.[1];
    if (vm === undefined) continue;
    const connection = setting.get('Connection');
    const text = Array.isArray(connection) ? String(connection[0]) : '';
    out.set(vm, add(out.get(vm), Number(setting.get('VirtualQuantity') ?? 0), text));
  }
  return out;
}

/** Reads only what is wanted, each with one enumeration for all virtual machines. */
export async function vmExtras(host: ManagedHost, wanted: ReadonlySet<string>): Promise<VmExtras> {
  const when = <T>(
    name: keyof VmExtras,
    read: () => Promise<ReadonlyMap<string, T>>,
  ): Promise<ReadonlyMap<string, T>> => (wanted.has(name) ? read() : Promise.resolve(new Map<string, T>()));
  const quantity = (_: number | undefined, value: number): number => value;
  return {
    domains: await when('domains', () => vmDomains(host)),
    memoryMiB: await when('memoryMiB', () => bySettings(host, 'TVDC_MemoryAllocationSettingData', quantity)),
    processors: await when('processors', () => bySettings(host, 'TVDC_ProcessorAllocationSettingData', quantity)),
    disks: await when('disks', () =>
      bySettings(host, 'TVDC_StorageAllocationSettingData', (before: number | undefined) => (before ?? 0) + 1),
    ),
    vlans: await when('vlans', () =>
      bySettings(host, 'TVDC_EthernetPortAllocationSettingData', (before: readonly number[] | undefined, _, text) => [
        ...(before ?? []),
        Number(/(\d+)$/.exec(text)?.[1] ?? 0),
      ]),
    ),
  };
}

/** What a list is narrowed to; what is left out is not asked for. */
export interface VmFilter {
  readonly state?: string;
  /** Full text or bare name; null: those without. */
  readonly label?: string | null;
  readonly criticality?: number;
  readonly trusted?: boolean;
  /** Name of a domain. */
  readonly domain?: string;
}

/** Whether a virtual machine is one of those wanted. */
export function matchesFilter(vm: ManagedVm, domains: readonly string[], filter: VmFilter): boolean {
  const { state, label, criticality, trusted, domain } = filter;
  if (state !== undefined && vm.state !== state) return false;
  if (label !== undefined && vm.label !== label && (label === null || vm.label?.split(':').at(-1) !== label))
    return false;
  if (criticality !== undefined && vm.criticality !== criticality) return false;
  if (trusted !== undefined && vm.trusted !== trusted) return false;
  return domain === undefined || domains.includes(domain);
}
