import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { stopHeldVm } from './leave.js';
import { startHeldVm } from './start.js';

/**
 * Ends a virtual machine and boots it again, with a virtual TPM that begins at zero; nobody else touches it in between. It
 * passes admission again: the policy may have changed since it started.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed` @throws RefusedError it is off then
 */
export function resetVm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  how: 'stop' | 'shutDown' = 'stop',
): Promise<VirtualMachine> {
  return parts.locks.run(uuid, async () => {
    await stopHeldVm(parts, actor, uuid, how);
    return startHeldVm(parts, actor, uuid);
  });
}
