import { type CimInstance, type CimValue, createInstance, formatObjectPath } from '../../cim/index.js';
import type { ManagedHost, ManagedVm } from './managed-host.js';
import { pickNamed } from './names.js';
import { pathOf } from './texts.js';
import { settingsPath } from './vm-details.js';

const service = 'TVDC_VirtualSystemManagementService';

export const criticalityValues = { low: 2, medium: 3, high: 4 } as const;
export type CriticalityName = keyof typeof criticalityValues;

/** A disk: a volume that there is, by name or UUID, or one that is made with the machine. A label goes to who has none. */
export type DiskWish =
  | { readonly volume: string; readonly label?: string }
  | { readonly name: string; readonly sizeBytes: number; readonly label?: string };

/** An interface on a VLAN, by its number. A label goes to a VLAN that has none. */
export type VlanWish = number | { readonly vlan: number; readonly label: string };

/** What a virtual machine is to be; sizes and ratings that are left out are the host's to choose. */
export interface VmDefinition {
  readonly name: string;
  /** For a machine that comes from another host and keeps its identity; left out: a new one. */
  readonly uuid?: string;
  readonly label?: string;
  readonly memoryMiB?: number;
  readonly processors?: number;
  readonly criticality?: CriticalityName;
  /** It may hold several types. */
  readonly trusted?: boolean;
  readonly disks?: readonly DiskWish[];
  readonly vlans?: readonly VlanWish[];
  readonly tpm?: boolean;
}

type Setting = Readonly<Record<string, CimValue | undefined>>;

async function embedded(host: ManagedHost, className: string, values: Setting): Promise<CimInstance> {
  const cls = await host.client.getClass(className, { namespace: host.namespace });
  return createInstance(cls, values);
}

function sizes({ memoryMiB, processors }: Pick<VmDefinition, 'memoryMiB' | 'processors'>) {
  const out: (readonly [className: string, values: Setting])[] = [];
  if (memoryMiB !== undefined) {
    const values = { ResourceType: 4, VirtualQuantity: BigInt(memoryMiB), AllocationUnits: 'byte*2^20' };
    out.push(['TVDC_MemoryAllocationSettingData', values]);
  }
  if (processors !== undefined) {
    const values = { ResourceType: 3, VirtualQuantity: BigInt(processors), AllocationUnits: 'count' };
    out.push(['TVDC_ProcessorAllocationSettingData', values]);
  }
  return out;
}

async function diskSettings(host: ManagedHost, disks: readonly DiskWish[]): Promise<readonly Setting[]> {
  const named = disks.some((disk) => 'volume' in disk) ? await host.volumes() : [];
  return disks.map((disk): Setting => {
    if ('volume' in disk) {
      const { path } = pickNamed(named, disk.volume, 'volume');
      return { ResourceType: 31, HostResource: [formatObjectPath(path)], SecurityLabel: disk.label };
    }
    return {
      ResourceType: 31,
      ElementName: disk.name,
      VirtualQuantity: BigInt(disk.sizeBytes),
      AllocationUnits: 'byte',
      SecurityLabel: disk.label,
    };
  });
}

function portSetting(wish: VlanWish): Setting {
  const { vlan, label } = typeof wish === 'number' ? { vlan: wish, label: undefined } : wish;
  return { ResourceType: 33, Connection: [`vlan:${vlan}`], SecurityLabel: label };
}

function systemSetting({ name, uuid, label, criticality, trusted }: VmDefinition): Setting {
  return {
    ElementName: name,
    VirtualSystemIdentifier: uuid,
    SecurityLabel: label,
    Criticality: criticality === undefined ? undefined : criticalityValues[criticality],
    Trusted: trusted,
  };
}

async function settingsOf(host: ManagedHost, wish: VmDefinition): Promise<readonly CimInstance[]> {
  const wanted: (readonly [className: string, values: Setting])[] = [...sizes(wish)];
  for (const values of await diskSettings(host, wish.disks ?? []))
    wanted.push(['TVDC_StorageAllocationSettingData', values]);
  for (const vlan of wish.vlans ?? []) wanted.push(['TVDC_EthernetPortAllocationSettingData', portSetting(vlan)]);
  if (wish.tpm !== false)
    wanted.push(['TVDC_TPMAllocationSettingData', { ResourceType: 1, OtherResourceType: 'TVDC:TPM' }]);
  return Promise.all(wanted.map(([className, values]) => embedded(host, className, values)));
}

