import { VmmError } from './errors.js';
import type { Actor } from './events.js';
import type { VirtualMachine } from './inventory/index.js';
import type { Job, JobHandler, JobRequest } from './jobs/index.js';
import type { HostParts } from './parts.js';
import {
  type AddedDevice,
  addDevices,
  modifyVm,
  removeDevice,
  type VmChange,
  type WantedDevice,
} from './transitions/index.js';

type Input = JobRequest['input'];

function changeJob(actor: Actor, kind: string, what: string, vm: VirtualMachine, input: Input): JobRequest {
  return {
    kind,
    name: `${what} ${vm.name}`,
    user: actor.user,
    owner: { kind: 'service', id: 'machines' },
    affected: [{ kind: 'vm', id: vm.uuid }],
    input: { vm: vm.uuid, ...input },
  };
}

/** What an earlier process wrote as the input of a job. */
function readInput<T>({ input }: Job): T {
  return input as unknown as T;
}

/** The making of a virtual machine as work that may become a job; it tells the job what it made. */
export function definitionJob(actor: Actor, name: string): JobRequest {
  return {
    kind: 'define',
    name: `define ${name}`,
    user: actor.user,
    owner: { kind: 'service', id: 'machines' },
    affected: [],
    input: { name },
  };
}

export function modificationJob(actor: Actor, vm: VirtualMachine, change: VmChange): JobRequest {
  return changeJob(actor, 'modify', 'change', vm, { change: { ...change } as unknown as Input });
}

export function additionJob(actor: Actor, vm: VirtualMachine, wanted: readonly WantedDevice[]): JobRequest {
  const ports = vm.ports.map(({ id }) => id);
  return changeJob(actor, 'add devices', 'add devices to', vm, { wanted: wanted.map((item) => ({ ...item })), ports });
}

/** A device that a virtual machine is to lose. */
export interface Removal {
  readonly vm: string;
  readonly device: AddedDevice;
}

/** @param vms those that the devices belong to */
export function removalJob(actor: Actor, vms: readonly VirtualMachine[], removals: readonly Removal[]): JobRequest {
  return {
    kind: 'remove devices',
    name: `remove devices from ${vms.map(({ name }) => name).join(', ')}`,
    user: actor.user,
    owner: { kind: 'service', id: 'machines' },
    affected: vms.map(({ uuid }) => ({ kind: 'vm', id: uuid })),
    input: { removals: removals.map(({ vm, device }) => ({ vm, device: { ...device } })) },
  };
}

/** Recovery has finished the definition or removed what there was of it. */
function judgeDefinition(parts: HostParts, { name, input, begunAt }: Job): VirtualMachine {
  const vm = parts.inventory.vmByName(typeof input['name'] === 'string' ? input['name'] : '');
  if (vm === undefined || vm.createdAt < begunAt) throw new VmmError('interrupted', [name, 'nothing of it is left']);
  return vm;
}

/** Which devices are not there yet. Of interfaces those count that came after the job began. */
function missingDevices(
  vm: VirtualMachine,
  wanted: readonly WantedDevice[],
  before: readonly string[],
): WantedDevice[] {
  const fresh = vm.ports.filter(({ id }) => !before.includes(id)).map(({ vlanId }) => vlanId);
  return wanted.filter((device) => {
    switch (device.kind) {
      case 'disk':
        return !vm.disks.some(({ volume }) => volume === device.volume);
      case 'tpm':
        return !vm.tpm;
      case 'port': {
        const at = fresh.indexOf(device.vlan);
        if (at >= 0) fresh.splice(at, 1);
        return at < 0;
      }
    }
  });
}

function hasDevice(vm: VirtualMachine, { kind, id }: AddedDevice): boolean {
  if (kind === 'tpm') return vm.tpm;
  return (kind === 'disk' ? vm.disks : vm.ports).some((device) => device.id === id);
}

/** What takes up changes of the management service: each is carried on, for doing it again changes nothing more. */
export function machineJobHandlers(parts: HostParts): Readonly<Record<string, JobHandler>> {
  const vmOf = (uuid: string): VirtualMachine => {
    const vm = parts.inventory.vm(uuid);
    if (vm === undefined) throw new VmmError('not_found', [uuid]);
    return vm;
  };
  return {
    define: async (job, control) => control.affects({ kind: 'vm', id: judgeDefinition(parts, job).uuid }),
    modify: (job) => {
      const { vm, change } = readInput<{ readonly vm: string; readonly change: VmChange }>(job);
      return modifyVm(parts, { user: job.user }, vm, change);
    },
    'add devices': async (job) => {
      const { vm, wanted, ports } = readInput<{
        readonly vm: string;
        readonly wanted: readonly WantedDevice[];
        readonly ports: readonly string[];
      }>(job);
      await addDevices(parts, { user: job.user }, vm, missingDevices(vmOf(vm), wanted, ports));
    },
    'remove devices': async (job) => {
      const { removals } = readInput<{ readonly removals: readonly Removal[] }>(job);
      for (const { vm, device } of removals) {
        if (hasDevice(vmOf(vm), device)) await removeDevice(parts, { user: job.user }, vm, device);
      }
    },
  };
}
