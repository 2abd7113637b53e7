import { type CimArray, CimError, type CimInstance, type CimValue, isCimArray } from '../../cim/index.js';
import type { HostView } from '../kit/index.js';

/** What a resource setting is about. */
export type ResourceKind = 'storage' | 'ethernet' | 'tpm' | 'memory' | 'processor';

/** CIM_ResourceAllocationSettingData.ResourceType of each kind, the one that we write first. */
export const resourceTypes: Readonly<Record<ResourceKind, readonly [number, ...number[]]>> = {
  storage: [31, 17, 32],
  ethernet: [33, 10],
  tpm: [1],
  memory: [4],
  processor: [3],
};

export const tpmResourceType = 'TVDC:TPM';

/** Our setting class of each kind. */
export const settingClasses: Readonly<Record<ResourceKind, string>> = {
  storage: 'TVDC_StorageAllocationSettingData',
  ethernet: 'TVDC_EthernetPortAllocationSettingData',
  tpm: 'TVDC_TPMAllocationSettingData',
  memory: 'TVDC_MemoryAllocationSettingData',
  processor: 'TVDC_ProcessorAllocationSettingData',
};

export const resourceKinds = Object.keys(settingClasses) as readonly ResourceKind[];

/** Kind of a setting by the name of its class; undefined: the class says nothing of it. */
export function kindOfClass(className: string): ResourceKind | undefined {
  const plain = className.replace(/^[^_]*_/, '').toLowerCase();
  return resourceKinds.find((kind) => settingClasses[kind].slice('TVDC_'.length).toLowerCase() === plain);
}

/** By class, else by ResourceType. @throws CimError 4 for what a virtual machine cannot have */
export function kindOfSetting(setting: CimInstance): ResourceKind {
  const byClass = kindOfClass(setting.className);
  if (byClass !== undefined) return byClass;
  const type = setting.getNumber('ResourceType');
  const byType = resourceKinds.find((kind) => resourceTypes[kind].includes(type ?? 0));
  if (byType === undefined || (byType === 'tpm' && setting.getString('OtherResourceType') !== tpmResourceType)) {
    throw new CimError(
      4,
      `a virtual machine cannot have a setting of class ${setting.className} with ResourceType ${type}`,
    );
  }
  return byType;
}

export function isInstance(value: CimValue | undefined): value is CimInstance {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instance';
}

/** The embedded instances of a parameter. @throws CimError 4 where it has none */
export function embeddedInstances(value: CimValue | undefined, name: string): readonly CimInstance[] {
  const items: CimArray = value !== undefined && isCimArray(value) ? value : [];
  const found = items.filter((item): item is CimInstance => isInstance(item));
  if (found.length === 0) throw new CimError(4, `${name} must hold embedded settings`);
  return found;
}

function volumeNamed(view: HostView, text: string): string | undefined {
  const id = /DeviceID="([^"]+)"/.exec(text)?.[1] ?? text;
  return (view.parts.inventory.volume(id) ?? view.parts.inventory.volumeByResource(id))?.uuid;
}

/** The volume that a storage setting names in HostResource, by path, UUID or name; null: it names none. @throws CimError 4 */
export function volumeOfHostResource(view: HostView, setting: CimInstance): string | null {
  const named = setting.get('HostResource');
  if (named === undefined || named === null || !isCimArray(named) || named.length === 0) return null;
  for (const text of named) {
    const volume = typeof text === 'string' ? volumeNamed(view, text) : undefined;
    if (volume !== undefined) return volume;
  }
  throw new CimError(4, 'HostResource names no volume of this host');
}

/** The volume that a storage setting names in Address, by its resource; null: it names none. @throws CimError 4 */
export function volumeOfAddress(view: HostView, setting: CimInstance): string | null {
  const text = setting.getString('Address');
  if (text === null || text === '') return null;
  const volume = volumeNamed(view, text);
  if (volume === undefined) throw new CimError(4, 'Address names no volume of this host');
  return volume;
}

/** The volume of a new disk. @throws CimError 4 */
export function volumeOf(view: HostView, setting: CimInstance): string {
  const volume = volumeOfHostResource(view, setting) ?? volumeOfAddress(view, setting);
  if (volume === null)
    throw new CimError(4, 'a storage setting names no volume of this host in HostResource or Address');
  return volume;
}

/** The VLAN in Connection, as InstanceID of a TVDC_VLAN, `vlan:<id>` or number; null: none is named. @throws CimError 4 */
export function vlanOfConnection(setting: CimInstance): number | null {
  const connection = setting.get('Connection');
  if (connection === undefined || connection === null || !isCimArray(connection) || connection.length === 0)
    return null;
  const id = Number(/(\d+)"?$/.exec(typeof connection[0] === 'string' ? connection[0] : '')?.[1] ?? Number.NaN);
  if (!Number.isInteger(id)) throw new CimError(4, 'Connection names no VLAN');
  return id;
}

/** @throws CimError 4 */
export function vlanOf(setting: CimInstance): number {
  const id = vlanOfConnection(setting);
  if (id === null) throw new CimError(4, 'an Ethernet setting names no VLAN in Connection');
  return id;
}

function quantityOf(setting: CimInstance): bigint | null {
  const value = setting.get('VirtualQuantity');
  return typeof value === 'bigint' ? value : null;
}

/** @throws CimError 4 */
export function processorsOf(setting: CimInstance): number | null {
  const quantity = quantityOf(setting);
  return quantity === null ? null : Number(quantity);
}

const mebibyte = 1n << 20n;

/** Bytes of one programmatic unit of the form `byte*2^20` (DSP0004 annex C). */
function bytesOf(unit: string): bigint | null {
  const parsed = /^byte(?:\s{0,8}\*\s{0,8}(\d{1,4})(?:\^(\d{1,2}))?)?$/.exec(unit.trim());
  if (parsed === null) return null;
  const exponent = Number(parsed[2] ?? 1);
  return exponent > 60 ? null : BigInt(parsed[1] ?? 1) ** BigInt(exponent);
}

/** VirtualQuantity of memory in MiB, whatever unit the setting counts in. @throws CimError 4 */
export function memoryMiBOf(setting: CimInstance): number | null {
  const quantity = quantityOf(setting);
  if (quantity === null) return null;
  const named = setting.getString('VirtualQuantityUnits');
  // The class's default says nothing of memory.
  const unit = (named === 'count' ? null : named) ?? setting.getString('AllocationUnits') ?? 'byte*2^20';
  const size = bytesOf(unit);
  if (size === null) throw new CimError(4, `memory is counted in byte, byte*2^10, byte*2^20 …, not in "${unit}"`);
  const bytes = quantity * size;
  if (bytes % mebibyte !== 0n) throw new CimError(4, `memory comes in whole MiB, not in ${bytes} bytes`);
  return Number(bytes / mebibyte);
}
