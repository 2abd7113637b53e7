import type { RecordWith, VtpmFamily } from '../../vtpm/index.js';
import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { holdVm } from './transition.js';

/** A virtual TPM comes or goes while its VM is off; it, the record of the VM and the journal are one transaction. */
function changeTpm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  wanted: boolean,
  act: (record: RecordWith) => Promise<unknown>,
): Promise<VirtualMachine> {
  const what = wanted ? 'create vTPM' : 'destroy vTPM';
  return holdVm(parts, uuid, { states: ['off'], what }, async (before) => {
    const exists = parts.vtpms.get(uuid) !== undefined;
    if (wanted && exists) throw new VmmError('in_use', ['the virtual TPM', before.name]);
    if (!wanted && !exists) throw new VmmError('not_found', [`vTPM of ${before.name}`]);
    const vm: VirtualMachine = { ...before, tpm: wanted };
    let recordId = '';
    await act((tx) => {
      parts.inventory.changeIn(tx).putVm(vm);
      const entry = { kind: 'vtpm', actor: actor.user, subject: uuid, facts: { change: what } };
      recordId = parts.journal.append(tx, entry).id;
    });
    parts.events.emit({ kind: 'vm-changed', recordId, vm, before, transition: 'modify' });
    return vm;
  });
}

/** Gives a virtual machine that has none a virtual TPM. @throws VmmError `not_found`, `wrong_state`, `in_use` @throws VtpmError */
export function createVmTpm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  family?: VtpmFamily,
): Promise<VirtualMachine> {
  return changeTpm(parts, actor, uuid, true, (record) => parts.vtpms.create(uuid, record, family));
}

/** Destroys the virtual TPM of a virtual machine with all that it keeps. @throws VmmError `not_found`, `wrong_state` @throws VtpmError */
export function destroyVmTpm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return changeTpm(parts, actor, uuid, false, (record) => parts.vtpms.destroy(uuid, record));
}
