import { messageOf, TvdcError } from '../../base/index.js';
import { RefusedError, VmmError } from '../errors.js';
import type { Actor } from '../events.js';
import type { VirtualMachine, VmState } from '../inventory/index.js';
import { type JobControl, type JobError, jobErrorOf, type JobResult } from '../jobs/index.js';
import type { HostParts } from '../parts.js';
import { destroyVm, restoreVm, startVm, stopVm, unpauseVm } from '../transitions/index.js';
import type { Domains } from './domains.js';

/** What is to become of all virtual machines of a domain. `destroyed` takes only those that are off. */
export const domainRequests = ['running', 'off', 'destroyed'] as const;
export type DomainRequest = (typeof domainRequests)[number];

/** What became of one member. */
export interface MemberResult {
  readonly vm: string;
  readonly name: string;
  /** `unchanged`: it was so already. `refused`: the reference monitor said no. */
  readonly outcome: 'changed' | 'unchanged' | 'refused' | 'failed';
  /** Where it is now. */
  readonly state: VmState | 'destroyed';
  /** Why it was refused or failed; otherwise empty. */
  readonly sentence: string;
  /** The same, in full. */
  readonly error: JobError | null;
}

function bringUp(parts: HostParts, actor: Actor, vm: VirtualMachine): Promise<unknown> {
  switch (vm.state) {
    case 'off':
      return startVm(parts, actor, vm.uuid);
    case 'saved':
      return restoreVm(parts, actor, vm.uuid);
    case 'paused':
    case 'running':
      return unpauseVm(parts, actor, vm.uuid);
  }
}

function act(parts: HostParts, actor: Actor, vm: VirtualMachine, wanted: DomainRequest): Promise<unknown> {
  switch (wanted) {
    case 'running':
      return bringUp(parts, actor, vm);
    case 'off':
      return stopVm(parts, actor, vm.uuid);
    case 'destroyed':
      return destroyVm(parts, actor, vm.uuid);
  }
}

async function change(parts: HostParts, actor: Actor, uuid: string, wanted: DomainRequest): Promise<MemberResult> {
  const vm = parts.inventory.vm(uuid);
  const name = vm?.name ?? uuid;
  const result = (outcome: MemberResult['outcome'], thrown: unknown = null): MemberResult => {
    const state = parts.inventory.vm(uuid)?.state ?? 'destroyed';
    const error = thrown === null ? null : jobErrorOf(thrown);
    return { vm: uuid, name, outcome, state, sentence: error?.sentence ?? '', error };
  };
  if (vm === undefined || vm.state === wanted) return result('unchanged');
  try {
    await act(parts, actor, vm, wanted);
    return result('changed');
  } catch (error) {
    if (error instanceof RefusedError) return result('refused', error);
    // Somebody else was quicker and brought it there.
    if (result('unchanged').state === wanted) return result('unchanged');
    if (!(error instanceof TvdcError)) parts.log.error('member not changed', { vm: uuid, error: messageOf(error) });
    return result('failed', error);
  }
}

/** What came of a member, as a job keeps it. */
function toJobResult({ vm, name, state, sentence, error }: MemberResult): JobResult {
  return { element: { kind: 'vm', id: vm }, name, sentence: sentence === '' ? state : sentence, error };
}

/** The job that members are changed for. */
export interface MembersJob {
  readonly control: JobControl;
  /** Members that an earlier process was done with. */
  readonly earlier: readonly JobResult[];
}

/**
 * Starts, stops or destroys every virtual machine of a Trusted Virtual Domain, one after another in the order of their
 * names. Each is reported; one failure does not stop the others.
 * @param uuid of the domain
 * @throws VmmError `not_found` @throws the signal's reason, between two members
 */
export async function changeDomainState(
  parts: HostParts,
  actor: Actor,
  domains: Domains,
  uuid: string,
  wanted: DomainRequest,
  job?: MembersJob,
): Promise<readonly MemberResult[]> {
  const domain = domains.domain(uuid);
  if (domain === undefined) throw new VmmError('not_found', [uuid]);
  const done = new Set(job?.earlier.map(({ element }) => element.id));
  const members = domains
    .members(domain)
    .vms.filter((vm) => !done.has(vm.uuid))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const results: MemberResult[] = [];
  for (const vm of members) {
    job?.control.signal.throwIfAborted();
    const result = await change(parts, actor, vm.uuid, wanted);
    results.push(result);
    await job?.control.report(toJobResult(result));
    job?.control.progress((done.size + results.length) / (done.size + members.length));
  }
  return results;
}
