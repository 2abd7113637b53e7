import type { RecordWith } from '../../vtpm/index.js';
import type { Migration } from '../inventory/index.js';
import type { HostParts } from '../parts.js';

/** What happens to a virtual TPM leaves a record of its own, in the transaction in which it happens. */
export function tpmRecord(parts: HostParts, { id, vm, user }: Migration, change: string): RecordWith {
  const entry = { kind: 'vtpm', actor: user, subject: vm.uuid, facts: { change, migration: id } };
  return (tx) => void parts.journal.append(tx, entry);
}