/** Embedded settings, for AddResourceSettings. @throws TvdcError `not_found`, `ambiguous` */
export async function deviceSettings(
  host: ManagedHost,
  wish: Pick<VmDefinition, 'disks' | 'vlans'>,
): Promise<readonly CimInstance[]> {
  return settingsOf(host, { name: '', tpm: false, ...wish });
}

/** A method that went on in a job tells no longer what it has made; names of virtual machines are unique on a host. */
async function madeVm(host: ManagedHost, name: string, out: Readonly<Record<string, CimValue>>): Promise<ManagedVm> {
  const made = out['ResultingSystem'] ?? null;
  return made === null ? host.vm(name) : host.vmAt(pathOf(made, 'virtual machine'));
}

/**
 * Makes a virtual machine with its label, disks, interfaces and virtual TPM: all of it or nothing.
 * @throws TvdcError `not_found`, `ambiguous` @throws CimError 1 where the policy refuses, 4, 6
 */
export async function defineVm(host: ManagedHost, wish: VmDefinition): Promise<ManagedVm> {
  const out = await host.call(service, 'DefineSystem', {
    SystemSettings: await embedded(host, 'TVDC_VirtualSystemSettingData', systemSetting(wish)),
    ResourceSettings: [...(await settingsOf(host, wish))],
  });
  return madeVm(host, wish.name, out);
}

/** What a copy has of its own beside its name. */
export type CloneWish = Pick<VmDefinition, 'memoryMiB' | 'processors' | 'criticality' | 'trusted'>;

/**
 * Copies a virtual machine that is off: same label, copies of its disks, and an identity of its own: UUID, addresses, virtual TPM.
 * @throws CimError 1, 4, 6
 */
export async function cloneVm(
  host: ManagedHost,
  origin: ManagedVm,
  name: string,
  wish: CloneWish = {},
): Promise<ManagedVm> {
  const settings = await Promise.all(sizes(wish).map(([className, values]) => embedded(host, className, values)));
  const out = await host.call(service, 'DefineSystem', {
    SystemSettings: await embedded(host, 'TVDC_VirtualSystemSettingData', systemSetting({ ...wish, name })),
    ResourceSettings: settings,
    ReferenceConfiguration: settingsPath(host, origin),
  });
  return madeVm(host, name, out);
}

/** Removes a virtual machine that is off, with its label and its virtual TPM; its volumes stay. @throws CimError 1, 6 */
export async function destroyVm(host: ManagedHost, vm: ManagedVm): Promise<void> {
  await host.call(service, 'DestroySystem', { AffectedSystem: vm.path });
}

/** What can be changed of a virtual machine that is there; name, memory and processors only while it is off. */
export type VmChanges = Partial<Pick<VmDefinition, 'name' | 'memoryMiB' | 'processors' | 'criticality' | 'trusted'>>;

/**
 * Changes a virtual machine: memory and processors in one call, then name and ratings in another.
 * @throws CimError 2 beyond the caller's role, 1, 4 @throws MethodRefusedError
 */
export async function changeVm(host: ManagedHost, vm: ManagedVm, wish: VmChanges): Promise<void> {
  const { name, criticality, trusted } = wish;
  const resources = sizes(wish);
  if (resources.length > 0) {
    const settings = resources.map(([className, values]) => {
      const kind = className === 'TVDC_MemoryAllocationSettingData' ? 'memory' : 'processor';
      return embedded(host, className, { ...values, InstanceID: `TVDC:${vm.id}/${kind}` });
    });
    await host.call(service, 'ModifyResourceSettings', { ResourceSettings: await Promise.all(settings) });
  }
  const changes = {
    ...(name === undefined ? {} : { ElementName: name }),
    ...(criticality === undefined ? {} : { Criticality: criticalityValues[criticality] }),
    ...(trusted === undefined ? {} : { Trusted: trusted }),
  };
  if (Object.keys(changes).length === 0) return;
  const path = name === undefined ? vm.path : settingsPath(host, vm);
  await host.client.modify(path, changes, { namespace: host.namespace });
}
