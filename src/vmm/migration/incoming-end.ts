import { messageOf } from '../../base/index.js';
import type { IncomingMigration, InventoryChange, VirtualMachine, VmState } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { connectPorts, disconnectPorts, markVolumesUsed, unusedVolumes } from '../transitions/common.js';
import { keepIntent } from '../transitions/intent.js';
import { settleFailed } from '../transitions/settle.js';
import { type MigrationEnd, remember } from './past.js';
import { wakeTpm } from './wake-tpm.js';

/** Ends the record of a migration, in the transaction that makes its end true. */
function endIncoming(
  parts: HostParts,
  change: InventoryChange,
  { id, vm, peer }: IncomingMigration,
  end: MigrationEnd,
  byHand: boolean,
): void {
  change.deleteMigration(vm.uuid);
  const past = { id, direction: 'in', vm: vm.uuid, name: vm.name, peer, end, ended: parts.clock.now() } as const;
  remember(change.tx, byHand ? { ...past, untold: true } : past);
}

function journal(
  parts: HostParts,
  change: InventoryChange,
  record: IncomingMigration,
  facts: Readonly<Record<string, string>>,
): string {
  const { id, vm, peer, user } = record;
  const all = { transition: 'migrate', name: vm.name, from: peer, migration: id, ...facts };
  return parts.journal.append(change.tx, { kind: 'migration', actor: user, subject: vm.uuid, facts: all }).id;
}

/**
 * Removes all that was kept here for a virtual machine that stays at its source; may be repeated after a crash.
 * @param why for the journal
 */
export async function dropIncoming(
  parts: HostParts,
  record: IncomingMigration,
  why: string,
  byHand = false,
): Promise<void> {
  const { vm } = record;
  if ((await parts.hypervisor.stateOf(vm.uuid)) !== 'off') await parts.hypervisor.stop(vm.uuid);
  parts.monitor.left(vm.uuid);
  await disconnectPorts(parts, vm.ports);
  const tpm = parts.vtpms.get(vm.uuid);
  if (tpm !== undefined && tpm.state !== 'migrated') {
    if (tpm.state === 'running' || tpm.state === 'failed') await parts.vtpms.powerOff(vm.uuid);
    await parts.vtpms.destroy(vm.uuid);
  }
  await parts.inventory.change((change) => {
    endIncoming(parts, change, record, 'stayed', byHand);
    parts.monitor.forget(change.tx, { kind: 'vm', vm: vm.uuid });
    parts.boot.forgetIn(change.tx, vm.uuid);
    journal(parts, change, record, { outcome: 'not taken', why });
  });
}

async function bringToLife(parts: HostParts, vm: VirtualMachine): Promise<void> {
  await connectPorts(parts, vm.ports);
  await wakeTpm(parts, vm);
  if (vm.state !== 'running') return;
  await parts.hypervisor.unpause(vm.uuid);
  parts.monitor.resumed(vm.uuid);
}

/** Where an accepted machine is, once everything was tried to let it go on. */
async function goOn(
  parts: HostParts,
  vm: VirtualMachine,
): Promise<{ readonly state: VmState; readonly whole: boolean }> {
  if (vm.state === 'off') return { state: 'off', whole: true };
  // Before the guest can write: a crash must not leave a written volume that counts as fresh.
  await parts.inventory.change((change) => markVolumesUsed(parts, vm, change));
  const failed = (error: unknown): false => {
    parts.log.error('migrated machine not brought to life', { vm: vm.uuid, error: messageOf(error) });
    return false;
  };
  const alive = (): Promise<boolean> => bringToLife(parts, vm).then(() => true, failed);
  const whole = (await alive()) || (await alive());
  return { state: await parts.hypervisor.stateOf(vm.uuid), whole };
}

/**
 * Makes an accepted virtual machine one of this host, and lets it go on if it ran; may be repeated after a crash. Where its
 * network, TPM or domain does not follow, it is here all the same, in the state that it is in, and its next transition, or
 * the next start of this process, settles it.
 */
export async function takeOver(parts: HostParts, record: IncomingMigration, byHand = false): Promise<VirtualMachine> {
  const { vm, user, used } = record;
  const { state, whole } = await goOn(parts, vm);
  const arrived: VirtualMachine = { ...vm, state, changedAt: parts.clock.now() };
  const recordId = await parts.inventory.change((change) => {
    endIncoming(parts, change, record, 'moved', byHand);
    change.putVm(arrived);
    for (const volume of unusedVolumes(parts, vm)) {
      if (used.includes(volume.uuid)) change.putVolume({ ...volume, used: true });
    }
    if (!whole) keepIntent(change.tx, { vm: vm.uuid, kind: 'unpause', user, begun: parts.clock.now() });
    return journal(parts, change, record, { outcome: byHand ? 'taken by hand' : 'taken', state });
  });
  parts.events.emit({ kind: 'vm-defined', recordId, vm: arrived });
  if (!whole) await settleFailed(parts, vm.uuid);
  return arrived;
}
