import { messageOf } from '../../base/index.js';
import type { VirtualMachine, VmState } from '../inventory/index.js';
import type { HostParts } from '../parts.js';

/** Records and tells that a virtual machine goes on without what its virtual TPM knew. */
async function tellLoss(parts: HostParts, vm: VirtualMachine, sentence: string): Promise<void> {
  const recordId = await parts.store.transaction(
    (tx) =>
      parts.journal.append(tx, { kind: 'vtpm', actor: 'system', subject: vm.uuid, facts: { failure: sentence } }).id,
  );
  parts.events.emit({ kind: 'vtpm-failed', recordId, vm: vm.uuid, sentence });
}

async function bringBack(parts: HostParts, vm: VirtualMachine): Promise<void> {
  const state = parts.vtpms.get(vm.uuid)?.state;
  if (state === 'running') return;
  if (state === 'suspended') {
    try {
      await parts.vtpms.resume(vm.uuid);
    } catch (error) {
      await tellLoss(parts, vm, messageOf(error));
    }
    return;
  }
  // It stays off: with PCRs at zero and no boot, whoever is in the VM could extend what he likes.
  await tellLoss(parts, vm, 'its PCRs were lost with the process that kept them; reset the virtual machine');
}

/**
 * Brings the virtual TPM of a VM to where the VM is: runs with it, is suspended with it, is off with it. PCRs that were lost
 * are told; such a TPM is off until the VM boots again.
 * @throws VtpmError it could not be suspended or switched off
 */
export async function alignTpm(parts: HostParts, vm: VirtualMachine, state: VmState): Promise<void> {
  if (!vm.tpm) return;
  switch (state) {
    case 'running':
    case 'paused':
      await bringBack(parts, vm);
      break;
    case 'saved': {
      const now = parts.vtpms.get(vm.uuid)?.state;
      if (now === 'running') await parts.vtpms.suspend(vm.uuid);
      else if (now !== 'suspended') await tellLoss(parts, vm, 'its PCRs were not saved with the virtual machine');
      break;
    }
    case 'off': {
      const now = parts.vtpms.get(vm.uuid)?.state;
      if (now === 'running' || now === 'failed') await parts.vtpms.powerOff(vm.uuid);
      break;
    }
  }
}
