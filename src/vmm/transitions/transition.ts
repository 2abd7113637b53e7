import type { VirtualMachine, VmState } from '../inventory/index.js';
import type { HostParts } from '../parts.js';
import { requireHere, requireState, requireVm } from './common.js';
import { settlePending } from './settle.js';

/** What a transition asks of the state of its virtual machine. */
export interface Needs {
  readonly states: readonly VmState[];
  /** For the sentence of a refusal. */
  readonly what: string;
}

/**
 * One transition of a virtual machine: nobody else touches the VM meanwhile, and what an earlier one left is settled first.
 * @throws VmmError `not_found`, `wrong_state`, `migrating`
 */
export function holdVm<T>(
  parts: HostParts,
  uuid: string,
  needs: Needs,
  work: (vm: VirtualMachine) => Promise<T>,
): Promise<T> {
  return parts.locks.run(uuid, () => workOn(parts, uuid, needs, work));
}

/** The same for who holds the VM already. */
export async function workOn<T>(
  parts: HostParts,
  uuid: string,
  needs: Needs,
  work: (vm: VirtualMachine) => Promise<T>,
): Promise<T> {
  requireHere(parts, uuid);
  await settlePending(parts, uuid);
  const vm = requireVm(parts, uuid);
  requireState(vm, needs.states, needs.what);
  return work(vm);
}
