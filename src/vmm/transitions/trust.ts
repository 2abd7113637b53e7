import type { Actor } from '../events.js';
import { type VirtualMachine, vmStates } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { holdVm } from './transition.js';

/**
 * Says whether a virtual machine may hold several types, and so carry data between workloads. It counts from its next entry into
 * the running set: one that runs is not stopped.
 * @throws VmmError `not_found`
 */
export function markTrusted(parts: HostParts, actor: Actor, uuid: string, trusted: boolean): Promise<VirtualMachine> {
  return holdVm(parts, uuid, { states: vmStates, what: 'change' }, async (before) => {
    if ((before.trusted === true) === trusted) return before;
    const vm: VirtualMachine = { ...before, trusted };
    const recordId = await parts.inventory.change((change) => {
      change.putVm(vm);
      const facts = { change: 'trusted', trusted, name: vm.name };
      return parts.journal.append(change.tx, { kind: 'vm', actor: actor.user, subject: uuid, facts }).id;
    });
    parts.events.emit({ kind: 'vm-changed', recordId, vm, before, transition: 'trusted' });
    return vm;
  });
}
