import type { Decision, Reservation } from '../../acm/index.js';
import { RefusedError } from '../errors.js';
import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import {
  commitVm,
  connectPorts,
  domainOf,
  markVolumesUsed,
  portsOf,
  refuse,
  resourcesOf,
  unusedVolumes,
} from './common.js';
import { beginIntent } from './intent.js';
import { lockDevices } from './locks.js';
import { settleFailed } from './settle.js';
import { holdVm, workOn } from './transition.js';
import { alignTpm } from './virtual-tpm.js';

type Entry = 'start' | 'restore';

/** Asks the reference monitor for a place in the running set. @throws RefusedError */
async function admit(parts: HostParts, actor: Actor, vm: VirtualMachine, kind: Entry) {
  const { decision, reservation } = await parts.monitor.admit(vm.uuid, {
    kind: kind === 'start' ? 'start' : 'resume',
    resources: resourcesOf(parts, vm),
    ports: portsOf(vm),
    trusted: vm.trusted === true,
  });
  if (reservation === undefined) {
    const refusal = {
      messageId: 'TVDC0201',
      arguments: [vm.name, decision.sentence],
      element: vm.uuid,
      decision,
    } as const;
    throw await refuse(parts, actor, refusal, vm.uuid);
  }
  return { decision, reservation };
}

async function powerTpm(parts: HostParts, vm: VirtualMachine, kind: Entry): Promise<void> {
  if (!vm.tpm) return;
  if (kind === 'restore') {
    // One that is there must come along: a failure leaves the VM saved.
    if (parts.vtpms.get(vm.uuid)?.state === 'suspended') await parts.vtpms.resume(vm.uuid);
    else await alignTpm(parts, vm, 'running');
    return;
  }
  await parts.vtpms.powerOn(vm.uuid);
  if (vm.image !== null) await parts.boot.measure(vm.uuid, vm.image);
}

/** Network, virtual TPM, hypervisor, record: the order in which {@link settleFailed} takes them back, turned round. */
async function bringUp(
  parts: HostParts,
  actor: Actor,
  vm: VirtualMachine,
  kind: Entry,
  place: { readonly decision: Decision; readonly reservation: Reservation },
): Promise<VirtualMachine> {
  // Before the guest can write: a crash must not leave a written volume that counts as fresh.
  if (unusedVolumes(parts, vm).length > 0) {
    await parts.inventory.change((change) => markVolumesUsed(parts, vm, change));
  }
  await connectPorts(parts, vm.ports);
  await powerTpm(parts, vm, kind);
  await parts.hypervisor[kind](await domainOf(parts, vm), place.reservation.permit);
  place.reservation.commit();
  return commitVm(parts, actor, kind, vm, { ...vm, state: 'running' }, place.decision);
}

async function enter(parts: HostParts, actor: Actor, vm: VirtualMachine, kind: Entry): Promise<VirtualMachine> {
  let reservation: Reservation | undefined;
  try {
    await beginIntent(parts, vm.uuid, kind, actor.user);
    const place = await admit(parts, actor, vm, kind);
    reservation = place.reservation;
    return await bringUp(parts, actor, vm, kind, place);
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    const state = await settleFailed(parts, vm.uuid);
    // Unless the domain has certainly ended it keeps its place: better one workload too few than two that conflict.
    if (state === null) await keepPlace(parts, vm, reservation);
    else reservation?.abort();
    throw error;
  }
}

async function keepPlace(parts: HostParts, vm: VirtualMachine, reservation: Reservation | undefined): Promise<void> {
  const state = await parts.hypervisor.stateOf(vm.uuid).catch(() => 'running' as const);
  if (state === 'off' || state === 'saved') {
    reservation?.abort();
    parts.monitor.left(vm.uuid);
    return;
  }
  if (parts.monitor.running().some((system) => system.vm === vm.uuid)) reservation?.commit();
}

function enterWithDevices(parts: HostParts, actor: Actor, vm: VirtualMachine, kind: Entry): Promise<VirtualMachine> {
  const volumes = vm.disks.map((disk) => disk.volume);
  return lockDevices(parts, volumes, [], () => enter(parts, actor, vm, kind));
}

/**
 * Boots a virtual machine: admission, network, virtual TPM with measured boot, hypervisor, record.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed` @throws RefusedError
 */
export function startVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return parts.locks.run(uuid, () => startHeldVm(parts, actor, uuid));
}

/** The same for who holds the VM already. */
export function startHeldVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return workOn(parts, uuid, { states: ['off'], what: 'start' }, (vm) => enterWithDevices(parts, actor, vm, 'start'));
}

/**
 * Brings a saved virtual machine back with memory and PCRs; the same checks as a start. A refusal leaves it saved.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed` @throws RefusedError
 */
export function restoreVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return holdVm(parts, uuid, { states: ['saved'], what: 'restore' }, (vm) =>
    enterWithDevices(parts, actor, vm, 'restore'),
  );
}
