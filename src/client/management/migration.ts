import type { ManagedHost, ManagedVm } from './managed-host.js';
import { outText } from './refusal.js';
import { textsOf } from './texts.js';

const serviceClass = 'TVDC_VirtualSystemMigrationService';

/** One thing that stands against a migration. */
export interface MigrationObstacle {
  readonly code: string;
  readonly sentence: string;
}

/** Whether a virtual machine could move. */
export interface MigrationForecast {
  readonly isMigratable: boolean;
  readonly reasons: readonly MigrationObstacle[];
}

/** A migration as a host sees it. */
export interface ListedMigration {
  readonly vm: string;
  readonly what: string;
  readonly direction: 'out' | 'in';
  readonly phase: string;
  readonly peer: string;
  /** As the host writes it. */
  readonly time: string;
}

/** What may be decided by hand where the other host is gone for good. */
export type HandDecision = 'take-back' | 'accept' | 'discard';

/** Asks the host and the destination what stands against a migration; nothing is done. @throws MethodRefusedError */
export async function checkMigration(host: ManagedHost, vm: ManagedVm, to: string): Promise<MigrationForecast> {
  const parameters = { DestinationHost: to, ComputerSystem: vm.path };
  const out = await host.call(serviceClass, 'CheckVirtualSystemIsMigratableToHost', parameters);
  const sentences = textsOf(out['Reasons'] ?? null);
  const reasons = textsOf(out['ReasonCodes'] ?? null).map((code, at) => ({ code, sentence: sentences[at] ?? code }));
  return { isMigratable: out['IsMigratable'] === true, reasons };
}

/** Moves a virtual machine to another host, and waits until it is there. @throws MethodRefusedError */
export async function migrateVm(host: ManagedHost, vm: ManagedVm, to: string): Promise<void> {
  await host.call(serviceClass, 'MigrateVirtualSystemToHost', { DestinationHost: to, ComputerSystem: vm.path });
}

/** Ends a migration that is in doubt while the other host is gone for good. @throws MethodRefusedError */
export async function decideMigration(host: ManagedHost, vmUuid: string, decision: HandDecision): Promise<string> {
  const out = await host.call(serviceClass, 'DecideByHand', { Decision: decision, SystemUUID: vmUuid });
  return outText(out, 'Explanation');
}

/** Migrations under way, and the last of those that are over; the newest first. */
export async function listMigrations({ client, namespace }: ManagedHost): Promise<readonly ListedMigration[]> {
  const out: ListedMigration[] = [];
  for await (const record of client.instances('TVDC_MigrationRecord', { namespace })) {
    const time = record.get('Time');
    out.push({
      vm: record.getString('SystemUUID') ?? '',
      what: (record.getString('ElementName') ?? '').replace(/ (to|from) .*$/, ''),
      direction: record.getNumber('Direction') === 2 ? 'out' : 'in',
      phase: record.getString('Phase') ?? '',
      peer: record.getString('Peer') ?? '',
      time: typeof time === 'object' && time !== null && 'text' in time ? String(time.text) : '',
    });
  }
  return out.sort((a, b) => (a.time < b.time ? 1 : -1));
}
