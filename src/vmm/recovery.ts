import { messageOf } from '../base/index.js';
import type { Reconciliation, RunningSystem } from '../acm/index.js';
import type { VirtualMachine, VmState } from './inventory/index.js';
import { dropIncoming } from './migration/index.js';
import type { HostParts } from './parts.js';
import { portsOf, resourcesOf } from './transitions/common.js';
import { type Intent, openIntents } from './transitions/intent.js';
import { tryRemoveRemains } from './transitions/make.js';
import { settleVm } from './transitions/settle.js';

type Domains = ReadonlyMap<string, Exclude<VmState, 'off'>>;

// Side by side, so that what they write shares commits.
const batchSize = 256;

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += batchSize) {
    await Promise.all(items.slice(at, at + batchSize).map(work));
  }
}

function isOn(state: VmState | undefined): state is 'running' | 'paused' {
  return state === 'running' || state === 'paused';
}

async function settle(parts: HostParts, vm: VirtualMachine, observed: VmState, intent: Intent | undefined) {
  const asleep = observed === vm.state && !isOn(observed) && intent === undefined;
  const tpm = vm.tpm ? parts.vtpms.get(vm.uuid)?.state : undefined;
  const expected = observed === 'saved' ? 'suspended' : 'off';
  if (asleep && (tpm === undefined || tpm === expected || (observed === 'off' && tpm !== 'running'))) return;
  try {
    await settleVm(parts, vm, observed, intent);
  } catch (error) {
    // One VM that cannot be settled must not keep the others waiting; its intent stays.
    parts.log.error('transition not recovered', { vm: vm.uuid, error: messageOf(error) });
    return;
  }
  if (intent === undefined) return;
  const outcome = parts.inventory.vm(vm.uuid)?.state ?? 'removed';
  parts.log.info('transition recovered', { vm: vm.uuid, transition: intent.kind, outcome });
}

/** Switch ports that no running virtual machine has. */
async function cutStrayPorts(parts: HostParts, domains: Domains): Promise<void> {
  const known = new Set<string>();
  for (const vm of parts.inventory.vms()) {
    if (isOn(domains.get(vm.uuid))) for (const port of vm.ports) known.add(port.id);
  }
  for (const { portId } of await parts.network.connections()) {
    if (!known.has(portId)) await parts.network.disconnect(portId);
  }
}

/** A place that was kept for a virtual machine of another host went with the process that promised it. */
async function dropPromises(parts: HostParts): Promise<void> {
  for (const migration of [...parts.inventory.migrations()]) {
    if (migration.direction !== 'in' || migration.phase !== 'reserved') continue;
    try {
      await dropIncoming(parts, migration, 'this host was started again');
    } catch (error) {
      parts.log.error('promise not dropped', { vm: migration.vm.uuid, error: messageOf(error) });
    }
  }
}

/** What runs, domains without a record included: the monitor finds them unlabelled. */
function runningSystems(parts: HostParts, domains: Domains): readonly RunningSystem[] {
  const out: RunningSystem[] = [];
  for (const [uuid, state] of domains) {
    if (!isOn(state)) continue;
    const vm = parts.inventory.vm(uuid) ?? parts.inventory.migration(uuid)?.vm;
    if (vm === undefined) out.push({ vm: uuid, state });
    else out.push({ vm: uuid, state, resources: resourcesOf(parts, vm), ports: portsOf(vm) });
  }
  return out;
}

async function tellViolations(parts: HostParts, { violations }: Reconciliation): Promise<void> {
  for (const violation of violations) {
    const facts = { ...violation };
    const recordId = await parts.store.transaction(
      (tx) => parts.journal.append(tx, { kind: 'violation', actor: 'system', subject: violation.vm, facts }).id,
    );
    parts.events.emit({ kind: 'violation', recordId, sentence: violation.sentence });
  }
}

/**
 * Brings records, hypervisor, network, virtual TPMs and reference monitor into one story after a start of this process.
 * What the hypervisor runs is the truth; a domain whose start was never recorded is ended. To be called before the first
 * transition.
 */
export async function recover(parts: HostParts): Promise<Reconciliation> {
  const before = await parts.hypervisor.domains();
  const intents = new Map(openIntents(parts.store).map((intent) => [intent.vm, intent]));
  for (const vlan of parts.inventory.vlans()) await parts.network.ensureBridge(vlan.id);
  await dropPromises(parts);
  // One that is on its way belongs to its migration, which is ended when the other host can be asked.
  const settled = [...parts.inventory.vms()].filter((vm) => parts.inventory.migration(vm.uuid) === undefined);
  await inBatches(settled, (vm) => settle(parts, vm, before.get(vm.uuid) ?? 'off', intents.get(vm.uuid)));
  for (const intent of intents.values()) {
    if (parts.inventory.vm(intent.vm) !== undefined) continue;
    parts.log.info('transition recovered', { vm: intent.vm, transition: intent.kind, outcome: 'removed' });
    await tryRemoveRemains(parts, intent.vm);
  }
  const domains = await parts.hypervisor.domains();
  await cutStrayPorts(parts, domains);
  const result = await parts.monitor.reconcile(runningSystems(parts, domains));
  await tellViolations(parts, result);
  return result;
}

/**
 * Before this process ends in order: virtual TPMs of virtual machines that run on are saved with their PCRs, so that
 * {@link recover} can resume them. No transition may begin afterwards.
 */
export async function leaveRunning(parts: HostParts): Promise<void> {
  const running = [...parts.inventory.vms()].filter((vm) => isOn(vm.state) && vm.tpm);
  await inBatches(running, (vm) =>
    parts.locks.run(vm.uuid, async () => {
      try {
        if (parts.vtpms.get(vm.uuid)?.state === 'running') await parts.vtpms.suspend(vm.uuid);
      } catch (error) {
        parts.log.error('virtual TPM not saved', { vm: vm.uuid, error: messageOf(error) });
      }
    }),
  );
}
