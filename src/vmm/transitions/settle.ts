import { messageOf } from '../../base/index.js';
import type { VirtualMachine, VmState } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { commitVm, connectPorts, disconnectPorts, diskPath, resourcesOf } from './common.js';
import { removeVm } from './destroy.js';
import { endIntent, type Intent, keepIntent, openIntent, type TransitionKind } from './intent.js';
import { alignTpm } from './virtual-tpm.js';

const goals: Readonly<Partial<Record<TransitionKind, VmState>>> = {
  stop: 'off',
  pause: 'paused',
  unpause: 'running',
  save: 'saved',
};

/** Takes back what a transition did to the domain and what was never recorded; answers where the domain is then. */
async function takeBack(parts: HostParts, vm: VirtualMachine, state: VmState, kind: TransitionKind): Promise<VmState> {
  const alive = state === 'running' || state === 'paused';
  if (kind === 'start' && vm.state === 'off' && alive) {
    await parts.hypervisor.stop(vm.uuid);
    return 'off';
  }
  if (kind === 'restore' && vm.state === 'saved' && alive) {
    await parts.hypervisor.save(vm.uuid);
    return 'saved';
  }
  return state;
}

/** A domain has the disks that its record has: what was added or removed without a record is taken back. */
async function alignDisks(parts: HostParts, vm: VirtualMachine): Promise<void> {
  const there = await parts.hypervisor.disksOf(vm.uuid);
  const wanted = new Map(vm.disks.map((disk) => [disk.id, disk]));
  for (const id of there) if (!wanted.has(id)) await parts.hypervisor.detachDisk(vm.uuid, id);
  for (const disk of wanted.values()) {
    if (!there.includes(disk.id)) {
      await parts.hypervisor.attachDisk(vm.uuid, { id: disk.id, path: diskPath(parts, disk) });
    }
  }
}

/** What the monitor counts as devices of a VM that runs and its record does not have. */
function strayDevices(parts: HostParts, vm: VirtualMachine) {
  const place = parts.monitor.running().find((system) => system.vm === vm.uuid);
  const resources = new Set(resourcesOf(parts, vm));
  const ports = new Set(vm.ports.map((port) => port.id));
  return {
    resources: (place?.resources ?? []).filter((resource) => !resources.has(resource)),
    ports: (place?.ports ?? []).map((port) => port.id).filter((id) => !ports.has(id)),
  };
}

async function alignDevices(parts: HostParts, vm: VirtualMachine, state: VmState): Promise<void> {
  if (state !== 'running' && state !== 'paused') {
    await disconnectPorts(parts, vm.ports);
    return;
  }
  await alignDisks(parts, vm);
  const stray = strayDevices(parts, vm);
  for (const port of stray.ports) await parts.network.disconnect(port);
  await connectPorts(parts, vm.ports);
  // Only now: what may still hang on the VM must count.
  for (const port of stray.ports) parts.monitor.detachPort(vm.uuid, port);
  for (const resource of stray.resources) parts.monitor.detachResource(vm.uuid, resource);
}

function tellMonitor(parts: HostParts, vm: string, state: VmState): void {
  if (state === 'running') parts.monitor.resumed(vm);
  else if (state === 'paused') parts.monitor.paused(vm);
  else parts.monitor.left(vm);
}

/**
 * Makes one story of a virtual machine: its record, network, virtual TPM and place in the running set follow what the
 * hypervisor says; disks and ports follow the record. Used after a crash and after a failure alike.
 * @param observed what the hypervisor says
 * @returns whether everything could be done; if not, the intent stays and the next transition or start tries again
 */
export async function settleVm(
  parts: HostParts,
  vm: VirtualMachine,
  observed: VmState,
  intent: Intent | undefined,
): Promise<boolean> {
  if (intent?.kind === 'destroy') {
    await removeVm(parts, { user: intent.user }, vm);
    return true;
  }
  const state = intent === undefined ? observed : await takeBack(parts, vm, observed, intent.kind);
  const problems: string[] = [];
  const attempt = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => void problems.push(messageOf(error)));
  await attempt(alignTpm(parts, vm, state));
  await attempt(alignDevices(parts, vm, state));
  let settled = state;
  if (intent?.kind === 'save' && vm.state === 'running' && state === 'paused') {
    await parts.hypervisor.unpause(vm.uuid);
    settled = 'running';
  }
  tellMonitor(parts, vm.uuid, settled);
  if (settled !== vm.state) {
    const finished = intent !== undefined && goals[intent.kind] === settled;
    const transition = finished ? intent.kind : 'recover';
    await commitVm(parts, { user: intent?.user ?? 'system' }, transition, vm, { ...vm, state: settled });
  }
  await closeIntent(parts, vm, intent, problems);
  return problems.length === 0;
}

async function closeIntent(
  parts: HostParts,
  vm: VirtualMachine,
  intent: Intent | undefined,
  problems: readonly string[],
): Promise<void> {
  if (problems.length > 0) parts.log.error('transition not settled', { vm: vm.uuid, problems });
  if (intent === undefined) return;
  await parts.store.transaction((tx) => (problems.length === 0 ? endIntent(tx, vm.uuid) : keepIntent(tx, intent)));
}

/**
 * Settles what an earlier transition of a VM left; the caller holds the VM.
 * @throws VmmError `driver_failed`: it is not even known where the domain is, so nothing else may begin
 */
export async function settlePending(parts: HostParts, uuid: string): Promise<void> {
  const intent = openIntent(parts.store, uuid);
  const vm = parts.inventory.vm(uuid);
  if (intent === undefined || vm === undefined) return;
  await settleVm(parts, vm, await parts.hypervisor.stateOf(uuid), intent);
}

/** After a failure, whether or not its intent was written: where the VM is, null if not everything could be made to agree. */
export async function settleFailed(parts: HostParts, uuid: string): Promise<VmState | null> {
  try {
    const vm = parts.inventory.vm(uuid);
    if (vm === undefined) return null;
    const observed = await parts.hypervisor.stateOf(uuid);
    const settled = await settleVm(parts, vm, observed, openIntent(parts.store, uuid));
    return settled ? (parts.inventory.vm(uuid)?.state ?? null) : null;
  } catch (error) {
    parts.log.error('transition not settled', { vm: uuid, problems: [messageOf(error)] });
    return null;
  }
}
