import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { commitVm, requireState, requireVm } from './common.js';
import { beginIntent } from './intent.js';

/** Stops a virtual machine's processors; it keeps its place in the running set. @throws VmmError */
export function pauseVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['running'], 'pause');
    await beginIntent(parts, uuid, 'pause', actor.user);
    await parts.hypervisor.pause(uuid);
    const after = await commitVm(parts, actor, 'pause', vm, { ...vm, state: 'paused' });
    parts.monitor.paused(uuid);
    return after;
  });
}

/** Lets a paused virtual machine go on. Its place was never given up, so nothing new is decided. @throws VmmError */
export function unpauseVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['paused'], 'resume');
    await beginIntent(parts, uuid, 'unpause', actor.user);
    await parts.hypervisor.unpause(uuid);
    const after = await commitVm(parts, actor, 'resume', vm, { ...vm, state: 'running' });
    parts.monitor.resumed(uuid);
    return after;
  });
}
