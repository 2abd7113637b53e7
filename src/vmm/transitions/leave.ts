import { messageOf } from '../../base/index.js';
import type { Actor } from '../events.js';
import type { VirtualMachine, VmState } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { commitVm, disconnectPorts, requireVm } from './common.js';
import { beginIntent, type TransitionKind } from './intent.js';
import { settleFailed } from './settle.js';
import { holdVm, workOn } from './transition.js';
import { alignTpm } from './virtual-tpm.js';

/** A change that is carried out to its end where possible: a domain that has ended cannot be brought back. */
export async function carryOut(
  parts: HostParts,
  actor: Actor,
  vm: VirtualMachine,
  change: { readonly kind: TransitionKind; readonly name: string; readonly to: VmState },
  act: () => Promise<void>,
): Promise<VirtualMachine> {
  try {
    await beginIntent(parts, vm.uuid, change.kind, actor.user);
    await act();
    return await commitVm(parts, actor, change.name, vm, { ...vm, state: change.to });
  } catch (error) {
    if ((await settleFailed(parts, vm.uuid)) !== change.to) throw error;
    parts.log.warn('transition finished at the second try', {
      vm: vm.uuid,
      transition: change.name,
      error: messageOf(error),
    });
    return requireVm(parts, vm.uuid);
  }
}

/** Everything a VM holds on this host is given back after its domain has ended. */
async function endDomain(parts: HostParts, vm: VirtualMachine, how: 'stop' | 'shutDown'): Promise<void> {
  if (vm.state === 'saved') await parts.hypervisor.discardSaved(vm.uuid);
  else await parts.hypervisor[how](vm.uuid);
  await alignTpm(parts, vm, 'off');
  await disconnectPorts(parts, vm.ports);
  parts.monitor.left(vm.uuid);
}

/** A guest takes its time to shut down: until then its machine shows that it is about to end. */
async function whileEnding<T>(parts: HostParts, vm: VirtualMachine, work: () => Promise<T>): Promise<T> {
  parts.ending.add(vm.uuid);
  parts.events.emit({ kind: 'vm-ending', vm, ending: true });
  try {
    return await work();
  } finally {
    parts.ending.delete(vm.uuid);
    const now = parts.inventory.vm(vm.uuid);
    if (now?.state === 'running') parts.events.emit({ kind: 'vm-ending', vm: now, ending: false });
  }
}

/** The guest stands still before its TPM goes, and the TPM is on disk before the domain: a crash loses no PCRs. */
async function saveDomain(parts: HostParts, vm: VirtualMachine): Promise<void> {
  await parts.hypervisor.pause(vm.uuid);
  await alignTpm(parts, vm, 'saved');
  await parts.hypervisor.save(vm.uuid);
  await disconnectPorts(parts, vm.ports);
  parts.monitor.left(vm.uuid);
}

/**
 * Ends a virtual machine. `shutDown` asks the guest, otherwise it ends at once; a saved one loses what was saved.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed`
 */
export function stopVm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  how: 'stop' | 'shutDown' = 'stop',
): Promise<VirtualMachine> {
  return parts.locks.run(uuid, () => stopHeldVm(parts, actor, uuid, how));
}

/** The same for who holds the VM already. */
export function stopHeldVm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  how: 'stop' | 'shutDown',
): Promise<VirtualMachine> {
  const states: readonly VmState[] = how === 'stop' ? ['running', 'paused', 'saved'] : ['running'];
  const name = how === 'stop' ? 'stop' : 'shut down';
  return workOn(parts, uuid, { states, what: name }, (vm) => {
    const stop = () => carryOut(parts, actor, vm, { kind: 'stop', name, to: 'off' }, () => endDomain(parts, vm, how));
    return how === 'stop' ? stop() : whileEnding(parts, vm, stop);
  });
}

/**
 * Writes a virtual machine's memory to disk and ends its domain; its PCRs are kept.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed`
 */
export function saveVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return holdVm(parts, uuid, { states: ['running', 'paused'], what: 'save' }, (vm) =>
    carryOut(parts, actor, vm, { kind: 'save', name: 'save', to: 'saved' }, () => saveDomain(parts, vm)),
  );
}
