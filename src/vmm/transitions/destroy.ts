import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { endIntent } from './intent.js';

/** Takes a virtual machine that is off out of everything; may be repeated after a crash at any of its steps. */
export async function removeVm(parts: HostParts, actor: Actor, vm: VirtualMachine): Promise<void> {
  if (parts.vtpms.get(vm.uuid) !== undefined) await parts.vtpms.destroy(vm.uuid);
  const recordId = await parts.inventory.change((change) => {
    change.deleteVm(vm.uuid);
    parts.monitor.forget(change.tx, { kind: 'vm', vm: vm.uuid });
    parts.boot.forgetIn(change.tx, vm.uuid);
    endIntent(change.tx, vm.uuid);
    const facts = { transition: 'destroy', name: vm.name };
    return parts.journal.append(change.tx, { kind: 'transition', actor: actor.user, subject: vm.uuid, facts }).id;
  });
  parts.events.emit({ kind: 'vm-destroyed', recordId, vm });
}
