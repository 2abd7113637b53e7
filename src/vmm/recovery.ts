import { messageOf } from '../base/index.js';
import type { Reconciliation } from '../acm/index.js';
import type { VirtualMachine, VmState } from './inventory/index.js';
import type { HostParts } from './parts.js';
import { commitVm, portsOf, resourcesOf } from './transitions/common.js';
import { endIntent, type Intent, openIntents } from './transitions/intent.js';

const system = { user: 'system' };

async function reconnectPorts(parts: HostParts, vm: VirtualMachine): Promise<void> {
  for (const port of vm.ports) {
    await parts.network.ensureBridge(port.vlanId);
    await parts.network.connect(port, port.vlanId);
  }
}

async function finishIntent(parts: HostParts, intent: Intent): Promise<void> {
  const vm = parts.inventory.vm(intent.vm);
  // Defined in part or destroyed in part: without a record there must be no virtual TPM either.
  if (vm === undefined && parts.vtpms.get(intent.vm) !== undefined) await parts.vtpms.destroy(intent.vm);
  await parts.store.transaction((tx) => endIntent(tx, intent.vm));
  parts.log.info('transition recovered', { vm: intent.vm, transition: intent.kind, outcome: vm?.state ?? 'removed' });
}

/**
 * Brings records, hypervisor, network, virtual TPMs and reference monitor into one story after a start of this process.
 * What the hypervisor runs is the truth; a domain whose start was never recorded is ended.
 */
export async function recover(parts: HostParts): Promise<Reconciliation> {
  const domains = await parts.hypervisor.domains();
  const intents = openIntents(parts.store);
  const entering = new Set(
    intents.filter((item) => item.kind === 'start' || item.kind === 'restore').map((item) => item.vm),
  );

  for (const vlan of parts.inventory.vlans()) await parts.network.ensureBridge(vlan.id);
  for (const vm of [...parts.inventory.vms()]) {
    let state: VmState = domains.get(vm.uuid) ?? 'off';
    if (state === 'running' && vm.state !== 'running' && entering.has(vm.uuid)) {
      await parts.hypervisor.stop(vm.uuid);
      state = 'off';
    }
    if (state === 'running' || state === 'paused') {
      await reconnectPorts(parts, vm);
      await recoverTpm(parts, vm);
    } else if (state === 'off' && vm.state !== 'off' && vm.tpm) {
      await parts.vtpms.powerOff(vm.uuid);
    }
    if (state !== vm.state) await commitVm(parts, system, 'recover', vm, { ...vm, state });
  }
  for (const intent of intents) await finishIntent(parts, intent);

  const running = [...parts.inventory.vms()].flatMap((vm) =>
    vm.state === 'running' || vm.state === 'paused'
      ? [{ vm: vm.uuid, state: vm.state, resources: resourcesOf(parts, vm), ports: portsOf(vm) }]
      : [],
  );
  const result = await parts.monitor.reconcile(running);
  for (const violation of result.violations) {
    const recordId = await parts.store.transaction(
      (tx) =>
        parts.journal.append(tx, {
          kind: 'violation',
          actor: system.user,
          subject: violation.vm,
          facts: { ...violation },
        }).id,
    );
    parts.events.emit({ kind: 'violation', recordId, sentence: violation.sentence });
  }
  return result;
}

/** A VM that ran on while we were away: its virtual TPM comes back with its PCRs, or their loss is told. */
async function recoverTpm(parts: HostParts, vm: VirtualMachine): Promise<void> {
  const instance = parts.vtpms.get(vm.uuid);
  if (!vm.tpm || instance?.state === 'running') return;
  try {
    if (instance?.state === 'suspended') {
      await parts.vtpms.resume(vm.uuid);
      return;
    }
    await parts.vtpms.powerOn(vm.uuid);
    await tellLoss(parts, vm, 'its PCRs were lost with the process that kept them; reset the virtual machine');
  } catch (error) {
    await tellLoss(parts, vm, messageOf(error));
  }
}

async function tellLoss(parts: HostParts, vm: VirtualMachine, sentence: string): Promise<void> {
  const recordId = await parts.store.transaction(
    (tx) =>
      parts.journal.append(tx, { kind: 'vtpm', actor: system.user, subject: vm.uuid, facts: { failure: sentence } }).id,
  );
  parts.events.emit({ kind: 'vtpm-failed', recordId, vm: vm.uuid, sentence });
}
