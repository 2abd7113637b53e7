import { VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { VirtualMachine } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { beginIntent, endIntent } from './intent.js';
import { settleFailed } from './settle.js';
import { holdVm } from './transition.js';

/** A virtual TPM comes or goes while its VM is off; the record follows what there is, after a crash as well. */
function changeTpm(
  parts: HostParts,
  actor: Actor,
  uuid: string,
  wanted: boolean,
  act: (vm: VirtualMachine) => Promise<unknown>,
): Promise<VirtualMachine> {
  const what = wanted ? 'create vTPM' : 'destroy vTPM';
  return holdVm(parts, uuid, { states: ['off'], what }, async (before) => {
    if (wanted && before.tpm) throw new VmmError('in_use', ['the virtual TPM', before.name]);
    if (!wanted && !before.tpm) throw new VmmError('not_found', [`vTPM of ${before.name}`]);
    const vm: VirtualMachine = { ...before, tpm: wanted };
    let recordId: string;
    try {
      await beginIntent(parts, uuid, 'tpm', actor.user);
      await act(before);
      recordId = await parts.inventory.change((change) => {
        change.putVm(vm);
        endIntent(change.tx, uuid);
        return parts.journal.append(change.tx, {
          kind: 'vtpm',
          actor: actor.user,
          subject: uuid,
          facts: { change: what },
        }).id;
      });
    } catch (error) {
      await settleFailed(parts, uuid);
      throw error;
    }
    parts.events.emit({ kind: 'vm-changed', recordId, vm, before, transition: 'modify' });
    return vm;
  });
}

/** Gives a virtual machine that has none a virtual TPM. @throws VmmError `not_found`, `wrong_state`, `in_use` @throws VtpmError */
export function createVmTpm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return changeTpm(parts, actor, uuid, true, () => parts.vtpms.create(uuid));
}

/** Destroys the virtual TPM of a virtual machine with all that it keeps. @throws VmmError `not_found`, `wrong_state` @throws VtpmError */
export function destroyVmTpm(parts: HostParts, actor: Actor, uuid: string): Promise<VirtualMachine> {
  return changeTpm(parts, actor, uuid, false, () => parts.vtpms.destroy(uuid));
}
