import { messageOf, TvdcError } from '../../base/index.js';
import { stringKey } from '../../cim/index.js';
import type { ManagedHost, NamedElement } from './managed-host.js';
import { pickNamed } from './names.js';
import { pathOf } from './texts.js';

/** A volume of a host. */
export interface HostVolume extends NamedElement {
  readonly sizeBytes: number;
  /** Name in policies: `file:/…`. */
  readonly resource: string;
  /** When its content was erased last and not written to since, as the host writes datetimes; null: never. */
  readonly erased: string | null;
  /** UUIDs of the virtual machines that have it. */
  readonly users: readonly string[];
}

/** A VLAN of a host. */
export interface HostVlan extends NamedElement {
  readonly number: number;
  /** Name for people; `name` is `vlan:<id>`. */
  readonly title: string;
  readonly interfaces: number;
}

async function usersOfVolumes({ client, namespace }: ManagedHost): Promise<ReadonlyMap<string, readonly string[]>> {
  const out = new Map<string, string[]>();
  for await (const link of client.instances('TVDC_DiskOnVolume', { namespace })) {
    const volume = stringKey(pathOf(link.get('Antecedent'), 'volume'), 'DeviceID') ?? '';
    const vm = stringKey(pathOf(link.get('Dependent'), 'disk'), 'SystemName') ?? '';
    out.set(volume, [...(out.get(volume) ?? []), vm]);
  }
  return out;
}

/** The volumes of a host, by name. */
export async function hostVolumes(host: ManagedHost): Promise<readonly HostVolume[]> {
  const labels = await host.labels();
  const users = await usersOfVolumes(host);
  const volumes: HostVolume[] = [];
  for await (const item of host.client.instances('TVDC_StorageVolume', { namespace: host.namespace })) {
    const path = pathOf(item.path, 'path of a volume');
    const id = stringKey(path, 'DeviceID') ?? '';
    const erased = item.get('SanitizedTime');
    volumes.push({
      name: item.getString('ElementName') ?? '',
      id,
      path,
      label: labels.get(id) ?? null,
      sizeBytes: Number(item.get('BlockSize') ?? 0) * Number(item.get('NumberOfBlocks') ?? 0),
      resource: item.getString('Name') ?? '',
      erased: typeof erased === 'object' && erased !== null && 'text' in erased ? String(erased.text) : null,
      users: users.get(id) ?? [],
    });
  }
  return volumes.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws TvdcError `not_found`, `ambiguous` */
export async function hostVolume(host: ManagedHost, name: string): Promise<HostVolume> {
  return pickNamed(await hostVolumes(host), name, 'volume');
}

/** Gives what was just made its label, or takes it away again. */
async function labelOrRemove(host: ManagedHost, made: NamedElement['path'], label: string): Promise<void> {
  try {
    await host.call('TVDC_SecurityPolicyService', 'AssignLabel', { Label: label, OldLabel: '', Element: made });
  } catch (error) {
    try {
      await host.client.deleteInstance(made, { namespace: host.namespace });
    } catch (failure) {
      const told = `${messageOf(error)}; it stays without a label, for it could not be removed: ${messageOf(failure)}`;
      throw new TvdcError('refused', told, { cause: error });
    }
    throw error;
  }
}

/**
 * Makes an empty volume; with a label, or not at all.
 * @throws MethodRefusedError where the label is not possible @throws CimError 4 for a name in use or a size too small
 */
export async function createVolume(
  host: ManagedHost,
  volume: { readonly name: string; readonly sizeBytes: number; readonly label?: string },
): Promise<HostVolume> {
  const { name, sizeBytes, label } = volume;
  const blockSize = sizeBytes % 512 === 0 ? 512 : 1;
  const path = await host.client.create(
    'TVDC_StorageVolume',
    { ElementName: name, BlockSize: blockSize, NumberOfBlocks: sizeBytes / blockSize },
    { namespace: host.namespace },
  );
  if (label !== undefined) await labelOrRemove(host, path, label);
  return hostVolume(host, stringKey(path, 'DeviceID') ?? '');
}

/** Removes a volume that no virtual machine has. @throws CimError 1 in use, 6 */
export async function deleteVolume(host: ManagedHost, volume: NamedElement): Promise<void> {
  await host.client.deleteInstance(volume.path, { namespace: host.namespace });
}

/** Overwrites a volume that nobody uses now; afterwards it may get any label. @throws CimError 1 in use, 6 */
export async function eraseVolume(host: ManagedHost, volume: NamedElement): Promise<void> {
  await host.call('TVDC_StorageErasureService', 'Erase', { Element: volume.path, ElementType: 1 });
}

/** The VLANs of a host, by number. */
export async function hostVlans(host: ManagedHost): Promise<readonly HostVlan[]> {
  const { client, namespace } = host;
  const labels = await host.labels();
  const interfaces = new Map<string, number>();
  for await (const link of client.instances('TVDC_VLANMember', { namespace })) {
    const id = stringKey(pathOf(link.get('Collection'), 'VLAN'), 'InstanceID') ?? '';
    interfaces.set(id, (interfaces.get(id) ?? 0) + 1);
  }
  const vlans: HostVlan[] = [];
  for await (const item of client.instances('TVDC_VLAN', { namespace })) {
    const path = pathOf(item.path, 'path of a VLAN');
    const id = stringKey(path, 'InstanceID') ?? '';
    const number = item.getNumber('VLANId') ?? 0;
    const title = item.getString('ElementName') ?? '';
    const label = labels.get(id) ?? null;
    vlans.push({ name: `vlan:${number}`, title, number, id, path, label, interfaces: interfaces.get(id) ?? 0 });
  }
  return vlans.sort((a, b) => a.number - b.number);
}

/** A VLAN by `vlan:<id>`, by its number alone, or by its title. @throws TvdcError `not_found`, `ambiguous` */
export async function hostVlan(host: ManagedHost, text: string): Promise<HostVlan> {
  const vlans = await hostVlans(host);
  const wanted = /^\d+$/.test(text) ? `vlan:${text}` : text;
  const titled = vlans.filter(({ title }) => title === text).map((vlan) => ({ ...vlan, name: text }));
  const found = pickNamed(vlans.some(({ name }) => name === wanted) ? vlans : titled, wanted, 'VLAN');
  return { ...found, name: `vlan:${found.number}` };
}

/** Makes a VLAN with its bridge; with a label, or not at all. @throws MethodRefusedError @throws CimError 4 */
export async function createVlan(
  host: ManagedHost,
  vlan: { readonly number: number; readonly title: string; readonly label?: string },
): Promise<HostVlan> {
  const { number, title, label } = vlan;
  const values = { VLANId: number, ElementName: title };
  const path = await host.client.create('TVDC_VLAN', values, { namespace: host.namespace });
  if (label !== undefined) await labelOrRemove(host, path, label);
  return hostVlan(host, `vlan:${number}`);
}

/** Removes a VLAN that no interface is on. @throws CimError 1 in use, 6 */
export async function deleteVlan(host: ManagedHost, vlan: NamedElement): Promise<void> {
  await host.client.deleteInstance(vlan.path, { namespace: host.namespace });
}
