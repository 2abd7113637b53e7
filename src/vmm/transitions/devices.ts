import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import { type Disk, type Port, type VirtualMachine, vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { commitVm, refuse, requireState, requireVm } from './common.js';
import { newDisk, newPort } from './define.js';

/**
 * Gives a virtual machine a disk, also while it runs (hot-attach is decided by the reference monitor, a cold one at start).
 * @throws VmmError `not_found`, `wrong_state`, `in_use` @throws RefusedError
 */
export function attachDisk(parts: HostParts, actor: Actor, uuid: string, volumeId: string): Promise<Disk> {
  return parts.locks.run(uuid, () => parts.locks.run(volumeId, () => attach(parts, actor, uuid, volumeId)));
}

async function attach(parts: HostParts, actor: Actor, uuid: string, volumeId: string): Promise<Disk> {
  const vm = requireVm(parts, uuid);
  requireState(vm, ['off', 'running', 'paused'], 'attach');
  const volume = parts.inventory.volume(volumeId);
  if (volume === undefined) throw new VmmError('not_found', [volumeId]);
  const user = parts.inventory.usersOf(volumeId)[0];
  if (user !== undefined) throw new VmmError('in_use', [volume.name, user.name]);
  const disk = newDisk(parts, volumeId);
  const after: VirtualMachine = { ...vm, disks: [...vm.disks, disk] };
  if (vm.state === 'off') {
    await commitVm(parts, actor, 'attach', vm, after);
    return disk;
  }
  const decision = await parts.monitor.attachResource(uuid, volume.resource);
  if (!decision.permit) {
    const refusal = {
      messageId: 'TVDC0202',
      arguments: [vm.name, volume.name, decision.sentence],
      element: uuid,
      decision,
    } as const;
    throw await refuse(parts, actor, refusal, null);
  }
  try {
    await parts.hypervisor.attachDisk(uuid, { id: disk.id, path: volume.resource.replace(/^[a-z]+:/, '') });
    await parts.inventory.change((change) => change.putVolume({ ...volume, used: true }));
    await commitVm(parts, actor, 'attach', vm, after, decision);
    return disk;
  } catch (error) {
    parts.monitor.detachResource(uuid, volume.resource);
    throw error;
  }
}

/** @throws VmmError `not_found`, `wrong_state` */
export function detachDisk(parts: HostParts, actor: Actor, uuid: string, diskId: string): Promise<void> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['off', 'running', 'paused'], 'detach');
    const disk = vm.disks.find((item) => item.id === diskId);
    if (disk === undefined) throw new VmmError('not_found', [diskId]);
    if (vm.state !== 'off') {
      await parts.hypervisor.detachDisk(uuid, diskId);
      const volume = parts.inventory.volume(disk.volume);
      if (volume !== undefined) parts.monitor.detachResource(uuid, volume.resource);
    }
    await commitVm(parts, actor, 'detach', vm, { ...vm, disks: vm.disks.filter((item) => item.id !== diskId) });
  });
}

/**
 * Gives a virtual machine an interface on a labelled VLAN, also while it runs.
 * @throws VmmError `not_found`, `wrong_state` @throws RefusedError
 */
export function connectVlan(parts: HostParts, actor: Actor, uuid: string, vlanId: number): Promise<Port> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['off', 'running', 'paused'], 'connect');
    if (parts.inventory.vlan(vlanId) === undefined) throw new VmmError('not_found', [vlanResource(vlanId)]);
    const port = newPort(parts, vlanId);
    const after: VirtualMachine = { ...vm, ports: [...vm.ports, port] };
    if (vm.state === 'off') {
      await commitVm(parts, actor, 'connect', vm, after);
      return port;
    }
    const decision = await parts.monitor.attachPort(uuid, { id: port.id, vlan: vlanId });
    if (!decision.permit) {
      const refusal = {
        messageId: 'TVDC0202',
        arguments: [vm.name, vlanResource(vlanId), decision.sentence],
        element: uuid,
        decision,
      } as const;
      throw await refuse(parts, actor, refusal, null);
    }
    try {
      await parts.network.ensureBridge(vlanId);
      await parts.network.connect(port, vlanId);
      await commitVm(parts, actor, 'connect', vm, after, decision);
      return port;
    } catch (error) {
      await parts.network.disconnect(port.id);
      parts.monitor.detachPort(uuid, port.id);
      throw error;
    }
  });
}

/** @throws VmmError `not_found`, `wrong_state` */
export function disconnectPort(parts: HostParts, actor: Actor, uuid: string, portId: string): Promise<void> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['off', 'running', 'paused'], 'disconnect');
    if (!vm.ports.some((item) => item.id === portId)) throw new VmmError('not_found', [portId]);
    if (vm.state !== 'off') {
      await parts.network.disconnect(portId);
      parts.monitor.detachPort(uuid, portId);
    }
    await commitVm(parts, actor, 'disconnect', vm, { ...vm, ports: vm.ports.filter((item) => item.id !== portId) });
  });
}
