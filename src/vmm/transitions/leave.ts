import type { Actor } from '../events.js';
import type { VirtualMachine, VmState } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { commitVm, requireState, requireVm } from './common.js';
import { beginIntent } from './intent.js';

async function leaveNetwork(parts: HostParts, vm: VirtualMachine): Promise<void> {
  for (const port of vm.ports) await parts.network.disconnect(port.id);
}

/** Everything a VM holds on this host is given back after its domain has ended; what fails is finished by recovery. */
async function powerDown(parts: HostParts, vm: VirtualMachine): Promise<void> {
  await leaveNetwork(parts, vm);
  if (vm.tpm) await parts.vtpms.powerOff(vm.uuid);
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
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    const allowed: readonly VmState[] = how === 'stop' ? ['running', 'paused', 'saved'] : ['running'];
    requireState(vm, allowed, how === 'stop' ? 'stop' : 'shut down');
    await beginIntent(parts, uuid, 'stop', actor.user);
    if (vm.state === 'saved') await parts.hypervisor.discardSaved(uuid);
    else await parts.hypervisor[how](uuid);
    await powerDown(parts, vm);
    const after = await commitVm(parts, actor, how === 'stop' ? 'stop' : 'shut down', vm, { ...vm, state: 'off' });
    parts.monitor.left(uuid);
    return after;
  });
}

/**
 * Writes a virtual machine's memory to disk and ends its domain; its PCRs are kept.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed`
 */
export function saveVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['running', 'paused'], 'save');
    await beginIntent(parts, uuid, 'save', actor.user);
    await parts.hypervisor.save(uuid);
    await leaveNetwork(parts, vm);
    if (vm.tpm) await parts.vtpms.suspend(uuid);
    const after = await commitVm(parts, actor, 'save', vm, { ...vm, state: 'saved' });
    parts.monitor.left(uuid);
    return after;
  });
}
