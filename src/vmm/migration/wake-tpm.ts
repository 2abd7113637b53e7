import { messageOf } from '../../base/index.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { alignTpm } from '../transitions/virtual-tpm.js';

/** The virtual TPM of a machine that is to go on: tried twice before its PCRs are told as lost. */
export async function wakeTpm(parts: HostParts, vm: VirtualMachine): Promise<void> {
  if (vm.tpm && parts.vtpms.get(vm.uuid)?.state === 'suspended') {
    await parts.vtpms.resume(vm.uuid).catch((error: unknown) => {
      parts.log.warn('virtual TPM not resumed at the first try', { vm: vm.uuid, error: messageOf(error) });
    });
  }
  await alignTpm(parts, vm, vm.state);
}
