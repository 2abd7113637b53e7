import { messageOf } from '../../base/index.js';
import type { InventoryChange, OutgoingMigration, VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { connectPorts, disconnectPorts } from '../transitions/common.js';
import { settleVm } from '../transitions/settle.js';
import { type MigrationEnd, remember } from './past.js';
import { wakeTpm } from './wake-tpm.js';

function endOutgoing(
  parts: HostParts,
  change: InventoryChange,
  { id, vm, peer }: OutgoingMigration,
  end: MigrationEnd,
  byHand = false,
): void {
  change.deleteMigration(vm.uuid);
  const past = { id, direction: 'out', vm: vm.uuid, name: vm.name, peer, end, ended: parts.clock.now() } as const;
  remember(change.tx, byHand ? { ...past, untold: true } : past);
}

/** What became of a migration, for the journal; its id. */
export function recordOutgoing(
  parts: HostParts,
  change: InventoryChange,
  record: OutgoingMigration,
  outcome: string,
  why = '',
): string {
  const { id, vm, peer, user } = record;
  const facts = { transition: 'migrate', name: vm.name, to: peer, migration: id, outcome };
  const all = why === '' ? facts : { ...facts, why };
  return parts.journal.append(change.tx, { kind: 'migration', actor: user, subject: vm.uuid, facts: all }).id;
}

/** Another phase, on disk. */
export async function advance(
  parts: HostParts,
  record: OutgoingMigration,
  phase: OutgoingMigration['phase'],
): Promise<OutgoingMigration> {
  const next: OutgoingMigration = { ...record, phase };
  await parts.inventory.change((change) => change.putMigration(next));
  return next;
}

/** Lets the guest go on where it stands, with its TPM first. */
async function letGoOn(parts: HostParts, vm: VirtualMachine): Promise<void> {
  if ((await parts.hypervisor.stateOf(vm.uuid)) !== 'paused') return;
  await wakeTpm(parts, vm);
  await connectPorts(parts, vm.ports);
  if (vm.state === 'running') await parts.hypervisor.unpause(vm.uuid);
}

/** Whether a migration is still under way; it may have been ended while somebody waited for its machine. */
function isOpen(parts: HostParts, { id, vm }: OutgoingMigration, except: OutgoingMigration['phase']): boolean {
  const now = parts.inventory.migration(vm.uuid);
  return now?.id === id && now.phase !== except;
}

/**
 * The virtual machine stays: everything that was done to it is taken back. May be repeated after a crash or a failure.
 * @param why for the journal
 * @throws Error what cannot be done now; the record stays, and with it the decision
 */
export function undoOutgoing(parts: HostParts, record: OutgoingMigration, why: string, byHand = false): Promise<void> {
  const { uuid } = record.vm;
  return parts.locks.run(uuid, async () => {
    if (!isOpen(parts, record, 'leaving')) return;
    const decided = record.phase === 'aborting' ? record : await advance(parts, record, 'aborting');
    if (parts.vtpms.get(uuid)?.state === 'migrated') await parts.vtpms.recover(uuid);
    const vm = parts.inventory.vm(uuid);
    if (vm !== undefined) {
      await letGoOn(parts, decided.vm);
      const observed = await parts.hypervisor.stateOf(uuid);
      if (!(await settleVm(parts, vm, observed, undefined)))
        parts.log.error('machine that stays is not whole', { vm: uuid });
    }
    await parts.inventory.change((change) => {
      endOutgoing(parts, change, decided, 'stayed', byHand);
      recordOutgoing(parts, change, decided, byHand ? 'taken back by hand' : 'stayed', why);
    });
  });
}

/** The destination has the virtual machine: nothing of it stays here but volumes and records. May be repeated after a crash. */
export function leaveHost(parts: HostParts, record: OutgoingMigration): Promise<void> {
  const { uuid } = record.vm;
  return parts.locks.run(uuid, async () => {
    if (!isOpen(parts, record, 'aborting')) return;
    const leaving = record.phase === 'leaving' ? record : await advance(parts, record, 'leaving');
    if ((await parts.hypervisor.stateOf(uuid)) !== 'off') await parts.hypervisor.stop(uuid);
    await disconnectPorts(parts, leaving.vm.ports);
    parts.monitor.left(uuid);
    const vm = parts.inventory.vm(uuid);
    // The TPM of a machine that is on cannot be removed, and that its domain has ended is true.
    if (vm !== undefined && vm.state !== 'off') {
      await parts.inventory.change((change) => change.putVm({ ...vm, state: 'off' }));
    }
    if (parts.vtpms.get(uuid) !== undefined) await parts.vtpms.destroy(uuid);
    const recordId = await parts.inventory.change((change) => {
      change.deleteVm(uuid);
      parts.monitor.forget(change.tx, { kind: 'vm', vm: uuid });
      parts.boot.forgetIn(change.tx, uuid);
      endOutgoing(parts, change, leaving, 'moved');
      return recordOutgoing(parts, change, leaving, 'moved');
    });
    parts.events.emit({ kind: 'vm-destroyed', recordId, vm: leaving.vm });
  });
}

/** The same, where the caller has nobody to tell of a failure: the record stays, and it is tried again. */
export async function tryEnd(parts: HostParts, record: OutgoingMigration, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    parts.log.error('migration not ended yet', { vm: record.vm.uuid, id: record.id, error: messageOf(error) });
  }
}
