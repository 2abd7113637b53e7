import { type CimInstance, stringKey } from '../../cim/index.js';
import type { ManagedHost, ManagedVm } from './managed-host.js';
import { textsOf } from './texts.js';
import { type VmDetails, vmDetails } from './vm-details.js';

const service = 'TVDC_VirtualSystemManagementService';
const memoryType = 4;

/** One thing that stands against a start. */
export interface StartReason {
  /** The reason of a decision (`conflict`, `not_authorized`, …) or `name_in_use`, `no_such_vlan`, `memory`, …. */
  readonly code: string;
  readonly sentence: string;
}

/** Whether a virtual machine would start on a host now. */
export interface StartForecast {
  readonly host: string;
  /** It is a machine of this host. */
  readonly home: boolean;
  readonly wouldStart: boolean;
  readonly reasons: readonly StartReason[];
  /** What does not keep it from starting on its own host: memory that is not left, for hypervisors may promise more than there is. */
  readonly warnings: readonly StartReason[];
}

/** The policy that a host enforces, as TVDC_HostSystem and TVDC_SecurityPolicy name it. */
async function enforced(host: ManagedHost): Promise<CimInstance | undefined> {
  return (await host.policies()).find((policy) => policy.getNumber('State') === 4);
}

/** Memory in MiB that a host's pool has left; null where it tells no limit. */
async function freeMemory({ client, namespace }: ManagedHost): Promise<number | null> {
  for await (const pool of client.instances('CIM_ResourcePool', { namespace })) {
    if (pool.getNumber('ResourceType') !== memoryType) continue;
    const capacity = pool.get('Capacity') ?? null;
    if (capacity === null) return null;
    const power = /^byte\s*\*\s*2\^(\d+)$/i.exec(pool.getString('AllocationUnits') ?? 'byte')?.[1] ?? '0';
    return ((Number(capacity) - Number(pool.get('Reserved') ?? 0)) * 2 ** Number(power)) / 2 ** 20;
  }
  return null;
}

async function memoryShortage(host: ManagedHost, vm: VmDetails): Promise<readonly StartReason[]> {
  const free = await freeMemory(host);
  if (free === null || vm.memoryMiB === null || vm.memoryMiB <= free) return [];
  return [{ code: 'memory', sentence: `${vm.name} needs ${vm.memoryMiB} MiB, ${Math.floor(free)} MiB are left.` }];
}

async function ask(host: ManagedHost, parameters: Parameters<ManagedHost['call']>[2]): Promise<readonly StartReason[]> {
  const out = await host.call(service, 'CheckStart', parameters);
  const codes = textsOf(out['ReasonCodes']);
  return textsOf(out['Reasons']).map((sentence, at) => ({ code: codes[at] ?? '', sentence }));
}

async function nameOf(host: ManagedHost): Promise<string> {
  return (await host.system()).getString('ElementName') ?? '';
}

/** Whether a virtual machine would start on its own host now, with all that stands against it; without any effect. */
export async function checkStart(host: ManagedHost, vm: ManagedVm): Promise<StartForecast> {
  const reasons = await ask(host, { System: vm.path });
  const needsMemory = vm.state === 'off' || vm.state === 'saved';
  const warnings = needsMemory ? await memoryShortage(host, await vmDetails(host, vm)) : [];
  return { host: await nameOf(host), home: true, wouldStart: reasons.length === 0, reasons, warnings };
}

/**
 * Whether it would start on another host, were it there: label, disks and VLANs are judged by that host's policy, which must be
 * the one that its own host enforces.
 */
export async function checkArrival(origin: ManagedHost, vm: VmDetails, host: ManagedHost): Promise<StartForecast> {
  const policy = await enforced(origin);
  const reasons = await ask(host, {
    Name: vm.name,
    Label: vm.label ?? undefined,
    DiskLabels: vm.disks.flatMap(({ label }) => label ?? []),
    VLANs: vm.ports.map(({ vlan }) => vlan),
    Trusted: vm.trusted,
    PolicyName: policy?.getString('PolicyName') ?? undefined,
    PolicyVersion: policy?.getString('PolicyVersion') ?? undefined,
    PolicyDigest: policy?.getString('Digest') ?? undefined,
  });
  const bare: readonly StartReason[] = vm.disks
    .filter(({ label }) => label === null)
    .map(({ volume }) => ({ code: 'resource_not_labeled', sentence: `Volume ${volume} has no label.` }));
  // A destination takes nobody for whom it has no memory left.
  const all = [...reasons, ...bare, ...(await memoryShortage(host, vm))];
  return { host: await nameOf(host), home: false, wouldStart: all.length === 0, reasons: all, warnings: [] };
}

/** UUID of the host behind a client, to tell one host that is named twice. */
export async function hostId(host: ManagedHost): Promise<string> {
  const { path } = await host.system();
  return path === null ? '' : (stringKey(path, 'Name') ?? '');
}
