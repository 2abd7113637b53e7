import { TvdcError } from '../../base/index.js';
import type { ManagedHost, ManagedVm } from './managed-host.js';
import { deviceSettings } from './vm-definition.js';
import { settingsPath, type VmDetails, type VmDisk, type VmPort } from './vm-details.js';

const service = 'TVDC_VirtualSystemManagementService';

/** What a virtual machine is to get: volumes by name or UUID, numbers of VLANs. */
export interface DeviceWish {
  readonly volumes?: readonly string[];
  readonly vlans?: readonly number[];
}

/**
 * Gives a virtual machine disks and interfaces, also while it runs.
 * @throws TvdcError `not_found`, `ambiguous` @throws CimError 1 where the policy refuses, 4, 6
 */
export async function attachDevices(host: ManagedHost, vm: ManagedVm, wish: DeviceWish): Promise<void> {
  const { volumes = [], vlans = [] } = wish;
  await host.call(service, 'AddResourceSettings', {
    AffectedConfiguration: settingsPath(host, vm),
    ResourceSettings: [...(await deviceSettings(host, { disks: volumes.map((volume) => ({ volume })), vlans }))],
  });
}

/** Takes disks and interfaces from a virtual machine, also while it runs. @throws CimError 1, 6 */
export async function detachDevices(host: ManagedHost, devices: readonly (VmDisk | VmPort)[]): Promise<void> {
  await host.call(service, 'RemoveResourceSettings', { ResourceSettings: devices.map(({ settings }) => settings) });
}

function namesOf(device: VmDisk | VmPort): readonly string[] {
  if (device.kind === 'disk') return [device.id, device.volume, device.volumeId, device.resource];
  return [device.id, device.mac, `vlan:${device.vlan}`];
}

/** For people: `disk ma-1-disk (UUID)`. */
export function describeDevice(device: VmDisk | VmPort): string {
  return device.kind === 'disk'
    ? `disk ${device.volume} (${device.id})`
    : `interface ${device.mac} on vlan:${device.vlan} (${device.id})`;
}

/**
 * A device of a virtual machine by its identifier, by its volume (name, UUID, resource), its address or its VLAN.
 * @throws TvdcError `not_found`, `ambiguous` with the candidates
 */
export function pickDevice(vm: VmDetails, text: string): VmDisk | VmPort {
  const folded = text.toLowerCase();
  const all = [...vm.disks, ...vm.ports];
  const found = all.filter((device) => namesOf(device).some((name) => name.toLowerCase() === folded));
  const [first, ...others] = found;
  if (first === undefined) throw new TvdcError('not_found', `${vm.name} has neither disk nor interface ${text}`);
  if (others.length === 0) return first;
  const candidates = found.map(describeDevice);
  throw new TvdcError('ambiguous', `${text} may be ${candidates.join(' or ')}: give its identifier`, {
    details: { candidates },
  });
}
