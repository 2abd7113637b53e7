import type { Permit, Reservation } from '../../acm/index.js';
import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { commitVm, domainOf, portsOf, refuse, requireState, requireVm, resourcesOf } from './common.js';
import { beginIntent, endIntent } from './intent.js';
import { runSteps, type Step } from './steps.js';

/** Asks the reference monitor for a place in the running set. @throws RefusedError */
async function admit(parts: HostParts, actor: Actor, vm: VirtualMachine, kind: 'start' | 'resume') {
  const { decision, reservation } = await parts.monitor.admit(vm.uuid, {
    kind,
    resources: resourcesOf(parts, vm),
    ports: portsOf(vm),
  });
  if (reservation === undefined) {
    const refusal = {
      messageId: 'TVDC0201',
      arguments: [vm.name, decision.sentence],
      element: vm.uuid,
      decision,
    } as const;
    throw await refuse(parts, actor, refusal, vm.uuid);
  }
  return { decision, reservation };
}

function networkStep(parts: HostParts, vm: VirtualMachine): Step {
  return {
    name: 'network',
    run: async () => {
      for (const port of vm.ports) {
        await parts.network.ensureBridge(port.vlanId);
        await parts.network.connect(port, port.vlanId);
      }
    },
    undo: async () => {
      for (const port of vm.ports) await parts.network.disconnect(port.id);
    },
  };
}

function tpmStep(parts: HostParts, vm: VirtualMachine, how: 'boot' | 'resume'): Step {
  return {
    name: 'vtpm',
    run: async () => {
      if (!vm.tpm) return;
      if (how === 'resume') {
        await parts.vtpms.resume(vm.uuid);
        return;
      }
      await parts.vtpms.powerOn(vm.uuid);
      if (vm.image !== null) await parts.boot.measure(vm.uuid, vm.image);
    },
    undo: async () => {
      if (!vm.tpm) return;
      if (how === 'resume') await parts.vtpms.suspend(vm.uuid);
      else await parts.vtpms.powerOff(vm.uuid);
    },
  };
}

function domainStep(parts: HostParts, vm: VirtualMachine, permit: Permit, how: 'start' | 'restore'): Step {
  return {
    name: 'hypervisor',
    run: async () => parts.hypervisor[how](await domainOf(parts, vm), permit),
    undo: () => (how === 'start' ? parts.hypervisor.stop(vm.uuid) : parts.hypervisor.save(vm.uuid)),
  };
}

async function enter(
  parts: HostParts,
  actor: Actor,
  vm: VirtualMachine,
  kind: 'start' | 'restore',
  steps: (reservation: Reservation) => readonly Step[],
): Promise<VirtualMachine> {
  await beginIntent(parts, vm.uuid, kind, actor.user);
  const { decision, reservation } = await admit(parts, actor, vm, kind === 'start' ? 'start' : 'resume');
  try {
    let after = vm;
    const commit: Step = {
      name: 'commit',
      run: async () => {
        after = await commitVm(parts, actor, kind, vm, { ...vm, state: 'running' }, decision);
      },
      undo: async () => undefined,
    };
    await runSteps([...steps(reservation), commit], parts.log);
    reservation.commit();
    return after;
  } catch (error) {
    reservation.abort();
    await parts.store.transaction((tx) => endIntent(tx, vm.uuid));
    throw error;
  }
}

/**
 * Boots a virtual machine: admission, network, virtual TPM with measured boot, hypervisor, record.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed` @throws RefusedError
 */
export function startVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['off'], 'start');
    return enter(parts, actor, vm, 'start', (reservation) => [
      networkStep(parts, vm),
      tpmStep(parts, vm, 'boot'),
      domainStep(parts, vm, reservation.permit, 'start'),
    ]);
  });
}

/**
 * Brings a saved virtual machine back with memory and PCRs; the same checks as a start. A refusal leaves it saved.
 * @throws VmmError `not_found`, `wrong_state`, `driver_failed` @throws RefusedError
 */
export function restoreVm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return parts.locks.run(uuid, async () => {
    const vm = requireVm(parts, uuid);
    requireState(vm, ['saved'], 'restore');
    return enter(parts, actor, vm, 'restore', (reservation) => [
      networkStep(parts, vm),
      tpmStep(parts, vm, 'resume'),
      domainStep(parts, vm, reservation.permit, 'restore'),
    ]);
  });
}
