import {
  changeDomainState,
  type DomainRequest,
  domainRequests,
  type Domains,
  type TrustedVirtualDomain,
} from './domains/index.js';
import { VmmError } from './errors.js';
import type { Actor } from './events.js';
import type { VirtualMachine, VmState, Volume } from './inventory/index.js';
import { type Job, type JobHandler, type JobRequest, onlySince } from './jobs/index.js';
import { machineJobHandlers } from './machine-jobs.js';
import type { Migrations } from './migration/index.js';
import type { HostParts } from './parts.js';
import { eraseVolume } from './volumes/index.js';

/**
 * A transition as work that may become a job.
 * @param name what is done, for people; the name of the virtual machine follows
 * @param goal where the virtual machine is when it is done
 */
export function transitionJob(actor: Actor, name: string, vm: VirtualMachine, goal: VmState | 'destroyed'): JobRequest {
  const element = { kind: 'vm', id: vm.uuid } as const;
  return {
    kind: 'transition',
    name: `${name} ${vm.name}`,
    user: actor.user,
    owner: element,
    affected: [element],
    // The time tells a reset that was done from one that never began.
    input: { vm: vm.uuid, goal, changedAt: vm.changedAt },
  };
}

/** The erasure of a volume as work that may become a job. */
export function erasureJob(actor: Actor, volume: Volume): JobRequest {
  return {
    kind: 'erase',
    name: `erase ${volume.name}`,
    user: actor.user,
    owner: { kind: 'service', id: 'storage' },
    affected: [{ kind: 'volume', id: volume.uuid }],
    input: { volume: volume.uuid },
    stoppable: true,
  };
}

const membersVerbs: Readonly<Record<DomainRequest, string>> = { running: 'start', off: 'stop', destroyed: 'destroy' };

/** A change of all members of a domain as work that may become a job; it can end between two of them. */
export function membersJob(
  actor: Actor,
  domains: Domains,
  domain: TrustedVirtualDomain,
  wanted: DomainRequest,
): JobRequest {
  const vms = domains.members(domain).vms.map(({ uuid }) => ({ kind: 'vm', id: uuid }) as const);
  return {
    kind: 'members',
    name: `${membersVerbs[wanted]} all machines of ${domain.name}`,
    user: actor.user,
    owner: { kind: 'service', id: 'domains' },
    affected: [{ kind: 'domain', id: domain.uuid }, ...vms],
    input: { domain: domain.uuid, wanted },
    stoppable: true,
  };
}

/** A migration to another host as work that may become a job. */
export function migrationJob(actor: Actor, vm: VirtualMachine, destination: string, migration: string): JobRequest {
  return {
    kind: 'migrate',
    name: `migrate ${vm.name} to ${destination}`,
    user: actor.user,
    owner: { kind: 'service', id: 'migration' },
    affected: [{ kind: 'vm', id: vm.uuid }],
    input: { vm: vm.uuid, migration },
  };
}

/** A text of a job's input; empty where it is not there. */
function inputText(input: Job['input'], name: string): string {
  const value = input[name];
  return typeof value === 'string' ? value : '';
}

/** Recovery has finished or undone the transition: the job says which. */
function judgeTransition(parts: HostParts, { name, input }: Job): void {
  const vm = parts.inventory.vm(inputText(input, 'vm'));
  const state = vm?.state ?? 'destroyed';
  if (state === input['goal'] && vm?.changedAt !== input['changedAt']) return;
  throw new VmmError('interrupted', [name, vm === undefined ? 'it is gone' : `${vm.name} is ${state}`]);
}

/** Work of this host that an end of the process may interrupt, by kind: what takes it up. */
export function jobHandlers(
  parts: HostParts,
  domains: Domains,
  migrations: Migrations,
): Readonly<Record<string, JobHandler>> {
  const carriedOn: Readonly<Record<string, JobHandler>> = {
    ...machineJobHandlers(parts),
    members: (job, control) => {
      const wanted = domainRequests.find((name) => name === job.input['wanted']);
      if (wanted === undefined) throw new VmmError('interrupted', [job.name, 'what was wanted is not known']);
      const domain = inputText(job.input, 'domain');
      return changeDomainState(parts, { user: job.user }, domains, domain, wanted, { control, earlier: job.results });
    },
    // Nobody may count on what was overwritten before: it begins anew.
    erase: (job, control) => eraseVolume(parts, { user: job.user }, inputText(job.input, 'volume'), control),
  };
  return {
    ...onlySince(parts.store, carriedOn),
    // These only look what became of it.
    transition: async (job) => judgeTransition(parts, job),
    migrate: (job, { signal }) => migrations.untilEnded(inputText(job.input, 'migration'), signal),
  };
}
