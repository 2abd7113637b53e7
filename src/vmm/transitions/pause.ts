import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { carryOut } from './leave.js';
import { holdVm } from './transition.js';

/**
 * Stops a virtual machine's processors; it keeps its place in the running set.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed`
 */
export function pauseVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return holdVm(parts, uuid, { states: ['running'], what: 'pause' }, (vm) =>
    carryOut(parts, actor, vm, { kind: 'pause', name: 'pause', to: 'paused' }, async () => {
      await parts.hypervisor.pause(uuid);
      parts.monitor.paused(uuid);
    }),
  );
}

/**
 * Lets a paused virtual machine go on. Its place was never given up, so nothing new is decided.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed`
 */
export function unpauseVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return holdVm(parts, uuid, { states: ['paused'], what: 'resume' }, (vm) =>
    carryOut(parts, actor, vm, { kind: 'unpause', name: 'resume', to: 'running' }, async () => {
      await parts.hypervisor.unpause(uuid);
      parts.monitor.resumed(uuid);
    }),
  );
}
