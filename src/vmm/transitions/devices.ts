import type { Decision } from '../../acm/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import { type Disk, type Port, type VirtualMachine, type VmState, vlanResource } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { commitVm, connectPorts, diskPath, refuse } from './common.js';
import { newDisk, newPort } from './define.js';
import { beginIntent, type TransitionKind } from './intent.js';
import { lockDevices } from './locks.js';
import { settleFailed } from './settle.js';
import { holdVm } from './transition.js';

const states: readonly VmState[] = ['off', 'running', 'paused'];

/** A change of the devices of a virtual machine. */
interface DeviceChange {
  readonly kind: TransitionKind & ('attach' | 'detach' | 'connect' | 'disconnect');
  readonly after: VirtualMachine;
  readonly decision?: Decision;
  /** What the drivers do while the VM runs. */
  act(): Promise<void>;
}

/** Drivers follow the record of the VM: where one of them fails, or the record, all is as it was. */
async function changeDevices(parts: HostParts, actor: Actor, vm: VirtualMachine, change: DeviceChange): Promise<void> {
  if (vm.state === 'off') {
    await commitVm(parts, actor, change.kind, vm, change.after);
    return;
  }
  try {
    await beginIntent(parts, vm.uuid, change.kind, actor.user);
    await change.act();
    await commitVm(parts, actor, change.kind, vm, change.after, change.decision ?? null);
  } catch (error) {
    await settleFailed(parts, vm.uuid);
    throw error;
  }
}

async function demandPermission(
  parts: HostParts,
  actor: Actor,
  vm: VirtualMachine,
  device: string,
  decision: Decision,
): Promise<Decision> {
  if (decision.permit) return decision;
  const refusal = {
    messageId: 'TVDC0202',
    arguments: [vm.name, device, decision.sentence],
    element: vm.uuid,
    decision,
  } as const;
  throw await refuse(parts, actor, refusal, null);
}

/**
 * Gives a virtual machine a disk, also while it runs (hot-attach is decided by the reference monitor, a cold one at start).
 * @throws VmmError `not_found`, `wrong_state`, `in_use`, `driver_failed` @throws RefusedError
 */
export function attachDisk(parts: HostParts, actor: Actor, uuid: string, volumeId: string): Promise<Disk> {
  return holdVm(parts, uuid, { states, what: 'attach' }, (vm) =>
    lockDevices(parts, [volumeId], [], () => attach(parts, actor, vm, volumeId)),
  );
}

async function attach(parts: HostParts, actor: Actor, vm: VirtualMachine, volumeId: string): Promise<Disk> {
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
  const answer = await parts.monitor.attachResource(vm.uuid, volume.resource);
  const decision = await demandPermission(parts, actor, vm, volume.name, answer);
  const act = async (): Promise<void> => {
    // Before the guest can write: a crash must not leave a written volume that counts as fresh.
    if (!volume.used) await parts.inventory.change((change) => change.putVolume({ ...volume, used: true }));
    await parts.hypervisor.attachDisk(vm.uuid, { id: disk.id, path: diskPath(parts, disk) });
  };
  await changeDevices(parts, actor, vm, { kind: 'attach', after, decision, act });
  return disk;
}

/** @throws VmmError `not_found`, `wrong_state`, `driver_failed` */
export function detachDisk(parts: HostParts, actor: Actor, uuid: string, diskId: string): Promise<void> {
  return holdVm(parts, uuid, { states, what: 'detach' }, async (vm) => {
    const disk = vm.disks.find((item) => item.id === diskId);
    if (disk === undefined) throw new VmmError('not_found', [diskId]);
    const resource = parts.inventory.volume(disk.volume)?.resource;
    const after = { ...vm, disks: vm.disks.filter((item) => item.id !== diskId) };
    const act = (): Promise<void> => parts.hypervisor.detachDisk(uuid, diskId);
    await changeDevices(parts, actor, vm, { kind: 'detach', after, act });
    if (resource !== undefined) parts.monitor.detachResource(uuid, resource);
  });
}

/**
 * Gives a virtual machine an interface on a labelled VLAN, also while it runs.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed` @throws RefusedError
 */
export function connectVlan(parts: HostParts, actor: Actor, uuid: string, vlanId: number): Promise<Port> {
  return holdVm(parts, uuid, { states, what: 'connect' }, (vm) =>
    lockDevices(parts, [], [vlanId], () => connect(parts, actor, vm, vlanId)),
  );
}

async function connect(parts: HostParts, actor: Actor, vm: VirtualMachine, vlanId: number): Promise<Port> {
  if (parts.inventory.vlan(vlanId) === undefined) throw new VmmError('not_found', [vlanResource(vlanId)]);
  const port = newPort(parts, vlanId);
  const after: VirtualMachine = { ...vm, ports: [...vm.ports, port] };
  if (vm.state === 'off') {
    await commitVm(parts, actor, 'connect', vm, after);
    return port;
  }
  const answer = await parts.monitor.attachPort(vm.uuid, { id: port.id, vlan: vlanId });
  const decision = await demandPermission(parts, actor, vm, vlanResource(vlanId), answer);
  const act = (): Promise<void> => connectPorts(parts, [port]);
  await changeDevices(parts, actor, vm, { kind: 'connect', after, decision, act });
  return port;
}

/** @throws VmmError `not_found`, `wrong_state`, `driver_failed` */
export function disconnectPort(parts: HostParts, actor: Actor, uuid: string, portId: string): Promise<void> {
  return holdVm(parts, uuid, { states, what: 'disconnect' }, async (vm) => {
    if (!vm.ports.some((item) => item.id === portId)) throw new VmmError('not_found', [portId]);
    const after = { ...vm, ports: vm.ports.filter((item) => item.id !== portId) };
    const act = (): Promise<void> => parts.network.disconnect(portId);
    await changeDevices(parts, actor, vm, { kind: 'disconnect', after, act });
    parts.monitor.detachPort(uuid, portId);
  });
}
