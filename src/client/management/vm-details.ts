import { type CimInstance, type CimInstancePath, createInstancePath, stringKey } from '../../cim/index.js';
import type { ManagedHost, ManagedVm } from './managed-host.js';
import { pathOf, textsOf } from './texts.js';

/** A disk of a virtual machine. */
export interface VmDisk {
  readonly kind: 'disk';
  /** Of the device; its volume may be in use elsewhere later. */
  readonly id: string;
  /** Name of the volume; its UUID where the caller may not see it. */
  readonly volume: string;
  readonly volumeId: string;
  /** Name in policies: `file:/…`. */
  readonly resource: string;
  readonly sizeBytes: number;
  readonly label: string | null;
  readonly settings: CimInstancePath;
}

/** A network interface of a virtual machine. */
export interface VmPort {
  readonly kind: 'port';
  readonly id: string;
  readonly vlan: number;
  readonly mac: string;
  readonly label: string | null;
  readonly settings: CimInstancePath;
}

export interface VmTpm {
  readonly id: string;
  readonly backend: string;
  readonly state: string;
}

/** A virtual machine with all that it is made of. */
export interface VmDetails extends ManagedVm {
  readonly memoryMiB: number | null;
  readonly processors: number | null;
  readonly disks: readonly VmDisk[];
  readonly ports: readonly VmPort[];
  readonly tpm: VmTpm | null;
  /** Names of the Trusted Virtual Domains that it belongs to. */
  readonly domains: readonly string[];
}

/** Path of the settings that define a virtual machine. */
export function settingsPath(host: ManagedHost, vm: { readonly id: string }): CimInstancePath {
  return createInstancePath(
    'TVDC_VirtualSystemSettingData',
    { InstanceID: `TVDC:${vm.id}` },
    { namespace: host.namespace },
  );
}

function deviceId(path: CimInstancePath): string {
  return (stringKey(path, 'InstanceID') ?? '').replace(/^TVDC:[^/]*\//, '');
}

function diskOf(setting: CimInstance, names: ReadonlyMap<string, string>): VmDisk {
  const settings = pathOf(setting.path, 'path of a disk');
  const [resource = ''] = textsOf(setting.get('HostResource'));
  const volumeId = /DeviceID="([^"]+)"/.exec(resource)?.[1] ?? '';
  return {
    kind: 'disk',
    id: deviceId(settings),
    volume: names.get(volumeId) ?? volumeId,
    volumeId,
    resource: setting.getString('Address') ?? '',
    sizeBytes: Number(setting.get('VirtualQuantity') ?? 0),
    label: setting.getString('SecurityLabel'),
    settings,
  };
}

function portOf(setting: CimInstance): VmPort {
  const settings = pathOf(setting.path, 'path of an interface');
  const [connection = ''] = textsOf(setting.get('Connection'));
  return {
    kind: 'port',
    id: deviceId(settings),
    vlan: Number(/(\d+)$/.exec(connection)?.[1] ?? 0),
    mac: setting.getString('Address') ?? '',
    label: setting.getString('SecurityLabel'),
    settings,
  };
}

/** Memory in MiB, whatever the unit of the setting. */
function memoryOf(setting: CimInstance): number {
  const quantity = Number(setting.get('VirtualQuantity') ?? 0);
  const power = /^byte\s*\*\s*2\^(\d+)$/i.exec(setting.getString('AllocationUnits') ?? 'byte')?.[1] ?? '0';
  return (quantity * 2 ** Number(power)) / 2 ** 20;
}

async function tpmOf(host: ManagedHost, vm: ManagedVm): Promise<VmTpm | null> {
  const options = {
    namespace: host.namespace,
    assocClass: 'TVDC_SystemDevice',
    resultClass: 'TVDC_VirtualTPM',
  };
  const tpm = await host.client.associators(vm.path, options).first();
  if (tpm === undefined) return null;
  return {
    id: tpm.getString('DeviceID') ?? '',
    backend: tpm.getString('Backend') ?? '',
    state: tpm.getString('State') ?? '',
  };
}

/** Names of the domains of one virtual machine. */
async function domainsOf(host: ManagedHost, vm: ManagedVm): Promise<readonly string[]> {
  const options = { namespace: host.namespace, assocClass: 'TVDC_DomainMember' };
  const found = await host.client.associators(vm.path, options).toArray();
  return found.map((domain) => domain.getString('ElementName') ?? '').sort();
}

/** Reads what a virtual machine is made of. @throws CimError */
export async function vmDetails(host: ManagedHost, vm: ManagedVm): Promise<VmDetails> {
  const { client, namespace } = host;
  const assocClass = 'TVDC_VirtualSystemSettingDataComponent';
  const settings = await client.associators(settingsPath(host, vm), { namespace, assocClass }).toArray();
  const of = (className: string): readonly CimInstance[] => settings.filter((item) => item.className === className);
  const storage = of('TVDC_StorageAllocationSettingData');
  const names = new Map(storage.length === 0 ? [] : (await host.volumes()).map(({ id, name }) => [id, name]));
  const [memory] = of('TVDC_MemoryAllocationSettingData');
  const [processors] = of('TVDC_ProcessorAllocationSettingData');
  const disks = storage.map((setting) => diskOf(setting, names));
  const ports = of('TVDC_EthernetPortAllocationSettingData').map(portOf);
  return {
    ...vm,
    memoryMiB: memory === undefined ? null : memoryOf(memory),
    processors: processors === undefined ? null : Number(processors.get('VirtualQuantity') ?? 0),
    disks,
    ports,
    tpm: await tpmOf(host, vm),
    domains: await domainsOf(host, vm),
  };
}
