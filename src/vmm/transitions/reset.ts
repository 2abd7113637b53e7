import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { startVm } from './start.js';
import { stopVm } from './leave.js';

/**
 * Ends a virtual machine and boots it again, with a virtual TPM that begins at zero. It passes admission again: the policy
 * may have changed since it started.
 * @throws VmmError @throws RefusedError it is off then
 */
export async function resetVm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  how: 'stop' | 'shutDown' = 'stop',
): Promise<VirtualMachine> {
  await stopVm(parts, actor, uuid, how);
  return startVm(parts, actor, uuid);
}
